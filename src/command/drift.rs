//! `lobuctl drift`: lists what only the server has, and ignores it for some time.

use serde_json::json;

use super::console::Console;
use super::reading::{ConsoleObserver, UsableProject};
use super::signal::Interrupt;
use crate::cli::{Common, DriftArgs, DriftCommand, DriftListArgs, Format, IgnoreArgs, UnignoreArgs};
use crate::config::{LOBUCTL_TOML, SecretsCheck};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::DriftList;
use crate::pull::IgnoreSubject;
use crate::resource::Pattern;
use crate::review::{IgnoreFile, PlanReview, ReviewOptions, find_project, read_project};
use crate::show::drift::drift_lines;
use crate::show::word::plural;

/// Carries out a subcommand.
///
/// # Errors
/// When the server cannot be read, or `lobuctl.toml` cannot be written.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &DriftArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    match &arguments.command {
        None => list(console, common, &DriftListArgs::default(), interrupt).await,
        Some(DriftCommand::List(arguments)) => list(console, common, arguments, interrupt).await,
        Some(DriftCommand::Ignore(arguments)) => ignore(console, common, arguments),
        Some(DriftCommand::Unignore(arguments)) => unignore(console, common, arguments),
    }
}

async fn list(
    console: &Console,
    common: &Common,
    arguments: &DriftListArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let options = ReviewOptions {
        only: arguments.only,
        targets: arguments.target.clone(),
        // No value is compared with a secret.
        secrets_check: SecretsCheck::Off,
        ..ReviewOptions::reading(&console.host, common)
    };
    let read = UsableProject::check(console, read_project(&console.host, &options)?)?;
    let session = read.session(console, &options).await?;
    let observer = ConsoleObserver::begin(console)?;
    let loading = PlanReview::load(read.project, &session, options.clone(), &observer);
    let review = interrupt.or(loading).await?;
    let list = DriftList::of(review.plan(), &review.workspace().project.ignores, options.today);
    let target = &review.plan().target;
    console.object(
        "drift",
        &json!({ "target": target, "open": list.open, "ignored": list.ignored, "entries": list.entries }),
    )?;
    if console.format != Format::Json {
        console.lines(&drift_lines(target, &list))?;
    }
    Ok(Exit::Done)
}

fn ignore(console: &Console, common: &Common, arguments: &IgnoreArgs) -> Result<Exit, Failure> {
    let options = ReviewOptions::reading(&console.host, common);
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage(
            "the reason is empty: who reads it later wants to know why",
        ));
    }
    let until = match arguments.until {
        Some(until) => until,
        None => options.default_ignore_end(),
    };
    if until < options.today {
        return Err(Failure::usage(format!(
            "{until} has passed: today is {}",
            options.today
        )));
    }
    let subjects = subjects(&arguments.addresses, arguments.field.as_deref())?;
    let count = subjects.len();
    let file = IgnoreFile::beside(&find_project(&console.host, &options)?);
    file.ignore(subjects, reason, until)?;
    // What cannot be read again would stop the next plan.
    file.read(&console.host, &options)?;
    console.progress(&format!(
        "{LOBUCTL_TOML}: {} until {until}",
        plural(count, "entry ignores drift", "entries ignore drift")
    ));
    Ok(Exit::Done)
}

fn unignore(console: &Console, common: &Common, arguments: &UnignoreArgs) -> Result<Exit, Failure> {
    let options = ReviewOptions::reading(&console.host, common);
    let subjects = subjects(&arguments.addresses, arguments.field.as_deref())?;
    let removed = IgnoreFile::beside(&find_project(&console.host, &options)?).unignore(&subjects)?;
    if removed == 0 {
        let message = format!("{LOBUCTL_TOML} has no such entry; nothing was written");
        return Err(Failure::failed(message).hint("`lobuctl drift list` shows what is ignored"));
    }
    console.progress(&format!(
        "{LOBUCTL_TOML}: {} removed",
        plural(removed, "entry", "entries")
    ));
    Ok(Exit::Done)
}

/// Returns what the entries are about, each once.
fn subjects(addresses: &[String], field: Option<&str>) -> Result<Vec<IgnoreSubject>, Failure> {
    if field.is_some_and(|field| field.trim().is_empty()) {
        return Err(Failure::usage(
            "the field is empty: without `--field`, an entry is about the whole resource",
        ));
    }
    let subject = |address: &String| -> Result<IgnoreSubject, Failure> {
        let pattern = Pattern::parse(address).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(IgnoreSubject {
            address: pattern.as_str().to_owned(),
            field: field.map(|field| field.trim().to_owned()),
        })
    };
    let mut subjects: Vec<IgnoreSubject> = Vec::new();
    for address in addresses {
        let subject = subject(address)?;
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    Ok(subjects)
}

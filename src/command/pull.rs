//! `lobuctl pull`: show what would come into the files, ask, and write it.

use serde_json::{Value, json};

use super::console::Console;
use super::plain::ask;
use super::reading::{ConsoleObserver, UsableProject};
use super::signal::Interrupt;
use crate::cli::{Common, Format, PullArgs};
use crate::config::SecretsCheck;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::review::{NewProject, PullOptions, PullReview, ReviewOptions, choose_session, read_project};
use crate::show::pull::{difference, pull_lines};
use crate::show::word::plural;

/// Pulls what is approved.
///
/// # Errors
/// What ends it before anything is written, and conflicts.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &PullArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let asks = !arguments.yes && !arguments.dry_run;
    if asks && (console.format != Format::Text || !console.host.can_ask()) {
        return Err(
            Failure::failed("there is no terminal to prompt on; nothing was read or written")
                .hint("`--yes` writes without asking, `--dry-run` only shows what would be written"),
        );
    }
    let review = load(console, common, arguments, interrupt).await?;
    show(console, &review)?;
    let changes = review.changes();
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    let writes = !changes.files.is_empty();
    if writes && asks {
        let question = format!("Write {}? [y/N] ", plural(changes.files.len(), "file", "files"));
        let answer = ask(console, interrupt, &question).await?.unwrap_or_default();
        if !["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            return Err(Failure::new(FailureKind::Declined, "not pulled; nothing was written"));
        }
    }
    review.write()?;
    if writes {
        console.progress(&format!("wrote {}", plural(changes.files.len(), "file", "files")));
    }
    conflicts(&review, writes)
}

async fn load(
    console: &Console,
    common: &Common,
    arguments: &PullArgs,
    interrupt: &Interrupt,
) -> Result<PullReview, Failure> {
    let mut options = PullOptions {
        reading: ReviewOptions {
            only: arguments.only,
            targets: arguments.target.clone(),
            // Values are never compared: a file says the same whatever its secrets are.
            secrets_check: SecretsCheck::Off,
            // The settings of agents that only the server has are pulled too.
            may_delete: true,
            // Nothing is sent, again or at all.
            recheck: false,
            ..ReviewOptions::reading(&console.host, common)
        },
        excludes: arguments.exclude.clone(),
        field: arguments.field.clone(),
    };
    let new_project = match &arguments.init {
        Some(folder) => {
            let session = choose_session(&console.host, &options.reading.flags, None)?;
            let draft = NewProject::draft(console.host.absolute(folder), &session.organization.value)?;
            options.reading.config = Some(draft.file());
            Some(draft)
        }
        None => None,
    };
    let read = UsableProject::check(console, read_project(&console.host, &options.reading)?)?;
    let session = read.session(console, &options.reading)?;
    let observer = ConsoleObserver::begin(console)?;
    let loading = PullReview::load(read.project, &session, &options, &observer);
    let review = interrupt.or(loading).await?;
    Ok(match &new_project {
        Some(project) => review.into_new(project),
        None => review,
    })
}

fn show(console: &Console, review: &PullReview) -> Result<(), Failure> {
    let changes = review.changes();
    if console.format != Format::Json {
        return console.lines(&pull_lines(review.target(), changes));
    }
    let files = changes.files.iter().map(|change| {
        let difference = difference(change);
        let action = if change.before.is_some() { "change" } else { "create" };
        json!({ "path": change.path, "action": action, "added": difference.added, "removed": difference.removed })
    });
    console.object(
        "pull",
        &json!({
            "target": review.target(), "files": files.collect::<Vec<Value>>(), "pulled": changes.pulled,
            "conflicts": changes.conflicts, "new_secrets": changes.new_secrets,
            "only_in_files": changes.only_in_files,
        }),
    )
}

/// Returns how a pull ends that has written everything it could.
fn conflicts(review: &PullReview, wrote: bool) -> Result<Exit, Failure> {
    let count = review.changes().conflicts.len();
    if count == 0 {
        return Ok(Exit::Done);
    }
    let count = plural(count, "conflict", "conflicts");
    Err(if wrote {
        Failure::new(
            FailureKind::Partial,
            format!("{count}: nothing was written for them; everything else was"),
        )
    } else {
        Failure::failed(format!("{count}; nothing was written"))
    })
}

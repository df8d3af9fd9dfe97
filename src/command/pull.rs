//! `lobuctl pull`: choose a face, show what would come into the files, and write what was approved.

use serde_json::{Value, json};

use super::console::Console;
use super::plain_pull::{PullDecision, decide};
use super::pull_end::{declined, ended};
use super::reading::{ConsoleObserver, UsableProject, read_files};
use super::screen;
use super::signal::Interrupt;
use crate::cli::{Common, Format, PullArgs, PullGuard};
use crate::config::{Only, SecretsCheck};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::pull::PullPlan;
use crate::report::markdown;
use crate::review::{DataReading, NewProject, ProjectHint, PullOptions, PullReview, ReviewOptions, choose_session};
use crate::show::pull::{difference, pull_lines, pull_summary};
use crate::show::word::plural;

/// How it is decided whether the files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PullFace {
    /// Not at all: what would be written is only shown.
    ShowOnly,
    /// By `--yes`.
    Unattended,
    /// By a user who answers questions.
    Plain,
    /// By a user at the full screen.
    Screen,
}

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
    let face = face(console, arguments)?;
    if face == PullFace::Screen {
        return screen::run_pull(console, options(console, common, arguments), interrupt).await;
    }
    loop {
        let mut review = load(console, common, arguments, interrupt).await?;
        show(console, &review)?;
        // After it is shown: a refusal cannot be understood without it.
        refuse(arguments, review.changes())?;
        match face {
            PullFace::ShowOnly => return Ok(exit_of(arguments, review.changes())),
            PullFace::Plain if !review.changes().files.is_empty() => {
                match decide(console, interrupt, &mut review).await? {
                    PullDecision::Write => {}
                    PullDecision::Reload => continue,
                    PullDecision::No => return Err(declined()),
                }
            }
            PullFace::Unattended | PullFace::Plain | PullFace::Screen => {}
        }
        review.write()?;
        let files = review.changes().files.len();
        if files > 0 {
            console.progress(&format!("wrote {}", plural(files, "file", "files")));
        }
        return ended(review.changes(), files > 0);
    }
}

/// Chooses the face that the flags, the format and the terminal allow. A new project has
/// nothing to compare, so that it needs no screen. The screen does not ask the guards, so that they have plain questions.
fn face(console: &Console, arguments: &PullArgs) -> Result<PullFace, Failure> {
    match arguments {
        PullArgs { dry_run: true, .. } => Ok(PullFace::ShowOnly),
        PullArgs { yes: true, .. } => Ok(PullFace::Unattended),
        _ if console.format != Format::Text => Err(cannot_ask("this output is for programs, which answer no question")),
        _ if !console.host.can_ask() => Err(cannot_ask("there is no terminal to prompt on")),
        PullArgs {
            plain: false,
            init: None,
            ..
        } if console.host.can_draw() && arguments.fail_on.is_empty() => Ok(PullFace::Screen),
        _ => Ok(PullFace::Plain),
    }
}

fn cannot_ask(why: &str) -> Failure {
    Failure::failed(format!("{why}; nothing was read or written"))
        .hint("`--yes` writes without asking, `--dry-run` only shows what would be written")
}

fn options(console: &Console, common: &Common, arguments: &PullArgs) -> PullOptions {
    PullOptions {
        reading: ReviewOptions {
            only: arguments.only,
            targets: arguments.target.clone(),
            // Values are never compared: a file says the same whatever its secrets are.
            secrets_check: SecretsCheck::Off,
            // The settings of agents that only the server has are pulled too.
            may_delete: true,
            adopts: true,
            data: if arguments.data || arguments.only == Only::Data {
                DataReading::Targeted
            } else {
                DataReading::Nothing
            },
            // Nothing is sent, again or at all.
            recheck: false,
            ..ReviewOptions::reading(&console.host, common)
        },
        excludes: arguments.exclude.clone(),
        field: arguments.field.clone(),
        force: arguments.force,
    }
}

async fn load(
    console: &Console,
    common: &Common,
    arguments: &PullArgs,
    interrupt: &Interrupt,
) -> Result<PullReview, Failure> {
    let mut options = options(console, common, arguments);
    let new_project = match &arguments.init {
        Some(folder) => {
            let session = choose_session(&console.host, &options.reading.flags, ProjectHint::default()).await?;
            let draft = NewProject::draft(console.host.absolute(folder), &session.organization.value)?;
            options.reading.config = Some(draft.file());
            Some(draft)
        }
        None => None,
    };
    let read = UsableProject::check(console, read_files(console, &options.reading, interrupt).await?)?;
    let session = read.session(console, &options.reading).await?;
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
            "only_in_files": changes.only_in_files, "ignored": changes.ignored,
            "without_file": changes.without_file, "rewritten": changes.rewritten,
        }),
    )?;
    match console.format {
        Format::Text if console.quiet => console.text(&format!("Summary: {}\n", pull_summary(changes))),
        Format::Text => console.lines(&pull_lines(review.target(), changes)),
        // Only a plan is a page, and a pull has no findings: both are checked before anything is read.
        Format::Markdown | Format::Html => console.text(&markdown::pull(review.target(), changes)),
        Format::Json | Format::Sarif | Format::Junit => Ok(()),
    }
}

/// Asks the guards.
fn refuse(arguments: &PullArgs, changes: &PullPlan) -> Result<(), Failure> {
    let reasons: Vec<String> = arguments
        .fail_on
        .iter()
        .filter_map(|guard| fails(*guard, changes))
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::refused("refused by a guard; nothing was written");
    failure.causes = reasons;
    Err(failure)
}

/// Returns why a guard refuses, or `None` when it does not.
fn fails(guard: PullGuard, changes: &PullPlan) -> Option<String> {
    let (conflicts, files) = (changes.conflicts.len(), changes.files.len());
    match guard {
        PullGuard::Conflict => (conflicts > 0).then(|| {
            let found = plural(conflicts, "conflict", "conflicts");
            format!("`--fail-on conflict`: {found}")
        }),
        PullGuard::Changes(limit) => (files > limit).then(|| {
            let found = plural(files, "file", "files");
            format!("`--fail-on changes:{limit}`: {found}")
        }),
    }
}

/// Returns the exit code of a pull that is only shown.
fn exit_of(arguments: &PullArgs, changes: &PullPlan) -> Exit {
    if arguments.detailed_exitcode && !changes.files.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    }
}

//! `lobuctl runs`: lists the runs that left a journal on this machine, and shows them.

use serde_json::{Value, json};

use super::console::Console;
use super::screen::run_recorded;
use crate::cli::{Format, RunsArgs, RunsCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::journal::{JournalFolder, RecordedRun, RunDifference};
use crate::report::{html, markdown};
use crate::show::change::Detail;
use crate::show::recorded_run::{NO_RUNS, difference_lines, run_line, run_reason, run_show_lines};
use crate::tui::RecordedFacts;

/// Carries out a subcommand.
///
/// # Errors
/// When there is no such run, or its journal cannot be read.
pub(super) async fn run(console: &Console, arguments: &RunsArgs) -> Result<Exit, Failure> {
    match &arguments.command {
        None | Some(RunsCommand::List) => list(console),
        Some(RunsCommand::Show { run, full, plain }) => {
            let run = find(&console.host, run)?;
            if console.format == Format::Text && console.host.can_draw() && !plain {
                return show(console, &run).await;
            }
            print(console, &run, *full)
        }
        Some(RunsCommand::Diff { left, right }) => {
            diff(console, &find(&console.host, left)?, &find(&console.host, right)?)
        }
    }
}

fn list(console: &Console) -> Result<Exit, Failure> {
    let runs: Vec<RecordedRun> = folder(&console.host)?.runs().collect();
    for run in &runs {
        console.object("run", &summary(run))?;
    }
    if console.format == Format::Json {
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        console.progress(NO_RUNS);
    }
    console.lines(&runs.iter().map(run_line).collect::<Vec<_>>())?;
    Ok(Exit::Done)
}

/// Shows a run on the screen.
async fn show(console: &Console, run: &RecordedRun) -> Result<Exit, Failure> {
    let (plan, events) = run.replay();
    let reason = run_reason(&run.head.id);
    run_recorded(
        console,
        format!("run {}", run.head.id),
        plan,
        RecordedFacts { reason, events },
    )
    .await
}

/// Prints a run, wherever its journal was.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn print(console: &Console, run: &RecordedRun, full: bool) -> Result<Exit, Failure> {
    let mut value = summary(run);
    value["plan"] = json!(run.plan());
    value["rows"] = json!(run.settled.values().collect::<Vec<_>>());
    value["unknown"] = json!(run.unknown().map(|write| &write.address).collect::<Vec<_>>());
    console.object("run", &value)?;
    match console.format {
        Format::Json => {}
        Format::Markdown => console.text(&markdown::run(&run.plan(), &run_line(run)))?,
        Format::Html => console.text(&html::plan(&run.plan()))?,
        Format::Text | Format::Sarif | Format::Junit => {
            let detail = if full { Detail::FULL } else { Detail::PLAN };
            console.lines(&run_show_lines(run, detail))?;
        }
    }
    Ok(Exit::Done)
}

fn diff(console: &Console, left: &RecordedRun, right: &RecordedRun) -> Result<Exit, Failure> {
    let difference = RunDifference::between(left, right);
    console.object("run-difference", &difference)?;
    if console.format != Format::Json {
        console.lines(&difference_lines(left, right, &difference))?;
    }
    Ok(Exit::Done)
}

fn summary(run: &RecordedRun) -> Value {
    json!({ "head": run.head, "ended": run.ended, "writes": run.writes.len(), "unknown": run.unknown().count() })
}

/// Returns the folder of journals.
///
/// # Errors
/// When there is no home folder.
pub(super) fn folder(host: &Host) -> Result<JournalFolder, Failure> {
    let state_dir = host.state_dir().ok_or_else(|| {
        Failure::failed("there is no folder for the journals of runs").hint("set `XDG_STATE_HOME` or `HOME`")
    })?;
    Ok(JournalFolder::below(&state_dir))
}

/// Returns the run that a text names: an id, the beginning of one, or `last`.
///
/// # Errors
/// When it names no run, or several.
pub(super) fn find(host: &Host, text: &str) -> Result<RecordedRun, Failure> {
    let folder = folder(host)?;
    let ids = folder.ids();
    let mut named = ids.iter().filter(|id| text == "last" || id.as_str().starts_with(text));
    let hint = "`lobuctl runs` lists every run on this machine";
    let Some(id) = named.next() else {
        return Err(Failure::failed(format!("no run on this machine is `{text}`")).hint(hint));
    };
    if text != "last" && named.next().is_some() {
        return Err(Failure::failed(format!("several runs begin with `{text}`")).hint(hint));
    }
    let read = folder.read(id);
    read.map_err(|error| Failure::failed("the journal of the run cannot be read").because(&error))
}

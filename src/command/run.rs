//! Carries out a plan on the terminal or in CI: prints events as they come, then the summary, and chooses the exit code.

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::console::Console;
use super::log::RequestLog;
use super::origin::origin;
use super::signal::Interrupt;
use crate::apply::event::{Event, EventKind};
use crate::apply::{Progress, Verdict};
use crate::cli::Format;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::journal::RunId;
use crate::report::run::RunReport;
use crate::review::{BegunRun, PreparedRun};
use crate::show::event::Verbosity;
use crate::show::outcome::run_lines;
use crate::show::recorded_run::run_id_text;

/// Carries out an approved plan.
///
/// # Errors
/// When the log file cannot be opened.
pub(super) async fn carry_out(
    console: &Console,
    approved: PreparedRun,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let (sender, receiver) = unbounded_channel();
    // Opened before the first write: a run that cannot be logged as asked does not begin.
    let log = console.request_log()?;
    let begun = begin(console, approved).await?;
    let id = begun.id().cloned();
    let work = begun.carry_out(interrupt.cancel.clone(), sender);
    fence(console, "\n```text\n");
    let ((), progress) = tokio::join!(work, report(console, log, receiver));
    if let Err(failure) = summarize(console, &progress, id.as_ref()) {
        // What was written decides the exit code, not whether the summary could be printed.
        console.failure(&failure);
    }
    fence(console, "```\n");
    Ok(exit_of(&progress, interrupt))
}

/// Begins the journal of a run, or says that there is none.
///
/// # Errors
/// When the journal cannot be written.
pub(super) async fn begin(console: &Console, approved: PreparedRun) -> Result<BegunRun, Failure> {
    let origin = origin(&console.host, approved.folder()).await;
    let begun = approved.begin(origin)?;
    // Without a folder for local state, as in the demo, nobody expects a journal.
    if begun.id().is_none() && console.host.state_dir().is_some() {
        console
            .warning("this run keeps no journal: it cannot be taken back, and no later run settles what stays unknown");
    }
    Ok(begun)
}

/// In Markdown the lines of a run are in a fence. A closed standard output must not stop the run.
fn fence(console: &Console, text: &str) {
    if console.format == Format::Markdown {
        let _ = console.text(text);
    }
}

/// Reports every event, and folds them.
async fn report(console: &Console, log: Option<RequestLog>, mut events: UnboundedReceiver<Event>) -> Progress {
    let mut progress = Progress::default();
    let (mut out, mut err) = (console.host.stdout.clone(), console.host.stderr.clone());
    let mut report = RunReport {
        out: &mut out,
        err: &mut err,
        color_out: console.color_out,
        color_err: console.color_err,
        verbosity: match console.verbose {
            _ if console.quiet => Verbosity::Quiet,
            0 => Verbosity::Normal,
            _ => Verbosity::Verbose,
        },
    };
    let step = console.status.begin("applying");
    while let Some(event) = events.recv().await {
        progress.fold(&event);
        // A tally looks at every row, and most events end none.
        if matches!(
            event.kind,
            EventKind::RunStarted { .. } | EventKind::StepFinished { .. }
        ) {
            let tally = progress.tally();
            step.set(tally.ended(), tally.total);
        } else {
            step.hear();
        }
        console.status.erase();
        if let Some(log) = &log {
            log.event(&event);
        }
        console.event(&event);
        if console.format != Format::Json {
            // A closed standard output must not stop a run that has begun to write.
            let _ = report.text(&event);
        }
    }
    progress
}

/// Prints the summary of a run to standard output, and its id to standard error.
///
/// # Errors
/// When standard output is closed.
pub(super) fn summarize(console: &Console, progress: &Progress, id: Option<&RunId>) -> Result<(), Failure> {
    console.object("summary", &summary_value(progress, id))?;
    if console.format == Format::Json {
        return Ok(());
    }
    console.lines(&run_lines(progress))?;
    if let Some(id) = id {
        console.progress(&run_id_text(progress, id));
    }
    Ok(())
}

/// Returns the summary of a run in JSON.
pub(super) fn summary_value(progress: &Progress, id: Option<&RunId>) -> Value {
    let mut summary = json!({
        "tally": progress.tally(), "requests": progress.requests, "retries": progress.retries,
        "took_ms": progress.elapsed_ms, "verdict": verdict_word(progress.verdict()),
    });
    if let Some(id) = id {
        summary["run"] = json!(id);
    }
    summary
}

/// Returns the word of a verdict in JSON. Programs depend on these words, so that renaming a variant does not change its word.
fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::NothingWritten => "nothing-written",
        Verdict::Partial => "partly",
        Verdict::Stale => "stale",
    }
}

/// Returns the exit code after a run.
pub(super) fn exit_of(progress: &Progress, interrupt: &Interrupt) -> Exit {
    match progress.verdict() {
        // A signal that came after the last write has stopped nothing.
        Verdict::Done => Exit::Done,
        _ if interrupt.cancel.is_stopping() => interrupt.exit(),
        Verdict::Partial => Exit::Partial,
        Verdict::Stale => Exit::Stale,
        Verdict::NothingWritten => Exit::Failed,
    }
}

/// Returns the failure of a declined plan, the same on every face.
pub(super) fn declined() -> Failure {
    Failure::new(FailureKind::Declined, "not applied; nothing was written")
}

//! Carrying out a plan on the terminal or in CI: events as they come, then the summary, then the exit code.

use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::console::Console;
use super::log::RequestLog;
use super::signal::Interrupt;
use super::workspace::Connection;
use crate::apply::event::Event;
use crate::apply::{self, ApplyOptions, Progress, Verdict};
use crate::cli::{ApplyArgs, Format, OnStale};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{Draft, Selection, schedule};
use crate::report::run::RunReport;
use crate::show::event::Verbosity;
use crate::show::outcome::run_lines;

/// What is to be carried out.
pub struct Run<'a> {
    /// The plan and its writes.
    pub draft: &'a Draft,
    /// Which of them.
    pub selection: &'a Selection,
    /// Where.
    pub connection: &'a Connection,
    /// How.
    pub arguments: &'a ApplyArgs,
}

/// How the command line wants rows to be carried out.
pub fn options(arguments: &ApplyArgs) -> ApplyOptions {
    ApplyOptions {
        parallelism: usize::from(arguments.plan.parallelism),
        keep_going: arguments.keep_going,
        on_stale: match arguments.on_stale {
            OnStale::Stop => apply::OnStale::Stop,
            OnStale::Overwrite => apply::OnStale::Overwrite,
        },
    }
}

/// Carries it out.
///
/// # Errors
/// When the log file cannot be opened.
pub async fn run(console: &Console, run: &Run<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let (sender, receiver) = unbounded_channel();
    let work = apply::apply(
        schedule(run.draft, run.selection),
        run.connection.target.clone(),
        &run.connection.client,
        options(run.arguments),
        interrupt.cancel.clone(),
        sender,
    );
    let log = console.request_log()?;
    fence(console, "\n```text\n");
    let ((), progress) = tokio::join!(work, tell(console, log, receiver));
    if let Err(failure) = summarize(console, &progress) {
        // What was written decides the exit code, not who still listens.
        console.failure(&failure);
    }
    fence(console, "```\n");
    Ok(exit_of(&progress, interrupt))
}

/// In Markdown the lines of a run stand as they are. Whether anybody reads them must not stop the run.
fn fence(console: &Console, text: &str) {
    if console.format == Format::Markdown {
        let _ = console.text(text);
    }
}

/// Tells every event, and folds them. A closed standard output does not stop the run.
async fn tell(console: &Console, log: Option<RequestLog>, mut events: UnboundedReceiver<Event>) -> Progress {
    let mut progress = Progress::default();
    let (mut out, mut err) = (console.host.stdout.clone(), console.host.stderr.clone());
    let mut report = RunReport {
        out: &mut out,
        err: &mut err,
        colour_out: console.colour_out,
        colour_err: console.colour_err,
        verbosity: match console.verbose {
            _ if console.quiet => Verbosity::Quiet,
            0 => Verbosity::Normal,
            _ => Verbosity::Verbose,
        },
    };
    while let Some(event) = events.recv().await {
        progress.fold(&event);
        if let Some(log) = &log {
            log.event(&event);
        }
        let _ = match console.format {
            Format::Json => report.json(&event, console.host.now()),
            Format::Text | Format::Markdown => report.text(&event),
        };
    }
    progress
}

/// What a run came to, on standard output.
///
/// # Errors
/// When standard output is closed.
pub fn summarize(console: &Console, progress: &Progress) -> Result<(), Failure> {
    if console.format == Format::Json {
        return console.object(
            "summary",
            &json!({
                "tally": progress.tally(), "requests": progress.requests, "retries": progress.retries,
                "took_ms": progress.elapsed_ms, "verdict": verdict_word(progress.verdict()),
            }),
        );
    }
    console.lines(&run_lines(progress))
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::NothingWritten => "nothing-written",
        Verdict::Partly => "partly",
        Verdict::Stale => "stale",
    }
}

/// How the program ends after a run.
pub fn exit_of(progress: &Progress, interrupt: &Interrupt) -> Exit {
    match progress.verdict() {
        Verdict::Done => Exit::Done,
        _ if interrupt.cancel.is_stopping() => interrupt.exit(),
        Verdict::Partly => Exit::Partly,
        Verdict::Stale => Exit::Stale,
        Verdict::NothingWritten => Exit::Failed,
    }
}

//! The full-screen review: a thin caller of the review behind the screen's `Workbench`, and what is printed after the
//! screen has closed.

mod adopting;
mod bench;
mod ending;
mod export;
mod following;
mod loading;
mod pushing;
mod recorded;
mod state;

use std::sync::Arc;
use std::time::Duration;

use super::console::Console;
use super::preferences;
use super::redacted::RedactedBench;
use super::run::{exit_of, summarize};
use super::signal::Interrupt;
use crate::config::Preferences;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::host::{Environment, Host};
use crate::plan::Plan;
use crate::review::{PullOptions, ReviewOptions};
use crate::tui::{
    Background, ColorDepth, ExitReason, GlyphSet, LookOptions, NoticeForm, RecordedFacts, TuiExit, TuiOptions,
    run as run_screen,
};
use bench::Bench;
use ending::stopped;
use recorded::RecordedBench;

/// How often the server is read when the command line does not say it.
const SERVER_EVERY: Duration = Duration::from_secs(30);

/// Shows the review, and prints its result on the normal screen afterwards.
///
/// # Errors
/// What ends the review without a run: a refusing guard, a failed load, a decision against the plan.
pub(super) async fn run(console: &Console, options: ReviewOptions, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let bench = Bench::new(console.for_screen(), options, SERVER_EVERY);
    show(console, bench, interrupt, false).await
}

/// Shows the review, and follows files and server from the start; the server is read that often.
///
/// # Errors
/// As [`run`].
pub(super) async fn run_watching(
    console: &Console,
    options: ReviewOptions,
    every: Duration,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let bench = Bench::new(console.for_screen(), options, every);
    show(console, bench, interrupt, true).await
}

/// Shows the review of a pull.
///
/// # Errors
/// What ends the review without anything written, and conflicts.
pub(super) async fn run_pull(console: &Console, options: PullOptions, interrupt: &Interrupt) -> Result<Exit, Failure> {
    show(console, Bench::pulling(console.for_screen(), options), interrupt, false).await
}

/// Shows a plan that was read from a record, and how it was applied. Nothing can be done with it. `name` is the record's.
///
/// # Errors
/// When the screen cannot be shown.
pub(super) async fn run_recorded(
    console: &Console,
    name: String,
    plan: Plan,
    recorded: RecordedFacts,
) -> Result<Exit, Failure> {
    let bench = RecordedBench::new(name, plan, recorded, console.host.today());
    let bench = RedactedBench::new(Arc::new(bench), console.host.redactor.clone());
    let options = screen_options(&console.host, &preferences::read(console)?);
    let exit = run_screen(Arc::new(bench), options).await;
    if let Some(screen_failure) = &exit.screen_failure {
        return Err(Failure::failed(format!("the screen had to close: {screen_failure}")).hint(PLAIN));
    }
    Ok(match exit.ending {
        ExitReason::Left | ExitReason::Applied | ExitReason::LoadFailed => Exit::Done,
        ExitReason::Interrupted => Exit::Interrupted,
        ExitReason::Terminated => Exit::Terminated,
    })
}

const PLAIN: &str = "`--plain` prints it";

async fn show(console: &Console, bench: Bench, interrupt: &Interrupt, watch: bool) -> Result<Exit, Failure> {
    let bench = Arc::new(bench);
    let shown = RedactedBench::new(bench.clone(), console.host.redactor.clone());
    let preferences = preferences::read(console)?;
    let options = TuiOptions {
        watch,
        ..screen_options(&console.host, &preferences)
    };
    let exit = run_screen(Arc::new(shown), options).await;
    if let Some(seen) = &exit.seen {
        bench.remember(seen);
    }
    if let Some(run_failure) = &exit.run_failure {
        console.failure(&Failure::failed(format!("the run failed: {run_failure}")));
    }
    if let Some(screen_failure) = &exit.screen_failure {
        console.failure(&Failure::failed(format!("the screen had to close: {screen_failure}")));
    }
    finish(console, &bench, &exit, interrupt)
}

/// Returns what the environment says about the terminal, and the user's preferences.
fn screen_options(host: &Host, preferences: &Preferences) -> TuiOptions {
    let environment = &host.environment;
    let term = environment.get("TERM").unwrap_or_default();
    let depth = match environment.get("COLORTERM") {
        _ if environment.get("NO_COLOR").is_some() => ColorDepth::None,
        Some("truecolor" | "24bit") => ColorDepth::True,
        _ if term.contains("256color") => ColorDepth::Many,
        _ => ColorDepth::Sixteen,
    };
    // `COLORFGBG` is `foreground;background`, both of the 16 colors. Some terminals put a third part between them.
    let background = environment
        .get("COLORFGBG")
        .and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
    let look = preferences::look(preferences);
    TuiOptions {
        glyphs: if host.shows_unicode() {
            GlyphSet::Unicode
        } else {
            GlyphSet::Ascii
        },
        depth,
        background: match background {
            // White and bright white.
            Some(7 | 15) => Background::Light,
            Some(0..=6 | 8) => Background::Dark,
            _ => Background::Unknown,
        },
        editor: environment
            .get("VISUAL")
            .or_else(|| environment.get("EDITOR"))
            .map(str::to_owned),
        folder: host.current_dir.clone(),
        watch: false,
        keys: preferences::chosen_keys(&preferences.keys),
        mouse: preferences.mouse.unwrap_or(true) && !environment.switch("LOBUCTL_NO_MOUSE"),
        look: LookOptions {
            // The console of Linux and old terminals would draw the sequences.
            announces: look.announces && !["linux", "vt"].iter().any(|it| term.starts_with(it)),
            ..look
        },
        notice_form: notice_form(environment),
    }
}

/// Returns how the terminal shows a notice. One that knows neither sequence may draw it, so only known ones get it.
fn notice_form(environment: &Environment) -> NoticeForm {
    let program = environment.get("TERM_PROGRAM").unwrap_or_default();
    let term = environment.get("TERM").unwrap_or_default();
    if ["iTerm.app", "WezTerm", "ghostty"].contains(&program) || term == "xterm-kitty" {
        NoticeForm::Osc9
    } else if term.starts_with("foot") || term.starts_with("rxvt") {
        NoticeForm::Osc777
    } else {
        NoticeForm::Bell
    }
}

fn finish(console: &Console, bench: &Bench, exit: &TuiExit, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let ids = bench.runs();
    for (index, progress) in exit.runs.iter().enumerate() {
        summarize(console, progress, ids.get(index).and_then(Option::as_ref))?;
    }
    let of_run = exit.progress().map(|progress| exit_of(progress, interrupt));
    // An earlier run of the same review may have written what a later one could not finish.
    let of_run = of_run.map(|code| {
        if code == Exit::Failed && exit.wrote() {
            Exit::Partial
        } else {
            code
        }
    });
    // A run that ended completely decides the code, even if a signal closed the screen afterwards.
    match exit.ending {
        _ if exit.screen_failure.is_some() || exit.run_failure.is_some() => {
            Ok(of_run.filter(|code| *code != Exit::Done).unwrap_or(Exit::Failed))
        }
        ExitReason::Left | ExitReason::Applied | ExitReason::LoadFailed => of_run.map_or_else(|| bench.left(), Ok),
        ExitReason::Interrupted => {
            let code = stopped(console, bench.written(), exit, FailureKind::Interrupted)?;
            Ok(of_run.filter(|code| *code == Exit::Done).unwrap_or(code))
        }
        ExitReason::Terminated => {
            let code = stopped(console, bench.written(), exit, FailureKind::Terminated)?;
            Ok(of_run.filter(|code| *code == Exit::Done).unwrap_or(code))
        }
    }
}

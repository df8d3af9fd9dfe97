//! How the command ends when the screen was left without a run: what was written, and what is not known.

use super::state::BenchState;
use crate::command::console::Console;
use crate::command::pull_end;
use crate::command::run::declined;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::tui::{Awaited, AwaitedEnd, TuiExit};

/// Returns how the command ends when nothing was applied: as the plain questions would end. `pulls` says that a pull is
/// reviewed.
///
/// # Errors
/// A failed load, files that could not be written, a refusing guard, a decision against the plan.
pub(super) fn left(state: &mut BenchState, pulls: bool) -> Result<Exit, Failure> {
    if let Some(failure) = state.failure.take() {
        return Err(with_written(failure, state.written()));
    }
    if let Some(failure) = state.unwritten.take() {
        return Err(failure);
    }
    if pulls {
        return match &state.adoption {
            Some(pull) if !state.wrote && !pull.changes().files.is_empty() => Err(pull_end::declined()),
            Some(pull) => pull_end::ended(pull.changes(), state.wrote),
            None => Err(pull_end::declined()),
        };
    }
    let Some(review) = &state.review else {
        return Err(declined());
    };
    let written = state.written();
    review.check().map_err(|refused| with_written(refused, written))?;
    if review.writes() {
        return Err(written.map_or_else(declined, not_applied));
    }
    Ok(Exit::Done)
}

/// Returns a failure whose sentence is about the plan alone, with what was written beside it.
fn with_written(failure: Failure, written: Option<&str>) -> Failure {
    let Some(written) = written else { return failure };
    let message = failure.message.strip_suffix("; nothing was written");
    let message = message.unwrap_or(&failure.message);
    Failure {
        message: format!("{message}; {written}"),
        ..failure
    }
}

fn not_applied(written: &str) -> Failure {
    Failure::new(FailureKind::Declined, format!("not applied; {written}"))
}

/// Prints where things stand when Ctrl-C or a signal has closed the screen. `written` is what was written beside any run.
/// Returns the exit code.
///
/// # Errors
/// When standard output is closed.
pub(super) fn stopped(
    console: &Console,
    written: Option<&str>,
    exit: &TuiExit,
    kind: FailureKind,
) -> Result<Exit, Failure> {
    let unknown = match &exit.awaited {
        Some(AwaitedEnd::Answered(Ok(text))) => {
            console.text(&format!("{text}\n"))?;
            None
        }
        Some(AwaitedEnd::Answered(Err(message))) => {
            console.failure(&Failure::new(kind, message));
            None
        }
        Some(AwaitedEnd::Unknown(awaited)) => Some(unknown(*awaited, kind)),
        None => None,
    };
    let written = written.filter(|_| exit.runs.is_empty());
    let written = written.map(|written| Failure::new(kind, format!("interrupted; {written}")));
    if let Some(failure) = unknown.or(written) {
        console.failure(&failure);
    }
    Ok(kind.exit())
}

/// Returns that the screen has not waited for an answer.
fn unknown(awaited: Awaited, kind: FailureKind) -> Failure {
    let (what, hint) = match awaited {
        Awaited::Secrets => (
            "the secrets were stored",
            "`lobuctl secrets diff` compares them; a push can be repeated",
        ),
        Awaited::Files => ("all of the files were written", "`git diff` shows what was"),
    };
    Failure::new(kind, format!("interrupted; it is not known whether {what}")).hint(hint)
}

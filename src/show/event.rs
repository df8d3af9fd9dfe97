//! An event of a run as one line, the same in the text of a run and in the screen's log.

use super::line::{Line, Role};
use super::outcome::outcome_line;
use super::progress::{STOPPING, silence_text};
use super::word::duration;
use crate::apply::event::EventKind;

/// The title over the events of a run.
pub const TITLE: &str = "log";

/// The verbosity from which on an event is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Shown with `--quiet` too: outcomes, and that a run is stopping.
    Quiet,
    /// Shown by default: retries and notes.
    Normal,
    /// Shown with `-v`: every request.
    Verbose,
}

/// Returns the line of an event and the verbosity from which on it is shown, or `None` for events that only programs
/// need.
pub fn event_line(kind: &EventKind) -> Option<(Verbosity, Line)> {
    match kind {
        EventKind::StepFinished {
            address,
            outcome,
            took_ms,
        } => Some((Verbosity::Quiet, outcome_line(address, outcome, *took_ms))),
        EventKind::Cancelling => Some((Verbosity::Quiet, Line::at(0).push(Role::Warning, STOPPING))),
        EventKind::Retrying {
            address,
            next_attempt,
            max_attempts,
            reason,
            delay_ms,
        } => {
            let text = format!(
                ": attempt {next_attempt} of {max_attempts} in {}: {reason}",
                duration(*delay_ms)
            );
            let line = Line::at(0).push(Role::Warning, "retrying ");
            Some((Verbosity::Normal, line.push(Role::Id, address.to_string()).plain(text)))
        }
        EventKind::Note { address, message } => {
            let line = Line::at(0)
                .push(Role::Dim, "note: ")
                .push(Role::Id, address.to_string());
            Some((Verbosity::Normal, line.plain(format!(": {message}"))))
        }
        EventKind::Waiting {
            method,
            path,
            silent_ms,
            ..
        } => {
            let text = silence_text(*silent_ms).map(|silence| format!(": {silence}"));
            let line = Line::at(0).plain(format!("{method} {path}"));
            Some((Verbosity::Verbose, line.push(Role::Dim, text.unwrap_or_default())))
        }
        EventKind::Request { .. } => request_line(kind).map(|line| (Verbosity::Verbose, line)),
        EventKind::RunStarted { .. } | EventKind::StepStarted { .. } | EventKind::RunFinished | EventKind::Unknown => {
            None
        }
    }
}

/// Returns `PUT /api/dev/agents/triage 200 12 ms`, or `None` for an event of another kind.
fn request_line(kind: &EventKind) -> Option<Line> {
    let EventKind::Request {
        method,
        path,
        status,
        took_ms,
        attempt,
        ..
    } = kind
    else {
        return None;
    };
    let (role, status) = match status {
        Some(status) if *status < 400 => (Role::Success, status.to_string()),
        Some(status) => (Role::Error, status.to_string()),
        None => (Role::Error, "no answer".to_owned()),
    };
    let line = Line::at(0)
        .plain(format!("{method} {path} "))
        .push(role, status)
        .push(Role::Dim, format!(" {}", duration(*took_ms)));
    // Nearly every request succeeds at once: the number is shown only where it is news.
    Some(if *attempt > 1 {
        line.push(Role::Dim, format!(" (attempt {attempt})"))
    } else {
        line
    })
}

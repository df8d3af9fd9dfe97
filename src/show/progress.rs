//! The rows of a run while it goes on, and the run when it ends, as text.

use super::line::{Line, Role};
use super::outcome::{outcome_lines, outcome_summary, run_title};
use super::word::{duration, plural, running_time};
use crate::apply::{Progress, READ_TIMEOUT, RowProgress, Status};

/// The message of a run that was asked to stop and has requests in flight.
pub const STOPPING: &str = "stopping: no new request starts, those in flight finish; Ctrl-C again to leave at once";

/// The time in milliseconds after which a request is slow enough to say when it gives up.
const SLOW_MS: u64 = 2_000;

/// Returns when a request without an answer ends: `gives up after 45 s`.
fn limit_text() -> String {
    format!("gives up after {} s", READ_TIMEOUT.as_secs())
}

/// Returns for how long a server has been silent, or `None` when that is not long enough to mention.
pub fn silence_text(silent_ms: u64) -> Option<String> {
    let seconds = silent_ms / 1_000;
    (silent_ms >= SLOW_MS).then(|| format!("no answer for {seconds} s, {}", limit_text()))
}

/// Returns the state of a row in full: what it is doing and for how long, or how it ended and what to do next.
///
/// `elapsed_ms` is the time since the run started, in milliseconds.
pub fn status_lines(row: &RowProgress, elapsed_ms: u64) -> Vec<Line> {
    let line = |role, text: String| vec![Line::at(0).push(role, text)];
    let mut lines = match &row.status {
        Status::Queued => line(Role::Dim, "waiting".to_owned()),
        Status::Running { since_ms } => {
            // The caller's clock may be a little behind that of the events.
            let elapsed = elapsed_ms.saturating_sub(*since_ms);
            let limit = if elapsed < SLOW_MS {
                String::new()
            } else {
                format!("; a request {}", limit_text())
            };
            line(Role::Running, format!("running for {}{limit}", running_time(elapsed)))
        }
        Status::Retrying {
            next_attempt,
            max_attempts,
            reason,
            ..
        } => line(
            Role::Warning,
            format!("attempt {next_attempt} of {max_attempts} follows: {reason}"),
        ),
        Status::Finished { outcome, .. } => outcome_lines(outcome),
    };
    lines.extend(row.notes.iter().map(|note| Line::at(2).push(Role::Warning, note)));
    lines
}

/// Returns the state of a row in a few words, for a narrow column; empty for a row that is waiting.
pub fn status_summary(status: &Status, elapsed_ms: u64) -> (Role, String) {
    match status {
        Status::Queued => (Role::Dim, String::new()),
        Status::Running { since_ms } => {
            let elapsed = elapsed_ms.saturating_sub(*since_ms);
            (Role::Running, running_time(elapsed))
        }
        Status::Retrying {
            next_attempt,
            max_attempts,
            reason,
            ..
        } => (Role::Warning, format!("{next_attempt}/{max_attempts} {reason}")),
        Status::Finished { outcome, took_ms } => {
            let text = outcome_summary(outcome);
            if outcome.succeeded() {
                (Role::Dim, format!("{text} {}", duration(*took_ms)))
            } else {
                (Role::Error, text)
            }
        }
    }
}

/// Returns what came of a run that has ended. `failure` is the reason why it could not begin or broke off.
pub fn run_message(progress: &Progress, failure: Option<&str>) -> (Role, String) {
    match failure {
        // The first event of a run names its rows, so that a run without rows has written nothing.
        Some(reason) if progress.rows.is_empty() => (Role::Error, format!("nothing was applied: {reason}")),
        Some(reason) => (Role::Error, format!("the run failed: {reason}")),
        None => {
            let (role, title) = run_title(progress);
            let rows = not_applied(progress);
            let text = if rows == 0 {
                title.to_lowercase()
            } else {
                format!("{} not applied", plural(rows, "row", "rows"))
            };
            (role, text)
        }
    }
}

/// Returns the number of rows that are not known to be applied.
fn not_applied(progress: &Progress) -> usize {
    let applied = |row: &&RowProgress| matches!(&row.status, Status::Finished { outcome, .. } if outcome.succeeded());
    progress.rows.len() - progress.rows.values().filter(applied).count()
}

/// Returns how many rows have a request in flight: `1 row is in flight`.
pub fn in_flight_text(running: usize) -> String {
    format!("{} in flight", plural(running, "row is", "rows are"))
}

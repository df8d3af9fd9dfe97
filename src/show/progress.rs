//! The rows of a run while it goes on, and the run when it ends, as text.

use super::line::{Line, Role};
use super::outcome::{outcome_lines, outcome_summary, run_title};
use super::row::row_name;
use super::word::{duration, more_text, plural, running_time};
use crate::apply::{Progress, READ_TIMEOUT, RowProgress, Status};
use crate::resource::Address;

/// The message of a run that was asked to stop and has requests in flight.
pub const STOPPING: &str = "stopping: no new request starts, those in flight finish; Ctrl-C again to leave at once";

/// The time in milliseconds after which a request is slow enough to say when it gives up.
const SLOW_MS: u64 = 2_000;

/// The maximum number of rows that are named as what another one waits for.
const NAMED: usize = 3;

/// The number of rows that have to have ended before anything is said about the pace of a run.
const PACED: usize = 5;

/// Returns when a request without an answer ends: `gives up after 45 s`.
fn limit_text() -> String {
    format!("gives up after {} s", READ_TIMEOUT.as_secs())
}

/// Returns for how long a server has been silent, or `None` when that is not long enough to mention.
pub fn silence_text(silent_ms: u64) -> Option<String> {
    let seconds = silent_ms / 1_000;
    (silent_ms >= SLOW_MS).then(|| format!("no answer for {seconds} s, {}", limit_text()))
}

/// Returns which request of a row has no answer, and for how long: `PUT /api/dev/agents/triage: no answer for 3 s, gives
/// up after 45 s`. `None` when that is not long enough to mention.
fn row_silence(row: &RowProgress, elapsed_ms: u64) -> Option<String> {
    if let Some(request) = &row.pending {
        let silence = silence_text(elapsed_ms.saturating_sub(request.since_ms))?;
        return Some(format!("{} {}: {silence}", request.method, request.path));
    }
    // The requests of a row follow each other: one is in flight since the last one was answered.
    silence_text(elapsed_ms.saturating_sub(row.last_event_ms?))
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
            let silence = row_silence(row, elapsed_ms).map(|text| format!("; {text}"));
            let silence = silence.unwrap_or_default();
            line(Role::Running, format!("running for {}{silence}", running_time(elapsed)))
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

/// Returns what a row that has not started waits for: other rows, or else its turn.
pub fn waiting_line<'a>(rows: impl ExactSizeIterator<Item = &'a Address>, running: usize) -> Line {
    let count = rows.len();
    if count == 0 {
        return Line::at(2).push(Role::Dim, format!("for its turn: {}", in_flight_text(running)));
    }
    let names: Vec<String> = rows.take(NAMED).map(row_name).collect();
    let more = count - names.len();
    let line = Line::at(2).push(Role::Dim, "for ").plain(names.join(", "));
    if more > 0 {
        line.push(Role::Dim, format!(" and {}", more_text(more)))
    } else {
        line
    }
}

/// Returns how fast a run goes, and when it will have ended: `41/s, 4 s left`. `None` while too little has ended to tell.
/// `elapsed_ms` is the time since the run started, in milliseconds.
pub fn pace_text(ended: usize, total: usize, elapsed_ms: u64) -> Option<String> {
    let missing = total.checked_sub(ended).filter(|missing| *missing > 0)?;
    if ended < PACED || elapsed_ms < SLOW_MS {
        return None;
    }
    let (ended, missing) = (ended as u64, missing as u64);
    let per_minute = ended.saturating_mul(60_000) / elapsed_ms;
    let pace = if per_minute < 120 {
        format!("{per_minute}/min")
    } else {
        format!("{}/s", per_minute / 60)
    };
    // Cut to seconds: more is not known, and it would flicker.
    let left = (missing.saturating_mul(elapsed_ms) / ended).div_ceil(1_000);
    let left = if left < 60 {
        format!("{left} s")
    } else {
        duration(left.saturating_mul(1_000))
    };
    Some(format!("{pace}, {left} left"))
}

/// Returns what came of a run that has ended. `failure` is the reason why it could not begin or broke off.
pub fn run_message(progress: &Progress, failure: Option<&str>) -> (Role, String) {
    match failure {
        // The first event of a run names its rows, so that a run without rows has written nothing.
        Some(reason) if progress.rows.is_empty() => (Role::Error, format!("nothing was applied: {reason}")),
        Some(reason) => (Role::Error, format!("the run failed: {reason}")),
        None => {
            let (role, title) = run_title(progress);
            let unknown = progress.tally().unknown;
            // Nobody can say of those that are unknown that they were not applied.
            let text = match (unknown, not_applied(progress).saturating_sub(unknown)) {
                (0, 0) => title.to_lowercase(),
                (0, missing) => format!("{} not applied", plural(missing, "row", "rows")),
                (_, 0) => format!("{} unknown", plural(unknown, "row", "rows")),
                (_, missing) => format!("{unknown} unknown, {missing} not applied"),
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

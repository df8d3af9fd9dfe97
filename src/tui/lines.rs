//! Where the screen gets its lines from: one door to `show`, and what only the screen says: the log, one value alone.

use serde_json::Value;

use crate::apply::event::{Event, EventKind, Outcome};
use crate::plan::Row;
use crate::resource::{Address, Shown};
use crate::show::change::{Detail, change_lines, impact_lines};
use crate::show::outcome::{outcome_detail, outcome_word};
use crate::show::row::row_line;
use crate::show::{Line, Role};

pub use crate::show::row::verb_role;

/// A row as the text plan prints it: `~ settings triage (soulMd)`.
pub fn row(row: &Row) -> Line {
    row_line(row)
}

/// Restarts and warnings of a row.
pub fn cautions(row: &Row) -> Vec<Line> {
    let mut lines = impact_lines(row);
    let warning = |words: &String| Line::default().push(Role::Warning, format!("⚠ {words}"));
    lines.extend(row.warnings.iter().map(warning));
    lines
}

/// Every difference of a row, all of it, with a blank line around what takes more than one line.
pub fn changes(row: &Row) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut tall_before = false;
    for change in &row.changes {
        let next = change_lines(change, Detail::FULL);
        let tall = next.len() > 1;
        if !lines.is_empty() && (tall || tall_before) {
            lines.push(Line::default());
        }
        tall_before = tall;
        lines.extend(next);
    }
    lines
}

/// A value as text; a secret never.
pub fn text(shown: &Shown) -> String {
    match shown {
        Shown::Secret => "(secret)".to_owned(),
        Shown::Plain(Value::String(text)) => text.clone(),
        Shown::Plain(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            items.join("\n")
        }
        Shown::Plain(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}

/// A line of the log; nothing for events that say nothing to a person.
pub fn event(event: &Event) -> Option<Line> {
    let time = format!("{:>7.3}s ", event.elapsed_ms as f64 / 1000.0);
    let line = Line::default().push(Role::Dim, time);
    let id = |address: &Address| format!("{} {}", address.kind(), address.id());
    match &event.kind {
        EventKind::Request {
            method,
            path,
            status,
            took_ms,
            attempt,
            ..
        } => {
            let again = if *attempt > 1 {
                format!(" (try {attempt})")
            } else {
                String::new()
            };
            let line = answer(line, *status).push(Role::Dim, format!(" {took_ms:>5} ms "));
            Some(line.plain(format!("{method} {path}")).push(Role::Dim, again))
        }
        EventKind::Retrying {
            address,
            attempt,
            of,
            reason,
            delay_ms,
        } => Some(line.push(
            Role::Warning,
            format!("{} try {attempt}/{of} in {delay_ms}ms: {reason}", id(address)),
        )),
        EventKind::Note { address, message } => Some(line.push(Role::Warning, format!("{}: {message}", id(address)))),
        EventKind::Cancelling => Some(line.push(Role::Warning, "stopping: nothing new starts")),
        EventKind::StepFinished { address, outcome, .. } if !outcome.succeeded() => {
            Some(line.push(Role::Error, format!("{}: {}", id(address), outcome_words(outcome))))
        }
        _ => None,
    }
}

fn answer(line: Line, status: Option<u16>) -> Line {
    match status {
        Some(status) if status < 400 => line.push(Role::Success, status.to_string()),
        Some(status) => line.push(Role::Error, status.to_string()),
        None => line.push(Role::Error, "---"),
    }
}

/// How a row ended, in a few words.
pub fn outcome_words(outcome: &Outcome) -> String {
    let (_, word) = outcome_word(outcome);
    match outcome_detail(outcome) {
        Some(detail) if outcome.succeeded() => detail,
        Some(detail) => format!("{word}: {}", detail.lines().next().unwrap_or_default()),
        None => word.to_owned(),
    }
}

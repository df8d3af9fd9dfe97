//! Where the screen gets its lines from: one door to `show`, and what only the screen says: the log, one value alone.

use serde_json::Value;

use crate::apply::event::{Event, EventKind, Outcome};
use crate::plan::Row;
use crate::resource::Shown;
use crate::show::change::{Detail, change_lines, impact_lines};
use crate::show::event::event_line;
use crate::show::outcome::{outcome_detail, outcome_word};
use crate::show::row::row_line;
use crate::show::{Line, Role};

pub(super) use crate::show::row::verb_role;

/// A row as the text plan prints it: `~ settings triage (soulMd)`.
pub(super) fn row(row: &Row) -> Line {
    row_line(row)
}

/// Restarts and warnings of a row.
pub(super) fn cautions(row: &Row) -> Vec<Line> {
    let mut lines = impact_lines(row);
    let warning = |words: &String| Line::default().push(Role::Warning, format!("⚠ {words}"));
    lines.extend(row.warnings.iter().map(warning));
    lines
}

/// Every difference of a row, all of it, with a blank line around what takes more than one line.
pub(super) fn changes(row: &Row) -> Vec<Line> {
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
pub(super) fn text(shown: &Shown) -> String {
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

/// Returns a line of the log, or `None` for events that are not logged: what succeeded is in the tree.
pub(super) fn event(event: &Event) -> Option<Line> {
    if matches!(&event.kind, EventKind::StepFinished { outcome, .. } if outcome.succeeded()) {
        return None;
    }
    let (_, line) = event_line(&event.kind)?;
    let time = format!("{:>7.3}s ", event.elapsed_ms as f64 / 1000.0);
    let mut stamped = Line::default().push(Role::Dim, time);
    stamped.spans.extend(line.spans);
    Some(stamped)
}

/// How a row ended, in a few words.
pub(super) fn outcome_words(outcome: &Outcome) -> String {
    let (_, word) = outcome_word(outcome);
    match outcome_detail(outcome) {
        Some(detail) if outcome.succeeded() => detail,
        Some(detail) => format!("{word}: {}", without_request(detail.lines().next().unwrap_or_default())),
        None => word.to_owned(),
    }
}

/// Leaves out `PUT /api/…` at the start: the status and the server's message after it are what a narrow column has room
/// for, and the row says what was written.
fn without_request(message: &str) -> &str {
    let mut parts = message.splitn(3, ' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("GET" | "POST" | "PUT" | "PATCH" | "DELETE"), Some(path), Some(rest)) if path.starts_with('/') => rest,
        _ => message,
    }
}

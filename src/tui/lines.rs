//! Lines of `show` as the screen arranges them: the changes of a row with blank lines, the log with times.

use serde_json::Value;

use super::body::BodyLine;
use crate::apply::event::{Event, EventKind};
use crate::plan::Row;
use crate::resource::Shown;
use crate::show::change::{Detail, numbered_lines};
use crate::show::event::event_line;
use crate::show::text_diff::ContextLines;
use crate::show::{Line, Role};

/// Returns every difference of a row in full, with a blank line around each that takes more than one line.
pub(super) fn changes(row: &Row, context: ContextLines) -> Vec<BodyLine> {
    let detail = Detail {
        context: context.0,
        ..Detail::FULL
    };
    let mut lines: Vec<BodyLine> = Vec::new();
    let mut tall_before = false;
    for change in &row.changes {
        let next = numbered_lines(change, detail.of_row(row));
        let tall = next.len() > 1;
        if !lines.is_empty() && (tall || tall_before) {
            lines.push(Line::default().into());
        }
        tall_before = tall;
        lines.extend(next.into_iter().map(BodyLine::from));
    }
    lines
}

/// Returns a value as text; `(secret)` in place of a secret.
pub(super) fn text(shown: &Shown) -> String {
    match shown.plain() {
        None => "(secret)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            items.join("\n")
        }
        Some(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}

/// Returns a line of the log, or `None` for events that are not logged.
pub(super) fn event(event: &Event) -> Option<Line> {
    // The tree shows it already, and its requests are in the log.
    if matches!(&event.kind, EventKind::StepFinished { outcome, .. } if outcome.succeeded()) {
        return None;
    }
    let (_, line) = event_line(&event.kind)?;
    let time = format!("{:>7.3}s ", event.elapsed_ms as f64 / 1000.0);
    let mut stamped = Line::default().push(Role::Dim, time);
    stamped.spans.extend(line.spans);
    Some(stamped)
}

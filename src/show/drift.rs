//! What drifts, and what is ignored of it, as lines.

use super::line::{Line, Role};
use super::plan::target_line;
use super::row::ignored_text;
use super::word::counted_list;
use crate::plan::{DriftItem, DriftList, EntryReport, EntryState, Target};

/// Returns the whole list.
pub fn drift_lines(target: &Target, list: &DriftList) -> Vec<Line> {
    let mut lines = vec![target_line("Drift", target), Line::default()];
    lines.extend(list.open.iter().map(item_line));
    lines.extend(list.ignored.iter().map(item_line));
    if !list.open.is_empty() || !list.ignored.is_empty() {
        lines.push(Line::default());
    }
    let notes = list.entries.iter().filter_map(entry_line);
    let before = lines.len();
    lines.extend(notes);
    if lines.len() > before {
        lines.push(Line::default());
    }
    lines.push(Line::at(0).push(Role::Heading, "Summary: ").plain(drift_summary(list)));
    lines
}

fn drift_summary(list: &DriftList) -> String {
    let with_state = |state| list.entries.iter().filter(|entry| entry.state == state).count();
    let parts = counted_list(&[
        (list.open.len(), "drift", "drift"),
        (list.ignored.len(), "ignored", "ignored"),
        (with_state(EntryState::Ended), "entry has ended", "entries have ended"),
        (with_state(EntryState::Unused), "entry is unused", "entries are unused"),
    ]);
    if parts.is_empty() {
        "nothing drifts".to_owned()
    } else {
        parts
    }
}

fn item_line(item: &DriftItem) -> Line {
    let line = Line::at(2)
        .push(Role::Drift, "? ")
        .push(Role::Id, item.address.to_string());
    let line = match &item.field {
        Some(field) => line.plain(" ").push(Role::Field, field.to_string()),
        None => line,
    };
    match &item.ignored {
        Some(ignored) => line.push(Role::Dim, format!("  ({})", ignored_text(ignored))),
        None => line,
    }
}

/// Returns what is wrong with an entry, or `None` when it is in force.
fn entry_line(entry: &EntryReport) -> Option<Line> {
    let what = match entry.state {
        EntryState::Active => return None,
        EntryState::Ended => format!("was ignored until {}, and still drifts", entry.until),
        EntryState::Unused => "does not drift: the entry can go".to_owned(),
    };
    let origin = format!("{}:{}: ", entry.origin.file.display(), entry.origin.line);
    Some(
        Line::at(2)
            .push(Role::Warning, "⚠ ")
            .push(Role::Dim, origin)
            .push(Role::Id, &entry.subject)
            .plain(format!(" {what}")),
    )
}

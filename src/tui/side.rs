//! The changes of a row in two columns: the server's side on the left, the files' side on the right.

use super::body::BodyLine;
use super::lines;
use crate::plan::{Change, Row, Verb};
use crate::resource::Shown;
use crate::show::change::{field_note, secret_text};
use crate::show::text_diff::{self, ContextLines};
use crate::show::{Line, Role};

/// The context that leaves no line out; a quarter of the range, so that sums with it do not overflow.
const ALL: ContextLines = ContextLines(usize::MAX / 4);

/// Returns every difference of a row, side by side.
pub(super) fn changes(row: &Row) -> Vec<BodyLine> {
    let mut body = vec![BodyLine::Two(
        Line::default().push(Role::Dim, "on the server"),
        Line::default().push(Role::Dim, "in the files"),
    )];
    for change in &row.changes {
        add(&mut body, row, change);
    }
    body
}

fn add(body: &mut Vec<BodyLine>, row: &Row, change: &Change) {
    let head = Line::default().push(Role::Field, change.path.to_string());
    body.push(BodyLine::One(Line::default()));
    if let Some(text) = secret_text(change.kind) {
        body.push(BodyLine::One(head.plain("  ").push(Role::Secret, text)));
        return;
    }
    // A row that is drift as a whole says so itself.
    let note = if row.verb == Verb::Drift {
        String::new()
    } else {
        field_note(change)
    };
    body.push(BodyLine::One(head.push(Role::Dim, note)));
    let before = change.before.as_ref().map(with_line_end).unwrap_or_default();
    let after = change.after.as_ref().map(with_line_end).unwrap_or_default();
    pairs(body, &before, &after);
}

/// Returns a value as text that ends with a line end. Without it, the last entry of a list would differ from the same
/// entry followed by another one.
fn with_line_end(shown: &Shown) -> String {
    let mut text = lines::text(shown);
    if shown.as_str().is_none() {
        text.push('\n');
    }
    text
}

/// Adds two texts line by line. Equal lines are aligned; removed and added lines are paired in order.
fn pairs(body: &mut Vec<BodyLine>, before: &str, after: &str) {
    let (mut removed, mut added): (Vec<Line>, Vec<Line>) = (Vec::new(), Vec::new());
    for line in text_diff::diff(before, after, ALL).lines {
        match line.spans.first().map(|span| span.role) {
            Some(Role::RemovedText) => removed.push(line),
            Some(Role::AddedText) => added.push(line),
            _ => {
                flush(body, &mut removed, &mut added);
                body.push(BodyLine::Two(line.clone(), line));
            }
        }
    }
    flush(body, &mut removed, &mut added);
}

fn flush(body: &mut Vec<BodyLine>, removed: &mut Vec<Line>, added: &mut Vec<Line>) {
    let count = removed.len().max(added.len());
    let mut left = removed.drain(..);
    let mut right = added.drain(..);
    body.extend((0..count).map(|_| BodyLine::Two(left.next().unwrap_or_default(), right.next().unwrap_or_default())));
}

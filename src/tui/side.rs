//! The changes of a row in two columns: the server's side on the left, the files' side on the right.

use super::body::BodyLine;
use super::lines;
use crate::plan::{Change, Row, Verb};
use crate::resource::Shown;
use crate::show::change::{field_note, secret_text};
use crate::show::text_diff::{self, ContextLines, NumberedLine};
use crate::show::{Line, Role};

/// Returns every difference of a row, side by side.
pub(super) fn changes(row: &Row, context: ContextLines) -> Vec<BodyLine> {
    let title = |text: &str| NumberedLine::from(Line::default().push(Role::Dim, text));
    let mut body = vec![BodyLine::two(title("on the server"), title("in the files"))];
    for change in &row.changes {
        add(&mut body, row, change, context);
    }
    body
}

fn add(body: &mut Vec<BodyLine>, row: &Row, change: &Change, context: ContextLines) {
    let head = Line::default().push(Role::Field, change.path.to_string());
    body.push(Line::default().into());
    if let Some(text) = secret_text(change.kind) {
        body.push(head.plain("  ").push(Role::Secret, text).into());
        return;
    }
    // A row that is drift as a whole says so itself.
    let note = if row.verb == Verb::Drift {
        String::new()
    } else {
        field_note(change)
    };
    body.push(head.push(Role::Dim, note).into());
    let before = change.before.as_ref().map(with_line_end).unwrap_or_default();
    let after = change.after.as_ref().map(with_line_end).unwrap_or_default();
    let mut lines = text_diff::diff(&before, &after, context).lines;
    let is_text = |shown: &Option<Shown>| shown.as_ref().is_none_or(|shown| shown.as_str().is_some());
    let is_long = before.lines().count().max(after.lines().count()) > 1;
    // The lines of a list or a table are not those of a file.
    if !(is_long && is_text(&change.before) && is_text(&change.after)) {
        for line in &mut lines {
            *line = line.line.clone().into();
        }
    }
    pairs(body, lines);
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

/// Adds the lines of a difference. Equal lines are aligned; removed and added lines are paired in order.
fn pairs(body: &mut Vec<BodyLine>, lines: Vec<NumberedLine>) {
    let (mut removed, mut added): (Vec<NumberedLine>, Vec<NumberedLine>) = (Vec::new(), Vec::new());
    for line in lines {
        match line.line.spans.first().map(|span| span.role) {
            Some(Role::RemovedText) => removed.push(line),
            Some(Role::AddedText) => added.push(line),
            _ => {
                flush(body, &mut removed, &mut added);
                body.push(BodyLine::two(line.clone(), line));
            }
        }
    }
    flush(body, &mut removed, &mut added);
}

fn flush(body: &mut Vec<BodyLine>, removed: &mut Vec<NumberedLine>, added: &mut Vec<NumberedLine>) {
    let count = removed.len().max(added.len());
    let mut left = removed.drain(..);
    let mut right = added.drain(..);
    body.extend((0..count).map(|_| BodyLine::two(left.next().unwrap_or_default(), right.next().unwrap_or_default())));
}

//! The text of the pane, line by line: fields, hunks, and what a search finds.

use std::ops::Range;
use std::sync::Arc;

use super::find::Needle;
use crate::show::{Line, Role};
use crate::tui::body::{BodyLine, BodyText};

/// A line of the pane as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailLine<'a> {
    /// Over the whole width.
    Full(&'a Line),
    /// In two columns.
    Columns {
        /// The server's side, on the left.
        before: &'a Line,
        /// The files' side, on the right.
        after: &'a Line,
    },
}

/// A place in the text that a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The index of the line.
    pub line: usize,
    /// Whether it is in the right one of two columns.
    pub right: bool,
    /// The bytes of the line's text.
    pub range: Range<usize>,
}

/// The lines above the changes, and the changes.
#[derive(Debug, Clone, Default)]
pub(super) struct DetailText {
    pub(super) head: Vec<Line>,
    pub(super) body: Arc<Vec<BodyLine>>,
}

impl DetailText {
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Returns a line by its index; the head's lines come first.
    pub(super) fn line(&self, index: usize) -> Option<DetailLine<'_>> {
        match self.head.get(index) {
            Some(line) => Some(DetailLine::Full(line)),
            None => self.body_line(index).map(|line| match &line.text {
                BodyText::One(line) => DetailLine::Full(line),
                BodyText::Two(before, after) => DetailLine::Columns { before, after },
            }),
        }
    }

    /// Returns a line of the changes by its index, head included.
    pub(super) fn body_line(&self, index: usize) -> Option<&BodyLine> {
        self.body.get(index.checked_sub(self.head.len())?)
    }

    /// Returns the lines that name a field.
    pub(super) fn field_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.body.iter().enumerate().filter_map(|(at, line)| {
            let (BodyText::One(line) | BodyText::Two(line, _)) = &line.text;
            Some((at + self.head.len(), field_name(line)?))
        })
    }

    /// Returns the name of the field that a line belongs to: the last one named at or above it.
    pub(super) fn field_at(&self, index: usize) -> Option<&str> {
        let above = self.field_lines().take_while(|(at, _)| *at <= index);
        above.last().map(|(_, name)| name)
    }

    /// Returns the number of the first changed line of the files' text at or below a line, within the same field.
    pub(super) fn file_line_at(&self, field: &str, index: usize) -> Option<usize> {
        let (start, _) = self.field_lines().find(|(_, name)| *name == field)?;
        let end = self
            .field_lines()
            .find(|(at, _)| *at > start)
            .map_or(self.len(), |next| next.0);
        let from = index.max(start);
        let changed = (from..end).find(|at| self.is_numbered(*at) && self.is_changed(*at));
        // Below a removed line comes the line that stands there now.
        let number = (changed.unwrap_or(from)..end).find_map(|at| self.body_line(at)?.after);
        // Nothing follows what was removed at the end of a text.
        number.or_else(|| (start..end).rev().find_map(|at| self.body_line(at)?.after))
    }

    /// Returns the number in the files' text of the first line that has one, from a line on.
    pub(super) fn number_from(&self, index: usize) -> Option<usize> {
        (index..self.len()).find_map(|at| self.body_line(at)?.after)
    }

    /// Returns the line of a field's text that has this number, or a later one.
    pub(super) fn line_of(&self, field: &str, number: usize) -> Option<usize> {
        let (start, _) = self.field_lines().find(|(_, name)| *name == field)?;
        let reached = |at: &usize| self.body_line(*at).and_then(|line| line.after) >= Some(number);
        (start..self.len()).find(reached).or(Some(start))
    }

    fn is_numbered(&self, index: usize) -> bool {
        let line = self.body_line(index);
        line.is_some_and(|line| line.before.is_some() || line.after.is_some())
    }

    /// Whether a hunk begins at a line: changed lines in a row, or a field with its value on the same line.
    pub(super) fn begins_hunk(&self, index: usize) -> bool {
        self.is_changed(index) && (!self.is_changed(index.wrapping_sub(1)) || self.names_field(index))
    }

    fn is_changed(&self, index: usize) -> bool {
        let is_changed = |line: &Line| line.spans.iter().any(|span| says_change(span.role));
        self.body_line(index).is_some_and(|line| match &line.text {
            BodyText::One(line) => is_changed(line),
            BodyText::Two(before, after) => is_changed(before) || is_changed(after),
        })
    }

    fn names_field(&self, index: usize) -> bool {
        self.body_line(index).is_some_and(|line| match &line.text {
            BodyText::One(line) | BodyText::Two(line, _) => field_name(line).is_some(),
        })
    }

    /// Returns everything that a search finds, top to bottom.
    pub(super) fn hits(&self, needle: &Needle) -> Vec<Hit> {
        if needle.text().is_empty() {
            return Vec::new();
        }
        let lines = (0..self.len()).filter_map(|index| Some((index, self.line(index)?)));
        lines
            .flat_map(|(line, sides)| match sides {
                DetailLine::Full(text) => found_in(needle, line, false, text),
                DetailLine::Columns { before, after } => {
                    let mut hits = found_in(needle, line, false, before);
                    hits.extend(found_in(needle, line, true, after));
                    hits
                }
            })
            .collect()
    }

    /// Returns everything as text, for the clipboard.
    pub(super) fn copy(&self) -> String {
        let body = self.body.iter().map(|line| match &line.text {
            BodyText::One(line) => plain(line),
            BodyText::Two(left, right) => format!("{}\t{}", plain(left), plain(right)),
        });
        let all: Vec<String> = self.head.iter().map(plain).chain(body).collect();
        all.join("\n")
    }
}

fn found_in(needle: &Needle, line: usize, right: bool, text: &Line) -> Vec<Hit> {
    let ranges = needle.find(&text.text()).into_iter();
    ranges.map(|range| Hit { line, right, range }).collect()
}

fn field_name(line: &Line) -> Option<&str> {
    let name = line.spans.iter().find(|span| span.role == Role::Field)?;
    Some(name.text.as_str())
}

/// Whether text of a role is only on a line because something is different there.
fn says_change(role: Role) -> bool {
    matches!(
        role,
        Role::AddedText | Role::RemovedText | Role::AddedWord | Role::RemovedWord | Role::Secret | Role::Drift
    )
}

fn plain(line: &Line) -> String {
    format!("{:indent$}{}", "", line.text(), indent = line.indent)
}

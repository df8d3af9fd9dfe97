//! The pane beside the tree: what is said of a row, laid out once per row, width and layout, and scrolled from there.
//!
//! Lines are kept as `show` made them; for the screen only the places of line breaks are computed. Rows whose texts are
//! long are compared aside, between two frames, and kept for a while.

use std::sync::Arc;

use super::wrap::{Cut, cuts};
use super::{lines, side};
use crate::plan::Row;
use crate::resource::{Address, Shown};
use crate::show::{Line, Role};

/// A line of the pane before it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyLine {
    /// Over the whole width.
    One(Line),
    /// Before on the left, after on the right.
    Two(Line, Line),
}

/// A row of the pane on the screen: which line, and which part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// Index of the line: first those of the head, then those of the body.
    pub line: usize,
    /// What of it stands on the left, or everywhere.
    pub left: Option<Cut>,
    /// What of it stands on the right.
    pub right: Option<Cut>,
}

/// Texts longer than this are compared aside.
const LONG: usize = 48 * 1024;
/// So many rows are kept.
const KEPT: usize = 16;

type Key = (Address, bool);

/// What the pane shows.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    head: Vec<Line>,
    body: Arc<Vec<BodyLine>>,
    strips: Vec<Strip>,
    width: usize,
    scroll: usize,
    side_by_side: bool,
    shown: Option<Key>,
    waiting: Option<Key>,
    kept: Vec<(Key, Arc<Vec<BodyLine>>)>,
}

impl Detail {
    /// Forgets what was laid out, for another plan.
    pub fn forget(&mut self) {
        *self = Self {
            side_by_side: self.side_by_side,
            ..Self::default()
        };
    }

    /// Whether before and after stand side by side.
    pub fn side_by_side(&self) -> bool {
        self.side_by_side
    }

    /// Switches between one column and two.
    pub fn toggle_side(&mut self) {
        self.side_by_side = !self.side_by_side;
    }

    /// Rows of the pane.
    pub fn strips(&self) -> &[Strip] {
        &self.strips
    }

    /// The line that a strip is a part of.
    pub fn line(&self, index: usize) -> Option<Result<&Line, (&Line, &Line)>> {
        match self.head.get(index) {
            Some(line) => Some(Ok(line)),
            None => self.body.get(index - self.head.len()).map(|line| match line {
                BodyLine::One(line) => Ok(line),
                BodyLine::Two(left, right) => Err((left, right)),
            }),
        }
    }

    /// The first row on the screen.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Scrolls; the last row stays on the screen.
    pub fn scroll_by(&mut self, by: isize, height: usize) {
        let last = self.strips.len().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }

    /// Whether the lines on the screen are still to come.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// The field that is being looked at: the last one named above the first row on the screen, else the first one.
    pub fn field_in_view(&self) -> Option<&str> {
        let top = self.strips.get(self.scroll).map_or(0, |strip| strip.line);
        let names = self.body.iter().enumerate().filter_map(|(at, line)| {
            let spans = match line {
                BodyLine::One(line) | BodyLine::Two(line, _) => &line.spans,
            };
            let name = spans.iter().find(|span| span.role == Role::Field)?;
            Some((at + self.head.len(), name.text.as_str()))
        });
        let mut names = names.peekable();
        let first = names.peek().map(|(_, name)| *name);
        let above = names.take_while(|(at, _)| *at <= top).last();
        above.map(|(_, name)| name).or(first)
    }

    /// Everything as text, for the clipboard.
    pub fn text(&self) -> String {
        let body = self.body.iter().map(|line| match line {
            BodyLine::One(line) => plain(line),
            BodyLine::Two(left, right) => format!("{}\t{}", plain(left), plain(right)),
        });
        let all: Vec<String> = self.head.iter().map(plain).chain(body).collect();
        all.join("\n")
    }

    /// Shows a row, or only a head. Returns the row when it is to be compared aside.
    pub fn show(&mut self, head: Vec<Line>, row: Option<&Row>, width: usize) -> Option<Box<Row>> {
        let key = row.map(|row| (row.address.clone(), self.side_by_side));
        let same_row = self.shown.as_ref().map(|key| &key.0) == key.as_ref().map(|key| &key.0);
        let same = self.shown == key && self.width == width && self.head == head;
        if same && !(key.is_none() && self.strips.is_empty()) {
            return None;
        }
        if !same_row {
            self.scroll = 0;
        }
        self.head = head;
        self.width = width;
        let aside = row.and_then(|row| self.take_body(row));
        if row.is_none() {
            self.body = Arc::default();
            self.waiting = None;
        }
        self.shown = key;
        self.lay_out();
        aside
    }

    /// Takes in what was compared aside.
    pub fn compared(&mut self, address: Address, side_by_side: bool, lines: Vec<BodyLine>) {
        let key = (address, side_by_side);
        let lines = Arc::new(lines);
        self.keep(key.clone(), Arc::clone(&lines));
        if self.waiting.as_ref() == Some(&key) {
            self.waiting = None;
            self.body = lines;
            self.lay_out();
        }
    }

    fn take_body(&mut self, row: &Row) -> Option<Box<Row>> {
        let key = (row.address.clone(), self.side_by_side);
        if self.shown.as_ref() == Some(&key) {
            return None;
        }
        self.waiting = None;
        if let Some((_, lines)) = self.kept.iter().find(|(known, _)| *known == key) {
            self.body = Arc::clone(lines);
            return None;
        }
        if is_long(row) {
            self.body = Arc::default();
            self.waiting = Some(key);
            return Some(Box::new(row.clone()));
        }
        self.body = Arc::new(compare(row, self.side_by_side));
        self.keep(key, Arc::clone(&self.body));
        None
    }

    fn keep(&mut self, key: Key, lines: Arc<Vec<BodyLine>>) {
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push((key, lines));
    }

    fn lay_out(&mut self) {
        let width = self.width.max(1);
        let mut strips = Vec::with_capacity(self.head.len() + self.body.len());
        for (index, line) in self.head.iter().enumerate() {
            one(&mut strips, index, line, width);
        }
        for (index, line) in self.body.iter().enumerate() {
            let index = index + self.head.len();
            match line {
                BodyLine::One(line) => one(&mut strips, index, line, width),
                BodyLine::Two(left, right) => two(&mut strips, index, left, right, column(width)),
            }
        }
        self.strips = strips;
        self.scroll = self.scroll.min(self.strips.len().saturating_sub(1));
    }
}

/// Columns of each side when there are two, with three between them.
pub fn column(width: usize) -> usize {
    (width.saturating_sub(3) / 2).max(1)
}

/// The lines of a row's changes in one of the two layouts.
pub fn compare(row: &Row, side_by_side: bool) -> Vec<BodyLine> {
    if side_by_side {
        side::changes(row)
    } else {
        lines::changes(row).into_iter().map(BodyLine::One).collect()
    }
}

fn one(strips: &mut Vec<Strip>, line: usize, text: &Line, width: usize) {
    strips.extend(cuts(text, width).into_iter().map(|cut| Strip {
        line,
        left: Some(cut),
        right: None,
    }));
}

fn two(strips: &mut Vec<Strip>, line: usize, left: &Line, right: &Line, width: usize) {
    let (left, right) = (cuts(left, width), cuts(right, width));
    strips.extend((0..left.len().max(right.len())).map(|at| Strip {
        line,
        left: left.get(at).copied(),
        right: right.get(at).copied(),
    }));
}

fn is_long(row: &Row) -> bool {
    let length = |shown: &Option<Shown>| shown.as_ref().and_then(Shown::as_str).map_or(0, str::len);
    let total: usize = row
        .changes
        .iter()
        .map(|change| length(&change.before) + length(&change.after))
        .sum();
    total > LONG
}

fn plain(line: &Line) -> String {
    format!("{:indent$}{}", "", line.text(), indent = line.indent)
}

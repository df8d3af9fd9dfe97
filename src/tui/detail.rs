//! The pane beside the tree: a row and its changes, laid out once per row, width and layout, and then only scrolled.
//!
//! Lines are kept as `show` made them; layout only computes where they break. Long texts are diffed on a background thread
//! and cached.

use std::sync::Arc;

pub use super::body::BodyLine;
use super::wrap::{Cut, cuts};
use super::{lines, side};
use crate::plan::Row;
use crate::resource::{Address, Shown};
use crate::show::{Line, Role, printable};

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

impl<'a> DetailLine<'a> {
    /// Returns the files' side.
    pub fn after(self) -> &'a Line {
        match self {
            Self::Full(line) | Self::Columns { after: line, .. } => line,
        }
    }
}

/// One screen row of the pane: a line and the part of it that is on this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// The index of the line; the head's lines come first, then the body's.
    pub line: usize,
    /// The part in the left column, or over the whole width.
    pub left: Option<Cut>,
    /// The part in the right column.
    pub right: Option<Cut>,
}

/// The total size of a row's changes, in bytes, above which they are compared in the background.
const LONG: usize = 48 * 1024;
/// The maximum number of cached bodies.
const MAX_CACHED: usize = 16;

/// A row, and whether it is compared side by side.
type BodyKey = (Address, bool);

/// The contents and the scroll position of the pane.
#[derive(Debug, Clone, Default)]
pub struct DetailPane {
    head: Vec<Line>,
    body: Arc<Vec<BodyLine>>,
    /// Head and body as they were laid out for `width`.
    strips: Vec<Strip>,
    width: usize,
    /// The index of the first strip on the screen.
    scroll: usize,
    /// The number of strips from the top that have been on the screen without a gap.
    viewed: usize,
    side_by_side: bool,
    /// The row on the screen.
    shown: Option<BodyKey>,
    /// The row that is being compared in the background.
    waiting: Option<BodyKey>,
    /// The bodies that were compared last, oldest first.
    cached: Vec<(BodyKey, Arc<Vec<BodyLine>>)>,
    /// The scroll position of a row of the previous plan, to be restored once the row is shown again in full.
    resume: Option<(Address, usize)>,
}

impl DetailPane {
    /// Forgets what was laid out, for another plan. The row on the screen keeps its scroll position.
    pub fn forget(&mut self) {
        let position = self.shown.take().map(|(address, _)| (address, self.scroll));
        *self = Self {
            // A position that was not restored yet is the one that the user left.
            resume: self.resume.take().or(position),
            side_by_side: self.side_by_side,
            ..Self::default()
        };
    }

    /// Whether before and after are shown in two columns.
    pub fn side_by_side(&self) -> bool {
        self.side_by_side
    }

    /// Switches between one column and two.
    pub fn toggle_side(&mut self) {
        self.side_by_side = !self.side_by_side;
    }

    /// Returns the rows of the pane, after wrapping.
    pub fn strips(&self) -> &[Strip] {
        &self.strips
    }

    /// Returns a line by its index, before it is wrapped.
    pub fn line(&self, index: usize) -> Option<DetailLine<'_>> {
        match self.head.get(index) {
            Some(line) => Some(DetailLine::Full(line)),
            None => self.body.get(index - self.head.len()).map(|line| match line {
                BodyLine::One(line) => DetailLine::Full(line),
                BodyLine::Two(before, after) => DetailLine::Columns { before, after },
            }),
        }
    }

    /// Returns the index of the first row on the screen.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Scrolls by a number of rows, negative for up. The last row stays at the lower edge.
    pub fn scroll_by(&mut self, by: isize, height: usize) {
        // From here on the user's position counts, not that of the previous plan. Diagnostics in place of the row have a
        // position of their own.
        if self.shown.is_some() {
            self.resume = None;
        }
        let last = self.strips.len().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }

    /// Notes what is on the screen. Returns whether all of the row has been there.
    pub fn view(&mut self, height: usize) -> bool {
        if self.scroll <= self.viewed {
            self.viewed = self.viewed.max(self.scroll + height);
        }
        !self.is_waiting() && self.shown.is_some() && self.viewed >= self.strips.len()
    }

    /// Whether the changes are still being compared.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Returns the field that is being looked at: the last one named above the first row on the screen, else the first.
    pub fn field_in_view(&self) -> Option<&str> {
        let top = self.top_line();
        let mut names = self.field_lines().peekable();
        let first = names.peek().map(|(_, name)| *name);
        let above = names.take_while(|(at, _)| *at <= top).last();
        above.map(|(_, name)| name).or(first)
    }

    /// Returns how many lines of `text`, the new value of a field, come before the first change on the screen.
    ///
    /// The lines of a diff carry no numbers, so they are looked up in the text in order. That finds the right line unless
    /// a gap between two hunks is followed by a line that also occurs inside the gap; then it is a little early.
    pub fn text_line_in_view(&self, field: &str, text: &str) -> usize {
        let top = self.top_line();
        let Some((start, _)) = self.field_lines().find(|(_, name)| *name == field) else {
            return 0;
        };
        let lines: Vec<String> = text.lines().map(printable).collect();
        let mut next = 0;
        for at in start + 1..self.head.len() + self.body.len() {
            let Some(line) = self.line(at).map(DetailLine::after) else {
                break;
            };
            let role = line.spans.first().map(|span| span.role);
            match role {
                Some(Role::AddedText | Role::RemovedText) if at >= top => return next,
                Some(Role::Field) => break,
                Some(Role::AddedText | Role::Dim) => {
                    let shown = line.text();
                    // Without the sign of the diff and the blank after it.
                    let wanted = shown.get(2..).unwrap_or_default();
                    let found = lines[next..].iter().position(|known| known == wanted);
                    next += found.map_or(0, |skipped| skipped + 1);
                }
                _ => {}
            }
        }
        next.saturating_sub(1)
    }

    fn top_line(&self) -> usize {
        self.strips.get(self.scroll).map_or(0, |strip| strip.line)
    }

    /// Returns the lines that name a field.
    fn field_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.body.iter().enumerate().filter_map(|(at, line)| {
            let spans = match line {
                BodyLine::One(line) | BodyLine::Two(line, _) => &line.spans,
            };
            let name = spans.iter().find(|span| span.role == Role::Field)?;
            Some((at + self.head.len(), name.text.as_str()))
        })
    }

    /// Returns everything as text, for the clipboard.
    pub fn text(&self) -> String {
        let body = self.body.iter().map(|line| match line {
            BodyLine::One(line) => plain(line),
            BodyLine::Two(left, right) => format!("{}\t{}", plain(left), plain(right)),
        });
        let all: Vec<String> = self.head.iter().map(plain).chain(body).collect();
        all.join("\n")
    }

    /// Shows a row, or only a head. Returns the row if it has to be compared in the background.
    pub fn show(&mut self, head: Vec<Line>, row: Option<&Row>, width: usize) -> Option<Box<Row>> {
        let key = row.map(|row| (row.address.clone(), self.side_by_side));
        let same_row = self.shown.as_ref().map(|key| &key.0) == key.as_ref().map(|key| &key.0);
        let same = self.shown == key && self.width == width && self.head == head;
        if same {
            return None;
        }
        if !same_row {
            self.scroll = 0;
        }
        if !same_row || self.width != width {
            self.viewed = 0;
        }
        self.head = head;
        self.width = width;
        let long = row.and_then(|row| self.take_body(row));
        if row.is_none() {
            self.body = Arc::default();
            self.waiting = None;
        }
        self.shown = key;
        self.lay_out();
        long
    }

    /// Receives the lines of a row that was compared in the background.
    pub fn compared(&mut self, address: Address, side_by_side: bool, lines: Vec<BodyLine>) {
        let key = (address, side_by_side);
        let lines = Arc::new(lines);
        self.cache(key.clone(), Arc::clone(&lines));
        // The cursor may have moved on meanwhile: then the lines are only cached.
        if self.waiting.as_ref() == Some(&key) {
            self.waiting = None;
            self.viewed = 0;
            self.body = lines;
            self.lay_out();
        }
    }

    /// Scrolls to where the row was before it was planned again. A long text is compared in the background: until then
    /// there is nothing to scroll to.
    fn resume_scroll(&mut self) {
        if self.waiting.is_some() || self.shown.is_none() {
            return;
        }
        if let (Some((address, position)), Some((shown, _))) = (self.resume.take(), &self.shown)
            && address == *shown
        {
            self.scroll = position;
        }
    }

    /// Takes the body of a row from the cache, or compares it. Returns a row that is too long to be compared here.
    fn take_body(&mut self, row: &Row) -> Option<Box<Row>> {
        let key = (row.address.clone(), self.side_by_side);
        if self.shown.as_ref() == Some(&key) {
            return None;
        }
        self.waiting = None;
        if let Some((_, lines)) = self.cached.iter().find(|(known, _)| *known == key) {
            self.body = Arc::clone(lines);
            return None;
        }
        if is_long(row) {
            self.body = Arc::default();
            self.waiting = Some(key);
            return Some(Box::new(row.clone()));
        }
        self.body = Arc::new(compare(row, self.side_by_side));
        self.cache(key, Arc::clone(&self.body));
        None
    }

    fn cache(&mut self, key: BodyKey, lines: Arc<Vec<BodyLine>>) {
        if self.cached.len() >= MAX_CACHED {
            self.cached.remove(0);
        }
        self.cached.push((key, lines));
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
                BodyLine::Two(left, right) => two(&mut strips, index, left, right, column_width(width)),
            }
        }
        self.strips = strips;
        self.resume_scroll();
        self.scroll = self.scroll.min(self.strips.len().saturating_sub(1));
    }
}

/// Returns the width of each of the two columns; three cells are between them.
pub fn column_width(width: usize) -> usize {
    (width.saturating_sub(3) / 2).max(1)
}

/// Returns the lines of a row's changes in one of the two layouts.
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

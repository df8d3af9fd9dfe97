//! The pane beside the tree: a row and its changes, laid out once per row, width and layout, and then only scrolled.
//!
//! Lines are kept as `show` made them; layout only computes where they break. Long texts are diffed on a background thread
//! and cached.

mod cache;
mod find;
mod layout;
mod text;

use std::sync::Arc;

pub use self::cache::compare;
use self::cache::{BodyCache, BodyKey, is_long};
use self::find::Needle;
pub use self::layout::{Strip, column_width};
use self::text::DetailText;
pub use self::text::{DetailLine, Hit};
pub use super::body::{BodyLine, BodyStyle};
use crate::plan::Row;
use crate::resource::Address;
use crate::show::Line;

/// The contents and the scroll position of the pane.
#[derive(Debug, Clone, Default)]
pub struct DetailPane {
    text: DetailText,
    /// The text as it was laid out for `width`.
    strips: Vec<Strip>,
    width: usize,
    /// The width of the column of line numbers; 0 without one.
    gutter: usize,
    /// Whether line numbers are hidden.
    hides_numbers: bool,
    /// The index of the first strip on the screen.
    scroll: usize,
    /// The number of strips from the top that have been on the screen without a gap.
    viewed: usize,
    style: BodyStyle,
    /// The row on the screen.
    shown: Option<BodyKey>,
    /// The row that is being compared in the background.
    waiting: Option<BodyKey>,
    cache: BodyCache,
    /// The scroll position of a row of the previous plan, to be restored once the row is shown again in full.
    resume: Option<(Address, usize)>,
    /// The field and the number of a line that is to stay on the screen in another layout.
    anchor: Option<(String, usize)>,
    needle: Needle,
    /// What the needle has found.
    hits: Vec<Hit>,
    /// The line that a jump went to: a hunk, or the line of a hit. `None` once the user has scrolled.
    place: Option<Place>,
}

/// Where a jump within the pane has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the hunk that begins at this line.
    Hunk(usize),
    /// To the hit of this number.
    Hit(usize),
}

/// The number of rows between the upper edge and a line that a jump goes to.
const LEAD: usize = 3;

impl DetailPane {
    /// Forgets what was laid out, for another plan. The row on the screen keeps its scroll position.
    pub fn forget(&mut self) {
        let position = self.shown.take().map(|(address, _)| (address, self.scroll));
        *self = Self {
            // A position that was not restored yet is the one that the user left.
            resume: self.resume.take().or(position),
            style: self.style,
            hides_numbers: self.hides_numbers,
            needle: std::mem::take(&mut self.needle),
            ..Self::default()
        };
    }

    /// Returns how changes are laid out.
    pub fn style(&self) -> BodyStyle {
        self.style
    }

    /// Switches between one column and two.
    pub fn toggle_side(&mut self) {
        self.keep_place();
        self.style = BodyStyle {
            side_by_side: !self.style.side_by_side,
            context: None,
        };
    }

    /// Shows more unchanged lines around changed ones, or fewer.
    pub fn change_context(&mut self, more: bool) {
        self.keep_place();
        self.style = self.style.with_context(more);
    }

    /// Notes the line of a text that is being looked at, so that it stays on the screen in another layout.
    fn keep_place(&mut self) {
        let line = self.place_line();
        let field = self.text.field_at(line).map(str::to_owned);
        self.anchor = field.zip(self.text.number_from(line));
    }

    fn return_to_place(&mut self) {
        if self.waiting.is_some() {
            return;
        }
        let anchor = self.anchor.take();
        if let Some(line) = anchor.and_then(|(field, number)| self.text.line_of(&field, number)) {
            self.scroll = self.strips.partition_point(|strip| strip.line < line);
        }
    }

    /// Shows or hides line numbers. Returns whether they are shown now.
    pub fn toggle_numbers(&mut self) -> bool {
        self.hides_numbers = !self.hides_numbers;
        self.lay_out();
        !self.hides_numbers
    }

    /// Returns the width of the column of line numbers; 0 without one.
    pub fn gutter(&self) -> usize {
        self.gutter
    }

    /// Returns the numbers of a line in the server's text and in the files' text, where it has one.
    pub fn numbers(&self, line: usize) -> (Option<usize>, Option<usize>) {
        let line = self.text.body_line(line);
        line.map_or((None, None), |line| (line.before, line.after))
    }

    /// Returns the rows of the pane, after wrapping.
    pub fn strips(&self) -> &[Strip] {
        &self.strips
    }

    /// Returns a line by its index, before it is wrapped.
    pub fn line(&self, index: usize) -> Option<DetailLine<'_>> {
        self.text.line(index)
    }

    /// Returns the index of the first row on the screen.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Scrolls by a number of rows, negative for up. The last row stays at the lower edge.
    pub fn scroll_by(&mut self, by: isize, height: usize) {
        self.place = None;
        self.scroll_to(self.scroll.saturating_add_signed(by), height);
    }

    fn scroll_to(&mut self, strip: usize, height: usize) {
        // From here on the user's position counts, not that of the previous plan. Diagnostics in place of the row have a
        // position of their own.
        if self.shown.is_some() {
            self.resume = None;
        }
        self.scroll = strip.min(self.strips.len().saturating_sub(height));
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

    /// Returns the field that is being looked at: that of the last jump, else the last one named above the first row on the
    /// screen, else the first.
    pub fn field_in_view(&self) -> Option<&str> {
        let first = self.text.field_lines().next().map(|(_, name)| name);
        self.text.field_at(self.place_line()).or(first)
    }

    /// Returns the line of a field's text in its file, from 1, that is being looked at: that of the last jump, else of the
    /// first change on the screen.
    pub fn file_line_in_view(&self, field: &str) -> Option<usize> {
        self.text.file_line_at(field, self.place_line())
    }

    /// Returns the line that a jump went to, else the first one on the screen.
    fn place_line(&self) -> usize {
        let jumped = self.place.and_then(|place| match place {
            Place::Hunk(line) => Some(line),
            Place::Hit(hit) => self.hits.get(hit).map(|hit| hit.line),
        });
        jumped.unwrap_or_else(|| self.strips.get(self.scroll).map_or(0, |strip| strip.line))
    }

    /// Returns where the last jump went; `None` once the user has scrolled.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// Returns the text that is searched for; empty if there is none.
    pub fn query(&self) -> &str {
        self.needle.text()
    }

    /// Searches for a text, and goes to the first hit from here on. An empty text ends the search.
    pub fn search(&mut self, query: &str, height: usize) {
        let from = self.place_line();
        self.needle = Needle::new(query);
        self.place = None;
        self.hits = self.text.hits(&self.needle);
        if let Some(next) = self.hits.iter().position(|hit| hit.line >= from).or(self.first_hit()) {
            self.jump(Place::Hit(next), height);
        }
    }

    fn first_hit(&self) -> Option<usize> {
        (!self.hits.is_empty()).then_some(0)
    }

    /// Returns what the search has found, top to bottom.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Goes to the next hit, or to the previous one; after the last comes the first. Returns its number, from 0.
    pub fn next_hit(&mut self, back: bool, height: usize) -> Option<usize> {
        let count = self.hits.len();
        let here = self.place_line();
        let next = match (self.place, back) {
            _ if count == 0 => return None,
            (Some(Place::Hit(hit)), false) => (hit + 1) % count,
            (Some(Place::Hit(hit)), true) => (hit + count - 1) % count,
            (_, false) => self.hits.iter().position(|hit| hit.line > here).unwrap_or(0),
            (_, true) => self.hits.iter().rposition(|hit| hit.line < here).unwrap_or(count - 1),
        };
        self.jump(Place::Hit(next), height);
        Some(next)
    }

    /// Goes to the next hunk, or to the previous one. Returns whether there is one.
    pub fn next_hunk(&mut self, back: bool, height: usize) -> bool {
        let here = self.place_line();
        // Without a jump before, a hunk in the first row on the screen is the next one.
        let from = here + usize::from(self.place.is_some());
        let found = if back {
            (0..here).rev().find(|line| self.text.begins_hunk(*line))
        } else {
            (from..self.text.len()).find(|line| self.text.begins_hunk(*line))
        };
        if let Some(line) = found {
            self.jump(Place::Hunk(line), height);
        }
        found.is_some()
    }

    fn jump(&mut self, place: Place, height: usize) {
        self.place = Some(place);
        let line = self.place_line();
        let strip = self.strips.partition_point(|strip| strip.line < line);
        let lead = LEAD.min(height / 3);
        let is_visible = (self.scroll + lead..(self.scroll + height).saturating_sub(lead)).contains(&strip);
        if !is_visible {
            self.scroll_to(strip.saturating_sub(lead), height);
        }
    }

    /// Returns everything as text, for the clipboard.
    pub fn text(&self) -> String {
        self.text.copy()
    }

    /// Shows a row, or only a head. Returns the row if it has to be compared in the background.
    pub fn show(&mut self, head: Vec<Line>, row: Option<&Row>, width: usize) -> Option<Box<Row>> {
        let key = row.map(|row| (row.address.clone(), self.style));
        let same_row = self.shown.as_ref().map(|key| &key.0) == key.as_ref().map(|key| &key.0);
        let same = self.shown == key && self.width == width && self.text.head == head;
        if same {
            return None;
        }
        if !same_row {
            self.scroll = 0;
        }
        if !same_row || self.shown != key {
            self.place = None;
        }
        if !same_row || self.width != width {
            self.viewed = 0;
        }
        self.text.head = head;
        self.width = width;
        let long = row.and_then(|row| self.take_body(row));
        if row.is_none() {
            self.text.body = Arc::default();
            self.waiting = None;
        }
        self.shown = key;
        self.lay_out();
        long
    }

    /// Receives the lines of a row that was compared in the background.
    pub fn compared(&mut self, address: Address, style: BodyStyle, lines: Vec<BodyLine>) {
        let key = (address, style);
        let lines = Arc::new(lines);
        self.cache.put(key.clone(), Arc::clone(&lines));
        // The cursor may have moved on meanwhile: then the lines are only cached.
        if self.waiting.as_ref() == Some(&key) {
            self.waiting = None;
            self.viewed = 0;
            self.text.body = lines;
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
        let key = (row.address.clone(), self.style);
        if self.shown.as_ref() == Some(&key) {
            return None;
        }
        self.waiting = None;
        if let Some(lines) = self.cache.get(&key) {
            self.text.body = lines;
            return None;
        }
        if is_long(row) {
            self.text.body = Arc::default();
            self.waiting = Some(key);
            return Some(Box::new(row.clone()));
        }
        self.text.body = Arc::new(compare(row, self.style));
        self.cache.put(key, Arc::clone(&self.text.body));
        None
    }

    fn lay_out(&mut self) {
        self.gutter = if self.hides_numbers {
            0
        } else {
            layout::gutter_width(&self.text.body)
        };
        self.strips = layout::strips(&self.text, self.width, self.gutter);
        // A head that changes, as it does in a run, moves what was found.
        self.hits = self.text.hits(&self.needle);
        self.resume_scroll();
        self.return_to_place();
        self.scroll = self.scroll.min(self.strips.len().saturating_sub(1));
    }
}

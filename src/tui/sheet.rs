//! Text that is read by scrolling: diagnostics, help, secrets, the list of a confirmation.

use super::wrap::{Cut, cuts};
use crate::show::Line;

/// Lines with a scroll position. How many rows they take depends on the width, so every method asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    lines: Vec<Line>,
    scroll: usize,
}

impl Sheet {
    /// Creates a sheet that shows its first line.
    pub fn new(lines: Vec<Line>) -> Self {
        Self { lines, scroll: 0 }
    }

    /// Returns the lines before wrapping.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the rows at this width: each is a line and the part of it that fits.
    pub fn rows(&self, width: u16) -> Vec<(&Line, Cut)> {
        let wrap = |line| {
            cuts(line, usize::from(width.max(1)))
                .into_iter()
                .map(move |cut| (line, cut))
        };
        self.lines.iter().flat_map(wrap).collect()
    }

    /// Returns the index of the first row on the screen, in a window of this size.
    pub fn first_row(&self, width: u16, height: u16) -> usize {
        self.scroll.min(self.last_first_row(width, height))
    }

    /// Scrolls by a number of rows, negative for up. The last row stays at the lower edge.
    pub fn scroll_by(&mut self, by: isize, width: u16, height: u16) {
        let last = self.last_first_row(width, height);
        // A wider window may have fewer rows than were scrolled past.
        self.scroll = self.scroll.min(last).saturating_add_signed(by).min(last);
    }

    fn last_first_row(&self, width: u16, height: u16) -> usize {
        self.rows(width).len().saturating_sub(usize::from(height))
    }
}

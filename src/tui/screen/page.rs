//! A page in place of header and panes: a head that stays, a list that scrolls, and a question.

use tui_input::Input;

use crate::show::Line;
use crate::tui::sheet::Sheet;
use crate::tui::wrap::cuts;

/// A confirmation that fills the screen.
pub trait Page {
    /// Returns the lines that stay on top, before they are wrapped.
    fn head(&self) -> Vec<Line>;
    /// Returns the list below them.
    fn list(&self) -> &Sheet;
    /// Returns the list, to be scrolled.
    fn list_mut(&mut self) -> &mut Sheet;
    /// Returns the line with the question.
    fn question(&self) -> Line;
    /// Returns what was typed so far, where the answer is a word.
    fn typed(&self) -> Option<&Input>;

    /// Returns the number of rows that the head takes at this width.
    fn head_rows(&self, width: u16) -> usize {
        let rows = |line: &Line| cuts(line, usize::from(width.max(1))).len();
        self.head().iter().map(rows).sum()
    }
}

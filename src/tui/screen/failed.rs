//! There is no plan: the diagnostics, to be read and scrolled.

use super::After;
use crate::tui::workbench::LoadFailure;

/// The screen when loading has failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Why.
    pub failure: LoadFailure,
    /// First line on the screen.
    pub scroll: usize,
    /// What was to be done with the plan; the next try does it.
    pub after: After,
}

impl Failed {
    /// Scrolls; the last line stays on the screen.
    pub fn scroll_by(&mut self, by: isize) {
        let last = self.failure.lines.len().saturating_sub(1);
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }
}

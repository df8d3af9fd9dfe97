//! There is no plan: the diagnostics as they would be printed.

use ratatui::layout::Rect;

use super::paint::Canvas;
use super::sheet;
use crate::tui::screen::Failed;

/// Draws the diagnostics from where they were scrolled to.
pub(super) fn draw(canvas: &mut Canvas, failed: &Failed, area: Rect, framed: bool) {
    sheet::draw(canvas, &failed.diagnostics, area, framed);
}

//! There is no plan: the diagnostics as they would be printed.

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::Role;
use crate::tui::screen::Failed;
use crate::tui::wrap::cuts;

/// Draws the diagnostics from where they were scrolled to.
pub(super) fn draw(canvas: &mut Canvas, failed: &Failed, area: Rect) {
    let mut y = area.y;
    for line in failed.failure.lines.iter().skip(failed.scroll) {
        for cut in cuts(line, usize::from(area.width)) {
            if y >= area.bottom() {
                return;
            }
            canvas.cut(area, y, line, cut);
            y += 1;
        }
    }
    if failed.failure.lines.is_empty() {
        canvas.role(area.x, area.y, area.right(), "no reason was given", Role::Error);
    }
}

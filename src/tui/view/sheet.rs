//! Text that scrolls, and how much of it is below the window.

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::Role;
use crate::tui::sheet::Sheet;

/// Draws the visible rows. The number of rows below them is written on the line under the area when `line_below` says
/// that there is one, else over the end of the last row.
pub(super) fn draw(canvas: &mut Canvas, sheet: &Sheet, area: Rect, line_below: bool) {
    let rows = sheet.rows(area.width);
    let first = sheet.first_row(area.width, area.height);
    for (at, (line, cut)) in rows.iter().skip(first).take(usize::from(area.height)).enumerate() {
        canvas.cut(area, area.y + at as u16, line, *cut);
    }
    let below = rows.len().saturating_sub(first + usize::from(area.height));
    if below > 0 && area.height > 1 {
        let y = area.bottom() - u16::from(!line_below);
        let text = format!(" {below} more ");
        canvas.right(area.x, y, area.right(), &text, canvas.theme.role(Role::Plain));
    }
}

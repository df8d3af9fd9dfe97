//! Confirmations: pages of their own in place of header and panes.

use ratatui::layout::Rect;

use super::paint::Canvas;
use super::sheet;
use crate::show::{Role, printable};
use crate::tui::layout::Layout;
use crate::tui::screen::Page;
use crate::tui::wrap::cuts;

/// Draws a page: its head, its list, and its question.
pub(super) fn draw(canvas: &mut Canvas, page: &dyn Page, layout: &Layout) {
    let areas = layout.page(page.head_rows(layout.header.width));
    head(canvas, page, areas.head);
    if layout.framed {
        let [open_right, open_left, ..] = canvas.glyphs.joints;
        canvas.horizontal_line(layout.area, areas.head.bottom(), [open_right, open_left]);
        canvas.horizontal_line(layout.area, areas.list.bottom(), [open_right, open_left]);
    }
    sheet::draw(canvas, page.list(), areas.list, layout.framed);
    question(canvas, page, areas.question);
}

/// Draws the head. When there is too little room, its beginning is left out: the target, its last line, has to stay.
fn head(canvas: &mut Canvas, page: &dyn Page, area: Rect) {
    let head = page.head();
    let wrap = |line| {
        cuts(line, usize::from(area.width.max(1)))
            .into_iter()
            .map(move |cut| (line, cut))
    };
    let rows: Vec<_> = head.iter().flat_map(wrap).collect();
    let skip = rows.len().saturating_sub(usize::from(area.height));
    for (at, (line, cut)) in rows.into_iter().skip(skip).enumerate() {
        canvas.write_cut(area, area.y + at as u16, line, cut);
    }
}

fn question(canvas: &mut Canvas, page: &dyn Page, area: Rect) {
    if area.height == 0 {
        return;
    }
    let x = canvas.write_line(area, area.y, &page.question());
    if let Some(input) = page.typed() {
        let end = canvas.write(x, area.y, area.right(), &printable(input.value()), Role::Strong);
        canvas.set_cursor(end, area.y);
    }
}

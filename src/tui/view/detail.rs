//! The pane beside the tree: a row and everything that is different about it, wrapped, one column or two.

use ratatui::layout::Rect;

use super::paint::Canvas;
use super::sheet::Visible;
use crate::show::Role;
use crate::tui::detail::{DetailLine, DetailPane, Strip, column_width};

/// Draws the visible part of the detail.
pub(super) fn draw(canvas: &mut Canvas, detail: &DetailPane, area: Rect, framed: bool) {
    let from = detail.scroll().min(detail.strips().len());
    let visible = Visible::of(area, detail.strips().len(), from, framed);
    for (line, strip) in detail.strips()[from..].iter().take(visible.rows).enumerate() {
        draw_strip(canvas, detail, *strip, area, area.y + line as u16);
    }
    if detail.is_waiting() {
        let y = area.y + (detail.strips().len() - from) as u16;
        if y < area.bottom() {
            canvas.write(area.x, y, area.right(), "comparing…", Role::Dim);
        }
    }
    visible.mark(canvas, area);
}

fn draw_strip(canvas: &mut Canvas, detail: &DetailPane, strip: Strip, area: Rect, y: u16) {
    match detail.line(strip.line) {
        Some(DetailLine::Full(line)) => {
            if let Some(cut) = strip.left {
                canvas.write_cut(area, y, line, cut);
            }
        }
        Some(DetailLine::Columns { before, after }) => {
            let width = column_width(usize::from(area.width)) as u16;
            let left_area = Rect { width, ..area };
            let right_area = Rect {
                x: area.x + width + 3,
                width,
                ..area
            };
            if let Some(cut) = strip.left {
                canvas.write_cut(left_area, y, before, cut);
            }
            canvas.vertical_line(area.x + width + 1, y, y + 1);
            if let Some(cut) = strip.right {
                canvas.write_cut(right_area, y, after, cut);
            }
        }
        None => {}
    }
}

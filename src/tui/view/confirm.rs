//! The confirmation: a page of its own in place of header and panes.

use ratatui::layout::Rect;

use super::paint::Canvas;
use super::sheet;
use crate::show::{Line, Role, printable};
use crate::tui::layout::Layout;
use crate::tui::screen::{Confirm, Confirmation};
use crate::tui::wrap::cuts;

/// Draws the page: the sentence and the target, the list, and the question.
pub(super) fn draw(canvas: &mut Canvas, confirm: &Confirm, layout: &Layout) {
    let page = layout.page(confirm.head_rows(layout.header.width));
    head(canvas, confirm, page.head);
    if layout.framed {
        let [open_right, open_left, ..] = canvas.glyphs.joints;
        canvas.horizontal_line(layout.area, page.head.bottom(), [open_right, open_left]);
        canvas.horizontal_line(layout.area, page.list.bottom(), [open_right, open_left]);
    }
    sheet::draw(canvas, &confirm.list, page.list, layout.framed);
    question(canvas, confirm, page.question);
}

/// Draws the sentence and the target. When there is too little room, the beginning of the sentence is left out: the target
/// has to stay.
fn head(canvas: &mut Canvas, confirm: &Confirm, area: Rect) {
    let head = confirm.head();
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

fn question(canvas: &mut Canvas, confirm: &Confirm, area: Rect) {
    if area.height == 0 {
        return;
    }
    let line = match &confirm.confirmation {
        Confirmation::Key => Line::default()
            .push(Role::Field, "y")
            .plain(" apply   ")
            .push(Role::Field, "esc")
            .plain(" back"),
        Confirmation::Typed(word) => Line::default().plain(format!("type `{word}` to apply: ")),
        Confirmation::Refused => Line::default().push(Role::Error, "cannot be applied; esc goes back"),
    };
    let x = canvas.write_line(area, area.y, &line);
    if matches!(confirm.confirmation, Confirmation::Typed(_)) {
        let end = canvas.write(x, area.y, area.right(), &printable(confirm.input.value()), Role::Strong);
        canvas.set_cursor(end, area.y);
    }
}

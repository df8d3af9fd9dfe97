//! The message about the last key or event: on the line above the keys, or in their place where there is no frame. An error
//! that does not fit takes the last line of the panes too.

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::{Line, Role};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::wrap::{cuts, fit, width};

/// The height of the panes from which on a message may take a line of them.
const ROOMY: u16 = 4;

/// Draws the message, if there is one.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    let Some(notice) = &model.notice else { return };
    let is_typing = model
        .board()
        .is_some_and(|board| board.filter.is_some() || board.search.is_some());
    let (row, blank, room) = match layout.framed {
        true => {
            let y = layout.area.bottom().saturating_sub(3);
            let row = Rect::new(2, y, layout.area.width.saturating_sub(3), 1);
            (row, " ", layout.area.width.saturating_sub(16))
        }
        // What is typed has the line.
        false if is_typing || layout.footer.height == 0 => return,
        false => (layout.footer, "", layout.footer.width),
    };
    let role = match notice.spans.first().map_or(Role::Plain, |span| span.role) {
        // The rule around the message is dim already.
        Role::Dim if layout.framed => Role::Plain,
        role => role,
    };
    // The last line of a page is its question. What is no error hides nothing.
    let has_room = role == Role::Error && layout.body.height >= ROOMY && !model.is_confirming();
    let (above, text) = rows(&notice.text(), usize::from(room), has_room);
    if let Some(above) = above {
        let last = Rect {
            y: layout.body.bottom() - 1,
            height: 1,
            ..layout.body
        };
        canvas.clear(last);
        let x = if layout.framed { last.x + 1 } else { last.x };
        canvas.write(x, last.y, last.right(), &above, role);
    }
    canvas.write(row.x, row.y, row.right(), &format!("{blank}{text}{blank}"), role);
}

/// Returns what is written above, if one row is too little, and what is written on the row itself.
fn rows(text: &str, room: usize, has_room: bool) -> (Option<String>, String) {
    if width(text) <= room || !has_room {
        return (None, fit(text, room));
    }
    let line = Line::default().plain(text);
    let cuts = cuts(&line, room);
    match cuts.as_slice() {
        [first, second, ..] => {
            let rest = fit(&text[second.start..], room);
            (Some(text[first.start..first.end].to_owned()), rest)
        }
        _ => (None, fit(text, room)),
    }
}

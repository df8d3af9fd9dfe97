//! Dialogs in front of the screen: a box in the middle of it, or all of it when it is small.

use ratatui::layout::Rect;
use tui_input::Input;

use super::paint::Canvas;
use super::sheet;
use crate::show::progress::in_flight_text;
use crate::show::selection::ignored_subject;
use crate::show::{Line, Role, printable};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::screen::{IgnoreField, IgnorePage, Screen};
use crate::tui::sheet::Sheet;
use crate::tui::wrap::{Cut, cuts, width};

/// The maximum number of columns of text in a box.
const TEXT: u16 = 72;

/// Draws the question before leaving a run.
pub(super) fn leave(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    let running = match &model.screen {
        Screen::Run(run) => run.progress.tally().running,
        _ => 0,
    };
    let lines = [
        Line::default().push(Role::Strong, in_flight_text(running)),
        Line::default().plain("stop: nothing new starts, what is in flight finishes, then it leaves"),
        Line::default(),
        Line::default()
            .push(Role::Field, "y")
            .plain(" stop and leave   ")
            .push(Role::Field, "esc")
            .plain(" stay"),
    ];
    draw_box(canvas, " leave? ", &lines, layout);
}

/// Draws the question why drift is ignored, and until when. Each typed text has one line, of which the end is shown.
pub(super) fn ignore(canvas: &mut Canvas, page: &IgnorePage, layout: &Layout) {
    let room = usize::from(TEXT.min(layout.area.width.saturating_sub(12)));
    let typed = |label: &str, input: &Input| {
        let text = printable(input.value());
        let skip = text
            .chars()
            .count()
            .saturating_sub(room.saturating_sub(label.len() + 1));
        Line::default()
            .push(Role::Field, label)
            .push(Role::Strong, text.chars().skip(skip).collect::<String>())
    };
    let lines = [
        Line::default().plain(ignored_subject(&page.rows, page.field.as_ref())),
        Line::default(),
        typed("reason: ", &page.reason),
        typed("until:  ", &page.until),
    ];
    let inner = draw_box(canvas, " ignore drift ", &lines, layout);
    let (line, below) = match page.typing {
        IgnoreField::Reason => (&lines[2], 2),
        IgnoreField::Until => (&lines[3], 1),
    };
    if inner.height >= below {
        canvas.set_cursor(inner.x + width(&line.text()) as u16, inner.bottom() - below);
    }
}

/// Draws a box around these lines. Returns the area of the text.
fn draw_box(canvas: &mut Canvas, title: &str, lines: &[Line], layout: &Layout) -> Rect {
    let outer = layout.area;
    let columns = TEXT
        .min(outer.width.saturating_sub(if layout.framed { 8 } else { 4 }))
        .max(1);
    let wrapped: Vec<(&Line, Cut)> = lines
        .iter()
        .flat_map(|line| cuts(line, usize::from(columns)).into_iter().map(move |cut| (line, cut)))
        .collect();
    let height = (wrapped.len() as u16 + 2).min(outer.height);
    // On each side of the text are the border and a blank.
    let area = centered(outer, columns + 4, height);
    canvas.draw_frame(area);
    canvas.write(area.x + 2, area.y, area.right().saturating_sub(1), title, Role::Strong);
    let inner = Rect::new(area.x + 2, area.y + 1, columns, area.height.saturating_sub(2));
    // The question is the last line: when the box is too small, the first ones go.
    let skip = wrapped.len().saturating_sub(usize::from(inner.height));
    for (at, (line, cut)) in wrapped.iter().skip(skip).enumerate() {
        canvas.write_cut(inner, inner.y + at as u16, line, *cut);
    }
    inner
}

/// Returns a box of this size in the middle of an area.
pub(super) fn centered(outer: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(outer.width), height.min(outer.height));
    Rect {
        x: outer.x + (outer.width - width) / 2,
        y: outer.y + (outer.height - height) / 2,
        width,
        height,
    }
}

/// Draws a list in a box that fills most of the screen.
pub(super) fn list(canvas: &mut Canvas, title: &str, list: &Sheet, layout: &Layout) {
    let (columns, most) = layout.list_size();
    let rows = u16::try_from(list.rows(columns).len()).unwrap_or(u16::MAX);
    let area = centered(layout.area, columns + 4, rows.min(most).saturating_add(2));
    canvas.draw_frame(area);
    canvas.write(area.x + 2, area.y, area.right().saturating_sub(1), title, Role::Strong);
    let inner = Rect::new(
        area.x + 2,
        area.y + 1,
        area.width.saturating_sub(4),
        area.height.saturating_sub(2),
    );
    sheet::draw(canvas, list, inner, true);
}

//! Drawing: reads the model, changes nothing. Only what is visible is laid out.

mod chrome;
mod detail;
mod dialog;
mod failed;
mod header;
mod help;
mod loading;
mod log;
mod paint;
mod secrets;
mod state;
mod tree;

use ratatui::Frame;

use self::paint::Canvas;
use super::board::Board;
use super::layout::Layout;
use super::model::Model;
use super::screen::{Overlay, Screen};

/// Draws a frame.
pub fn view(model: &Model, frame: &mut Frame) {
    let mut layout = model.layout();
    layout.area = frame.area();
    if model.size != (layout.area.width, layout.area.height) {
        return;
    }
    let canvas = &mut Canvas::new(frame.buffer_mut(), model);
    chrome::draw(canvas, model, &layout);
    match &model.screen {
        Screen::Loading(loading) => loading::draw(canvas, model, loading, layout.body),
        Screen::Failed(failed) => failed::draw(canvas, failed, layout.body),
        Screen::Review(review) => panes(canvas, model, &review.board, &layout),
        Screen::Run(run) => panes(canvas, model, &run.board, &layout),
    }
    overlay(canvas, model, &layout);
    if let Some(position) = canvas.cursor() {
        frame.set_cursor_position(position);
    }
}

fn panes(canvas: &mut Canvas, model: &Model, board: &Board, layout: &Layout) {
    if let Some(area) = layout.tree {
        tree::draw(canvas, model, board, area);
    }
    let Some(area) = layout.detail else { return };
    match &model.screen {
        Screen::Run(run) if run.log_open => log::draw(canvas, run, area),
        _ => detail::draw(canvas, &board.detail, area, layout.framed),
    }
}

fn overlay(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    match &model.overlay {
        Some(Overlay::Help { scroll }) => help::draw(canvas, model, layout, *scroll),
        Some(Overlay::Secrets { scroll }) => secrets::draw(canvas, model, layout, *scroll),
        Some(Overlay::Confirm(confirm)) => dialog::confirm(canvas, confirm, layout),
        Some(Overlay::Leave) => dialog::leave(canvas, model, layout),
        None => {}
    }
}

/// How far the list in front of the screen can be scrolled.
pub(super) fn list_end(model: &Model) -> usize {
    match &model.overlay {
        Some(Overlay::Help { .. }) => help::end(model),
        Some(Overlay::Secrets { .. }) => secrets::end(model),
        _ => 0,
    }
}

//! Drawing: reads the model, changes nothing. Only what is visible is laid out.

mod chrome;
mod confirm;
mod detail;
mod dialog;
mod failed;
mod header;
mod loading;
mod log;
mod message;
mod paint;
mod palette;
mod sheet;
mod state;
mod tree;
mod whole_plan;

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
    // The terminal was resized after the model was adapted to it. The resize event that follows draws the next frame.
    if model.size != (layout.area.width, layout.area.height) {
        return;
    }
    let canvas = &mut Canvas::new(frame.buffer_mut(), model);
    canvas.clear(layout.area);
    chrome::draw(canvas, model, &layout);
    match &model.screen {
        _ if model.is_confirming() => {}
        Screen::Loading(loading) => loading::draw(canvas, model, loading, layout.body),
        Screen::Failed(failed) => failed::draw(canvas, failed, layout.body, layout.framed),
        Screen::Review(review) => panes(canvas, model, &review.board, &layout),
        Screen::Run(run) => panes(canvas, model, &run.board, &layout),
    }
    message::draw(canvas, model, &layout);
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
        _ => {
            detail::draw(canvas, &board.detail, area, layout.framed);
            whole_plan::draw(canvas, model, board, area);
        }
    }
}

fn overlay(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    match &model.overlay {
        Some(Overlay::Palette(list)) => palette::draw(canvas, list, layout),
        Some(Overlay::Secrets(names)) => dialog::list(canvas, " secrets: names only, never values ", names, layout),
        Some(Overlay::Confirm(page)) => confirm::draw(canvas, page.as_ref(), layout),
        Some(Overlay::Adopt(page)) => confirm::draw(canvas, page.as_ref(), layout),
        Some(Overlay::Push(page)) => confirm::draw(canvas, page.as_ref(), layout),
        Some(Overlay::Ignore(page)) => dialog::ignore(canvas, page, layout),
        Some(Overlay::Leave) => dialog::leave(canvas, model, layout),
        None => {}
    }
}

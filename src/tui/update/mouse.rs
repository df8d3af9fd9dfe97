//! The mouse: a click moves the cursor, the wheel scrolls what is below the pointer. Every action has a key too.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::family::act;
use crate::tui::action::{Action, Movement, Select};
use crate::tui::board::Focus;
use crate::tui::message::Effects;
use crate::tui::model::{KeyContext, Model};
use crate::tui::screen::Screen;

/// The number of lines that one notch of the wheel scrolls.
const NOTCH: isize = 3;

pub(super) fn handle(model: &mut Model, event: MouseEvent) -> Effects {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollUp => wheel(model, at, -NOTCH),
        MouseEventKind::ScrollDown => wheel(model, at, NOTCH),
        MouseEventKind::Down(MouseButton::Left) => return click(model, at),
        _ => {}
    }
    Effects::new()
}

fn wheel(model: &mut Model, at: Position, by: isize) {
    if model.overlay.is_some() || model.board().is_none() {
        return super::movement::move_by(model, by);
    }
    let layout = model.layout();
    if let Screen::Run(run) = &mut model.screen
        && run.log_open
        && layout.detail.is_some_and(|area| area.contains(at))
    {
        return super::movement::scroll_log(run, by);
    }
    let Some(board) = model.board_mut() else { return };
    if let Some(area) = layout.tree.filter(|area| area.contains(at)) {
        board.outline.scroll(by, usize::from(area.height));
    } else if let Some(area) = layout.detail.filter(|area| area.contains(at)) {
        board.detail.scroll_by(by, usize::from(area.height));
    }
}

fn click(model: &mut Model, at: Position) -> Effects {
    // A click beside a dialog must not change what is behind it.
    if model.overlay.is_some() {
        return Effects::new();
    }
    let layout = model.layout();
    model.notice = None;
    match (layout.tree, layout.detail) {
        (Some(area), _) if area.contains(at) => click_tree(model, area, at),
        (_, Some(area)) if area.contains(at) => {
            if let Some(board) = model.board_mut() {
                board.focus = Focus::Detail;
            }
            Effects::new()
        }
        _ => Effects::new(),
    }
}

/// A click on a box toggles it; a click on the line below the cursor opens it.
fn click_tree(model: &mut Model, area: Rect, at: Position) -> Effects {
    let reviewing = matches!(
        model.screen_context_without_filter(),
        KeyContext::Review | KeyContext::Pull
    );
    let Some(board) = model.board_mut() else {
        return Effects::new();
    };
    let position = board.outline.top() + usize::from(at.y - area.y);
    if position >= board.outline.shown().len() {
        return Effects::new();
    }
    let same = position == board.outline.cursor() && board.focus == Focus::Tree;
    board.focus = Focus::Tree;
    board.outline.go_to(position);
    let depth = board.outline.current().map_or(0, |node| node.depth);
    let column = usize::from(at.x - area.x);
    // As `view::tree` draws a row: the indent, two columns for the fold mark, then three for the box.
    let on_box = (depth * 2 + 2..depth * 2 + 5).contains(&column);
    // A plan that was read from a record has no boxes.
    if on_box && reviewing && model.refusal(Action::Select(Select::Toggle)).is_none() {
        return act(model, Action::Select(Select::Toggle));
    }
    if same {
        act(model, Action::Move(Movement::Open))
    } else {
        Effects::new()
    }
}

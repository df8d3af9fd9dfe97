//! Passes an action to the file of its family.

use super::{desk, dialog, movement, process, selection, task, view_option, watch};
use crate::tui::action::Action;
use crate::tui::message::Effects;
use crate::tui::model::Model;

/// Carries out an action and returns its effects.
pub(super) fn act(model: &mut Model, action: Action) -> Effects {
    match action {
        Action::Move(action) => movement::handle(model, action),
        Action::View(action) => view_option::handle(model, action),
        Action::Select(action) => return selection::handle(model, action),
        Action::Desk(action) => return desk::handle(model, action),
        Action::Dialog(action) => return dialog::handle(model, action),
        Action::Task(action) => return task::handle(model, action),
        Action::Watch => return watch::toggle(model),
        Action::Process(action) => return process::handle(model, action),
    }
    Effects::new()
}

//! Pushing secrets to the server, after a page that shows what is there. The values never get here.

use crate::show::Role;
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{Overlay, PushPage};
use crate::tui::workbench::SecretComparison;

/// Opens the page, and has both sides compared.
pub(super) fn open(model: &mut Model) -> Effects {
    let page = model.push_pages + 1;
    let Some(board) = model.board() else {
        return Effects::new();
    };
    let opened = PushPage::new(page, &board.facts);
    model.push_pages = page;
    model.overlay = Some(Overlay::Push(Box::new(opened)));
    vec![Effect::CompareSecrets(page)]
}

/// Shows how both sides compare, unless the page was closed meanwhile, or another one was opened.
pub(super) fn compared(model: &mut Model, page: u64, result: Result<SecretComparison, String>) {
    let Some(Overlay::Push(shown)) = &mut model.overlay else {
        return;
    };
    if shown.number() != page {
        return;
    }
    match result {
        Ok(comparison) => shown.show(comparison),
        Err(message) => {
            model.overlay = None;
            model.notice = Some(notice(Role::Error, message));
        }
    }
}

/// Asks whether what differs is replaced too.
pub(super) fn replace(model: &mut Model) {
    if let Some(Overlay::Push(page)) = &mut model.overlay {
        page.ask_to_replace();
    }
}

/// Sends what was approved.
pub(super) fn begin(model: &mut Model) -> Effects {
    let Some(Overlay::Push(page)) = &mut model.overlay else {
        return Effects::new();
    };
    let was_typed = page.is_typed();
    if let Some(replaces) = page.begin() {
        let page = page.number();
        return vec![Effect::PushSecrets { page, replaces }];
    }
    if was_typed {
        let text = format!("type `{}` to send them, esc goes back", page.word());
        model.notice = Some(notice(Role::Warning, text));
    }
    Effects::new()
}

/// Plans again: rows may refer to what the server has now, also where it is not known what that is.
pub(super) fn pushed(model: &mut Model, result: Result<String, String>) -> Effects {
    if let Some(ending) = model.leaving {
        return super::process::leave_answered(model, ending, result);
    }
    let line = match result {
        Ok(text) => notice(Role::Success, text),
        Err(message) => notice(Role::Error, message),
    };
    model.overlay = None;
    super::task::replan_with(model, Some(line))
}

//! Dialogs: help, secrets, the question before an apply, and the line that is being typed.

use crossterm::event::KeyCode;

use super::view_option;
use crate::apply::Cancel;
use crate::show::Role;
use crate::show::watch::MEND_FIRST;
use crate::tui::action::DialogAction;
use crate::tui::exit::ExitReason;
use crate::tui::key::Key;
use crate::tui::keymap::palette;
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{Confirm, Confirmation, Overlay, Palette, RunScreen, RunState, Screen, secrets_sheet};
use crate::tui::workbench::AdoptRequest;

/// The keys that users press after `y` out of habit.
const AFTER_Y: &[Key] = &[Key::char('e'), Key::char('s'), Key::of(KeyCode::Enter)];

pub(super) fn handle(model: &mut Model, action: DialogAction) -> Effects {
    match action {
        DialogAction::Help => model.overlay = Some(Overlay::Palette(Box::new(Palette::new(palette(model))))),
        DialogAction::Secrets => {
            let secrets = model.board().map(|board| board.facts.secrets.as_slice());
            let sheet = secrets_sheet(secrets.unwrap_or_default(), &model.glyphs);
            model.overlay = Some(Overlay::Secrets(sheet));
        }
        DialogAction::Push => return super::push::open(model),
        DialogAction::Replace => super::push::replace(model),
        DialogAction::Ask => return ask(model),
        DialogAction::Yes => return agree(model),
        DialogAction::Enter => return enter(model),
        DialogAction::OtherField => {
            if let Some(Overlay::Ignore(page)) = &mut model.overlay {
                page.other_field();
            }
        }
        DialogAction::Close => close(model),
    }
    Effects::new()
}

/// Opens the confirmation and has the guards asked about it.
pub(super) fn ask(model: &mut Model) -> Effects {
    let Screen::Review(review) = &model.screen else {
        return Effects::new();
    };
    if super::watch::is_broken(model) {
        model.notice = Some(notice(Role::Warning, MEND_FIRST));
        return Effects::new();
    }
    if review.selection.is_empty() {
        let text = "nothing is selected: `space` selects, `A` selects everything";
        model.notice = Some(notice(Role::Dim, text));
        return Effects::new();
    }
    if review.board.facts.pull.is_some() {
        let rows = review.selection.all();
        return super::desk::open(model, AdoptRequest { rows, field: None });
    }
    model.overlay = Some(Overlay::Confirm(Box::new(Confirm::of(review))));
    vec![Effect::Check(review.request())]
}

fn agree(model: &mut Model) -> Effects {
    if matches!(model.overlay, Some(Overlay::Adopt(_))) {
        return super::desk::write(model);
    }
    if matches!(model.overlay, Some(Overlay::Push(_))) {
        return super::push::begin(model);
    }
    match model.overlay.take() {
        Some(Overlay::Confirm(confirm)) if confirm.is_answered() => {
            if confirm.confirmation == Confirmation::Key {
                model.ignored_keys = AFTER_Y;
            }
            begin(model)
        }
        Some(Overlay::Leave) => stop_and_leave(model),
        other => {
            model.overlay = other;
            Effects::new()
        }
    }
}

/// Turns the review into a run with the same tree.
fn begin(model: &mut Model) -> Effects {
    let review = match model.take_screen() {
        Screen::Review(review) => review,
        other => {
            model.screen = other;
            return Effects::new();
        }
    };
    super::watch::note_saved(model);
    let request = review.request();
    let mut board = review.board;
    (board.filter, board.search, board.range_from) = (None, None, None);
    let cancel = Cancel::new();
    model.screen = Screen::Run(Box::new(RunScreen::new(board, cancel.clone(), model.now_ms)));
    vec![Effect::Apply(request, cancel)]
}

fn stop_and_leave(model: &mut Model) -> Effects {
    if let Screen::Run(run) = &mut model.screen {
        // The run may have ended while the question was open.
        if run.has_ended() {
            return super::process::leave(model);
        }
        if !run.cancel.is_stopping() {
            run.cancel.interrupt();
        }
        run.state = RunState::Leaving(ExitReason::Interrupted);
        model.notice = Some(notice(Role::Warning, "leaving when what is in flight has ended"));
    }
    Effects::new()
}

fn enter(model: &mut Model) -> Effects {
    if matches!(model.overlay, Some(Overlay::Ignore(_))) {
        return super::desk::because(model);
    }
    if matches!(model.overlay, Some(Overlay::Push(_))) {
        return super::push::begin(model);
    }
    // Only the line is closed here; the filter, or what is searched for, stays.
    if let Some(board) = model.board_mut()
        && (board.filter.take().is_some() || board.search.take().is_some())
    {
        return Effects::new();
    }
    if let Some(Overlay::Confirm(confirm)) = &model.overlay
        && !confirm.is_answered()
    {
        if let Confirmation::Typed(word) = &confirm.confirmation {
            model.notice = Some(notice(Role::Warning, format!("type `{word}` to apply, esc goes back")));
        }
        return Effects::new();
    }
    agree(model)
}

fn close(model: &mut Model) {
    if model.overlay.take().is_some() {
        return;
    }
    if let Some(board) = model.board_mut()
        && let Some(input) = board.filter.as_mut().or(board.search.as_mut())
    {
        input.reset();
    }
    view_option::apply_typed(model);
    if let Some(board) = model.board_mut() {
        (board.filter, board.search) = (None, None);
    }
}

//! What a message does to the model, and what has to be done outside because of it.
//!
//! Pure: no IO, no clock. Each family of actions is carried out in a file of its own; this one only hands them on, and
//! afterwards brings cursor, scroll position and detail in line with what changed.

mod announce;
mod desk;
mod dialog;
mod family;
mod incoming;
mod mouse;
mod movement;
mod palette;
mod process;
mod push;
mod selection;
mod task;
mod view_option;
mod watch;

use tui_input::Input;
use tui_input::backend::crossterm::to_input_request;

use self::family::act;
use super::action::{Action, DialogAction};
use super::board::{Board, Focus};
use super::exit::{ExitReason, TuiExit};
use super::key::Key;
use super::keymap::lookup;
use super::message::{Effect, Effects, Message, notice};
use super::model::Model;
use super::screen::{Overlay, Screen};
use super::watch::Watch;
use crate::show::announce::{COMPARING, WAITING};
use crate::show::{Line, Role};

/// Changes the model as a message demands, and returns what has to be done outside because of it.
pub fn update(model: &mut Model, message: Message) -> Effects {
    let is_another_screen = matches!(message, Message::Loaded(_) | Message::RunEnded(_) | Message::Watched(_));
    let mut effects = dispatch(model, message);
    if is_another_screen {
        palette::refresh(model);
    }
    effects.extend(watch::wanted(model));
    effects.extend(settle(model));
    effects.extend(announce::title(model));
    effects
}

/// Returns the result of the screen when it is left for this reason.
pub fn exit(model: &Model, ending: ExitReason) -> TuiExit {
    process::exit(model, ending)
}

fn dispatch(model: &mut Model, message: Message) -> Effects {
    match message {
        Message::Clock(now_ms) => incoming::clock(model, now_ms),
        Message::Resize { width, height } => incoming::resize(model, width, height),
        Message::LoadStep(step) => incoming::load_step(model, step),
        Message::Loaded(result) => return incoming::loaded(model, *result),
        Message::Checked(refusal) => incoming::checked(model, refusal),
        Message::Replanned(plan) => incoming::replanned(model, *plan),
        Message::Run(event) => incoming::run_event(model, event),
        Message::RunEnded(result) => return incoming::run_ended(model, result),
        Message::Compared { address, style, lines } => incoming::compared(model, address, style, lines),
        Message::Adoption { request, result } => desk::adoption(model, &request, result),
        Message::Adopted(result) => return desk::adopted(model, result),
        Message::SecretsCompared { page, result } => push::compared(model, page, result),
        Message::SecretsPushed(result) => return push::pushed(model, result),
        Message::Exported(result) => palette::exported(model, result),
        Message::Ignored(result) => desk::ignored(model, *result),
        Message::Watched(news) => return watch::news(model, news),
        Message::PlanTaken { number, taken } => watch::taken(model, number, taken),
        Message::Focused => return watch::focused(model),
        Message::Edited(result) => return incoming::edited(model, result),
        Message::Terminate => return process::terminate(model),
        Message::Key(key) => return press(model, key),
        Message::Paste(text) => paste(model, &text),
        Message::Mouse(event) => return mouse::handle(model, event),
    }
    Effects::new()
}

fn press(model: &mut Model, key: Key) -> Effects {
    // A notice is about the last key.
    model.notice = None;
    if finishes_word(model, key) {
        return Effects::new();
    }
    let binding = lookup(model, key);
    if let Some(reason) = binding.and_then(|binding| model.refusal(binding.action)) {
        model.notice = Some(notice(Role::Plain, reason));
        return Effects::new();
    }
    match binding {
        Some(binding) if (binding.when)(model) => perform(model, binding.action),
        Some(binding) => {
            let text = waiting(model).unwrap_or(binding.otherwise);
            let text = Some(text).filter(|text| !text.is_empty());
            model.notice = text.map(|text| notice(Role::Plain, text));
            Effects::new()
        }
        None if model.context().types() => {
            typed(model, key);
            Effects::new()
        }
        None => Effects::new(),
    }
}

/// Returns what a key has to wait for that does nothing now.
fn waiting(model: &Model) -> Option<&'static str> {
    match &model.overlay {
        Some(overlay) if overlay.awaits().is_some() => Some(WAITING),
        Some(Overlay::Push(page)) if page.is_comparing() => Some(COMPARING),
        _ => None,
    }
}

/// Carries out an action. Enter in the palette carries out another one.
fn perform(model: &mut Model, action: Action) -> Effects {
    let runs = action == Action::Dialog(DialogAction::Enter) && matches!(model.overlay, Some(Overlay::Palette(_)));
    if runs { palette::run(model) } else { act(model, action) }
}

/// Whether a key only finishes the word that `y` began: it must not open the editor of the run that has just started.
fn finishes_word(model: &mut Model, key: Key) -> bool {
    match std::mem::take(&mut model.ignored_keys).split_first() {
        Some((next, rest)) if *next == key => {
            model.ignored_keys = rest;
            true
        }
        _ => false,
    }
}

/// Returns the line that is being typed, if there is one.
fn input(model: &mut Model) -> Option<&mut Input> {
    match (&mut model.overlay, &mut model.screen) {
        (Some(Overlay::Confirm(confirm)), _) => Some(&mut confirm.input),
        (Some(Overlay::Ignore(page)), _) => Some(page.input()),
        (Some(Overlay::Push(page)), _) => page.input(),
        (Some(Overlay::Palette(palette)), _) => Some(&mut palette.input),
        (None, screen) => {
            let board = screen.board_mut()?;
            board.filter.as_mut().or(board.search.as_mut())
        }
        _ => None,
    }
}

fn typed(model: &mut Model, key: Key) {
    let event = crossterm::event::Event::Key(key.event());
    if let (Some(request), Some(input)) = (to_input_request(&event), input(model)) {
        input.handle(request);
    }
    view_option::apply_typed(model);
}

/// Pasted text is typed where something is typed, and ignored elsewhere: it never presses keys.
fn paste(model: &mut Model, text: &str) {
    // Lines become words beside each other.
    let text = text.lines().collect::<Vec<_>>().join(" ");
    let characters = text.chars().filter(|character| !character.is_control());
    if let Some(input) = input(model) {
        for character in characters {
            input.handle(tui_input::InputRequest::InsertChar(character));
        }
    }
    view_option::apply_typed(model);
}

/// Brings cursor, scroll position and detail in line with the rest.
fn settle(model: &mut Model) -> Option<Effect> {
    let layout = model.layout();
    // An error may hide the last line of the detail, until the next key.
    let shows_error = |notice: &Line| notice.spans.iter().any(|span| span.role == Role::Error);
    let hides = model.notice.as_ref().is_some_and(shows_error);
    let reviews = matches!(model.screen, Screen::Review(_)) && model.page().is_none() && !hides;
    let diagnostics = model.watch.as_ref().and_then(Watch::diagnostics);
    let (head, is_broken) = match diagnostics {
        Some(lines) => (lines.to_vec(), true),
        None => (super::head::lines(model), false),
    };
    let board = model.board_mut()?;
    let tree_height = layout.tree.unwrap_or(layout.body).height;
    board.outline.keep_visible(usize::from(tree_height).max(1));
    // Laying out the detail may need a comparison, which would be wasted on a pane that is not on the screen.
    if layout.detail.is_none() && board.focus == Focus::Tree {
        return None;
    }
    let pane = layout.detail.unwrap_or(layout.body);
    let width = pane.width;
    let Board {
        outline,
        plan,
        detail,
        looked,
        ..
    } = board;
    let row = outline.current().and_then(|node| node.row).filter(|_| !is_broken);
    let row = row.map(|row| &plan.rows[row]);
    let style = detail.style();
    let long = detail.show(head, row, usize::from(width));
    if let Some(row) = row
        && reviews
        && detail.view(usize::from(pane.height))
    {
        looked.see(row);
    }
    long.map(|row| Effect::Compare { row, style })
}

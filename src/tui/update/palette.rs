//! Runs what was chosen or typed in the palette.

use std::collections::BTreeSet;

use tui_input::Input;

use super::family::act;
use super::{selection, task};
use crate::plan::Row;
use crate::resource::{Address, Pattern};
use crate::show::Role;
use crate::tui::keymap;
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{Overlay, PaletteRun};
use crate::tui::typed_command::{CommandSyntax, TypedCommand};
use crate::tui::workbench::ExportRequest;

/// Lists what can be done now, if the palette was opened on another screen.
pub(super) fn refresh(model: &mut Model) {
    if matches!(model.overlay, Some(Overlay::Palette(_))) {
        let entries = keymap::palette(model);
        if let Some(Overlay::Palette(palette)) = &mut model.overlay {
            palette.replace(entries);
        }
    }
}

/// Runs the entry at the cursor, and closes the palette unless something has to be typed first.
pub(super) fn run(model: &mut Model) -> Effects {
    let Some(Overlay::Palette(palette)) = &mut model.overlay else {
        return Effects::new();
    };
    let Some(entry) = palette.current() else {
        return Effects::new();
    };
    let chosen = entry.run.clone();
    let argument = palette.argument().to_owned();
    if let PaletteRun::Command(syntax) = &chosen {
        let is_typed = palette.input.value().trim_start().starts_with(syntax.name);
        if !is_typed || (argument.is_empty() && !syntax.may_be_bare) {
            palette.input = Input::new(format!("{} ", syntax.name));
            palette.narrow();
            return Effects::new();
        }
    }
    model.overlay = None;
    match chosen {
        PaletteRun::Action(action) => act(model, action),
        PaletteRun::Impossible(reason) => {
            model.notice = (!reason.is_empty()).then(|| notice(Role::Plain, reason));
            Effects::new()
        }
        PaletteRun::Command(syntax) => command(model, syntax, &argument),
    }
}

fn command(model: &mut Model, syntax: &CommandSyntax, argument: &str) -> Effects {
    match syntax.command {
        TypedCommand::Only | TypedCommand::Without => choose_rows(model, syntax.command, argument),
        TypedCommand::Target => target(model, argument),
        TypedCommand::Context => {
            model.scope.context = (!argument.is_empty()).then(|| argument.to_owned());
            task::replan_in_scope(model)
        }
        TypedCommand::Export | TypedCommand::ExportOver => vec![Effect::Export(ExportRequest {
            file: argument.into(),
            replaces: syntax.command == TypedCommand::ExportOver,
        })],
    }
}

/// Selects the rows that patterns cover, or leaves them out.
fn choose_rows(model: &mut Model, command: TypedCommand, argument: &str) -> Effects {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let patterns = match Pattern::parse_words(&words) {
        Ok(patterns) => patterns,
        Err(error) => {
            model.notice = Some(notice(Role::Error, error.to_string()));
            return Effects::new();
        }
    };
    let covered = |row: &&Row| row.writes() && patterns.iter().any(|pattern| pattern.covers(&row.address));
    let rows = model.board().map(|board| board.plan.rows.iter().filter(covered));
    let rows: BTreeSet<Address> = rows.into_iter().flatten().map(|row| row.address.clone()).collect();
    if rows.is_empty() {
        let text =
            format!("`{argument}` covers nothing that can be applied; addresses look like `platform.triage.telegram`");
        model.notice = Some(notice(Role::Warning, text));
        return Effects::new();
    }
    match command {
        TypedCommand::Without => selection::leave_out(model, &rows),
        _ => selection::select_only(model, rows),
    }
    Effects::new()
}

/// Plans again for the rows that patterns cover. What is typed wrong is said here, and nothing is loaded.
fn target(model: &mut Model, argument: &str) -> Effects {
    let words: Vec<&str> = argument.split_whitespace().collect();
    match Pattern::parse_words(&words) {
        Ok(patterns) => {
            let texts = patterns.iter().map(|pattern| pattern.as_str().to_owned());
            model.scope.targets = Some(texts.collect());
            task::replan_in_scope(model)
        }
        Err(error) => {
            model.notice = Some(notice(Role::Error, error.to_string()));
            Effects::new()
        }
    }
}

/// Says where the plan was written, or why it was not.
pub(super) fn exported(model: &mut Model, result: Result<String, String>) {
    model.notice = Some(match result {
        Ok(text) => notice(Role::Plain, text),
        Err(text) => notice(Role::Error, text),
    });
}

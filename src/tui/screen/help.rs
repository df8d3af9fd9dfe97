//! The help: every key of a screen, read from the key table.

use crate::show::{Line, Role};
use crate::tui::keymap::{self, Binding};
use crate::tui::model::{KeyContext, Model};
use crate::tui::sheet::Sheet;

/// Returns the help of a screen.
pub fn help_sheet(model: &Model, context: KeyContext) -> Sheet {
    Sheet::new(
        keymap::help(context)
            .map(|binding| line(model, binding, context))
            .collect(),
    )
}

fn line(model: &Model, binding: &'static Binding, context: KeyContext) -> Line {
    let keys: Vec<String> = keymap::keys(model, binding, context)
        .iter()
        .map(ToString::to_string)
        .collect();
    Line::default()
        .push(Role::Field, format!("{:<12}", keys.join(" ")))
        .plain(binding.help)
}

//! The help: every key of a screen, read from the key table.

use crate::show::{Line, Role};
use crate::tui::keymap::{self, Binding};
use crate::tui::model::KeyContext;
use crate::tui::sheet::Sheet;

/// Returns the help of a screen.
pub fn help_sheet(context: KeyContext) -> Sheet {
    Sheet::new(keymap::help(context).map(line).collect())
}

fn line(binding: &Binding) -> Line {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    Line::default()
        .push(Role::Field, format!("{:<12}", keys.join(" ")))
        .plain(binding.help)
}

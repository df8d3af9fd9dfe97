//! Every key of the screen behind it, read from the key table.

use super::dialog;
use super::paint::Canvas;
use crate::show::{Line, Role};
use crate::tui::keymap::{self, Binding};
use crate::tui::layout::Layout;
use crate::tui::model::Model;

/// Draws the help.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, layout: &Layout, scroll: usize) {
    dialog::list(canvas, " keys ", &lines(model), scroll, layout);
}

/// Lines of the help.
pub(super) fn length(model: &Model) -> usize {
    lines(model)
        .len()
        .saturating_sub(usize::from(model.size.1.saturating_sub(4)))
}

fn lines(model: &Model) -> Vec<Line> {
    keymap::help(model.bare_context()).map(line).collect()
}

fn line(binding: &Binding) -> Line {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    Line::default()
        .push(Role::Field, format!("{:<12}", keys.join(" ")))
        .plain(binding.help)
}

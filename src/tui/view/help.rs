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

/// How far it can be scrolled.
pub(super) fn end(model: &Model) -> usize {
    dialog::list_end(&lines(model), &model.layout())
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

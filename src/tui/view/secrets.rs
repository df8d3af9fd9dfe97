//! Every `$NAME` that the files use: where its value came from, where it is used. Never a value.
//!
//! ```text
//! ✓ TELEGRAM_TOKEN   .env.local    lobu.toml:12, lobu.toml:40   sent
//! ✗ SLACK_TOKEN      missing       lobu.toml:21
//! ```

use super::dialog;
use super::paint::Canvas;
use crate::show::{Line, Role};
use crate::tui::glyph::Glyphs;
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::workbench::SecretRow;
use crate::tui::wrap::width;

/// Draws the secrets.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, layout: &Layout, scroll: usize) {
    dialog::list(
        canvas,
        " secrets: names only, never values ",
        &lines(model),
        scroll,
        layout,
    );
}

/// How far it can be scrolled.
pub(super) fn end(model: &Model) -> usize {
    dialog::list_end(&lines(model), &model.layout())
}

fn lines(model: &Model) -> Vec<Line> {
    let rows = model
        .board()
        .map(|board| board.facts.secrets.as_slice())
        .unwrap_or_default();
    if rows.is_empty() {
        return vec![Line::default().push(Role::Dim, "the files use no secret")];
    }
    let name = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let source = rows
        .iter()
        .map(|row| width(row.source.as_deref().unwrap_or("missing")))
        .max()
        .unwrap_or(0);
    rows.iter().map(|row| line(&model.glyphs, row, name, source)).collect()
}

fn line(glyphs: &Glyphs, row: &SecretRow, name: usize, source: usize) -> Line {
    let (glyph, role, from) = match &row.source {
        Some(from) => (glyphs.done, Role::Success, from.as_str()),
        None => (glyphs.failed, Role::Error, "missing"),
    };
    let line = Line::default()
        .push(role, format!("{glyph} "))
        .push(Role::Id, format!("{:<name$}  ", row.name))
        .push(
            if row.source.is_some() { Role::Plain } else { Role::Error },
            format!("{from:<source$}  "),
        )
        .push(Role::Dim, row.places.join(", "));
    if row.sent {
        line.push(Role::Secret, "  sent")
    } else {
        line
    }
}

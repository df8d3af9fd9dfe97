//! The secrets: every name that the files use, where its value came from and where it is used. Never a value.

use crate::show::secret::source_or_missing;
use crate::show::{Line, Role};
use crate::tui::glyph::Glyphs;
use crate::tui::sheet::Sheet;
use crate::tui::workbench::SecretUsage;
use crate::tui::wrap::width;

/// Returns the list of secrets, one name per line.
pub fn secrets_sheet(rows: &[SecretUsage], glyphs: &Glyphs) -> Sheet {
    if rows.is_empty() {
        return Sheet::new(vec![Line::default().push(Role::Dim, "the files use no secret")]);
    }
    let name = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let source = rows
        .iter()
        .map(|row| width(source_or_missing(row.source.as_deref()).1))
        .max()
        .unwrap_or(0);
    Sheet::new(rows.iter().map(|row| line(glyphs, row, name, source)).collect())
}

fn line(glyphs: &Glyphs, row: &SecretUsage, name: usize, source: usize) -> Line {
    let (glyph, role) = match &row.source {
        Some(_) => (glyphs.done, Role::Success),
        None => (glyphs.failed, Role::Error),
    };
    let (source_role, from) = source_or_missing(row.source.as_deref());
    let line = Line::default()
        .push(role, format!("{glyph} "))
        .push(Role::Id, format!("{:<name$}  ", row.name))
        .push(source_role, format!("{from:<source$}  "))
        .push(Role::Dim, row.uses.join(", "));
    if row.sent {
        line.push(Role::Secret, "  sent")
    } else {
        line
    }
}

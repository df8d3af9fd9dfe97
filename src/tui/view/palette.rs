//! The palette: a box with the typed line on top, and below it what matches.
//!
//! ```text
//! ┌─ keys and commands ──────────────────────────────────┐
//! │ : next                                               │
//! │ n            next-change       next change           │
//! │ ]            next-hunk         next hunk of the …    │
//! │ next hunk of the detail                              │
//! └──────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Rect;

use super::dialog::centered;
use super::paint::Canvas;
use super::sheet::Visible;
use crate::show::{Line, Role, printable};
use crate::tui::layout::Layout;
use crate::tui::screen::{Palette, PaletteEntry, PaletteRun};
use crate::tui::wrap::{cuts, fit, width};

/// The columns of the keys, and those of the name.
const COLUMNS: (usize, usize) = (13, 18);
/// The width below which the help is left out.
const NARROW: u16 = 50;

/// Draws the palette. Its size stays the same, however many entries match.
pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, layout: &Layout) {
    let (columns, rows) = layout.list_size();
    let area = centered(layout.area, columns + 4, rows.saturating_add(2));
    canvas.draw_frame(area);
    let title = " keys and commands ";
    canvas.write(area.x + 2, area.y, area.right().saturating_sub(1), title, Role::Strong);
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    if inner.height == 0 {
        return;
    }
    typed(canvas, palette, inner);
    let below = help_rows(palette, inner);
    let list = Rect {
        y: inner.y + 1,
        height: inner.height - 1 - below,
        ..inner
    };
    entries(canvas, palette, list, inner);
    help(
        canvas,
        palette,
        Rect {
            y: list.bottom(),
            height: below,
            ..inner
        },
    );
}

/// Returns the number of rows that the longest help takes that the list cuts. The same whatever is typed, so that the list
/// stands still.
fn help_rows(palette: &Palette, area: Rect) -> u16 {
    let cut = palette.entries().iter().filter(|entry| is_cut(entry, area.width));
    let rows = cut
        .map(|entry| cuts(&help_line(entry), usize::from(area.width)).len())
        .max();
    u16::try_from(rows.unwrap_or(0))
        .unwrap_or(u16::MAX)
        .min(area.height / 3)
}

fn help_line(entry: &PaletteEntry) -> Line {
    Line::default().plain(entry.help)
}

/// Whether the list has no room for the whole help of an entry.
fn is_cut(entry: &PaletteEntry, columns: u16) -> bool {
    let (keys, names) = COLUMNS;
    columns < NARROW || width(entry.help) + keys + names > usize::from(columns)
}

/// Draws the help of the entry at the cursor where the list cuts it.
fn help(canvas: &mut Canvas, palette: &Palette, area: Rect) {
    let Some(entry) = palette.current().filter(|entry| is_cut(entry, area.width)) else {
        return;
    };
    let line = help_line(entry);
    let rows = cuts(&line, usize::from(area.width));
    for (at, cut) in rows.into_iter().take(usize::from(area.height)).enumerate() {
        canvas.write_cut(area, area.y + at as u16, &line, cut);
    }
}

fn typed(canvas: &mut Canvas, palette: &Palette, area: Rect) {
    let x = canvas.write_styled(area.x, area.y, area.right(), ": ", canvas.theme.key());
    let room = usize::from(area.right().saturating_sub(x));
    let scroll = palette.input.visual_scroll(room.saturating_sub(1));
    let tail: String = palette.input.value().chars().skip(scroll).collect();
    canvas.write(x, area.y, area.right(), &printable(&tail), Role::Strong);
    hint(canvas, palette, area);
    let cursor = x + palette.input.visual_cursor().saturating_sub(scroll) as u16;
    canvas.set_cursor(cursor, area.y);
}

/// Draws what has to follow a command, behind what was typed.
fn hint(canvas: &mut Canvas, palette: &Palette, area: Rect) {
    let Some(PaletteRun::Command(syntax)) = palette.current().map(|entry| &entry.run) else {
        return;
    };
    let typed = palette.input.value();
    if typed.trim() == syntax.name {
        let x = area.x + 3 + width(typed.trim()) as u16;
        canvas.write(x, area.y, area.right(), syntax.argument, Role::Dim);
    }
}

/// Draws what matches into an area of the `whole` box.
fn entries(canvas: &mut Canvas, palette: &Palette, area: Rect, whole: Rect) {
    let height = usize::from(area.height);
    if height == 0 {
        return;
    }
    let total = palette.shown().count();
    if total == 0 {
        canvas.write(area.x, area.y, area.right(), "nothing matches", Role::Dim);
    }
    // A page at a time, so that the list stands still while the cursor moves.
    let first = palette.cursor() / height * height;
    for (line, entry) in palette.shown().skip(first).take(height).enumerate() {
        let row = Rect {
            y: area.y + line as u16,
            height: 1,
            ..area
        };
        draw_entry(canvas, entry, row);
        if first + line == palette.cursor() {
            canvas.select(row, true);
        }
    }
    Visible::of(area, total, first, true)
        .marked_below(whole)
        .mark(canvas, area);
}

fn draw_entry(canvas: &mut Canvas, entry: &PaletteEntry, row: Rect) {
    let is_dim = matches!(entry.run, PaletteRun::Impossible(_));
    let role = |role: Role| if is_dim { Role::Dim } else { role };
    let name = match &entry.run {
        PaletteRun::Command(syntax) => format!("{} {}", entry.name, syntax.argument),
        _ => entry.name.to_owned(),
    };
    let (keys, names) = COLUMNS;
    let x = row.x + keys as u16;
    canvas.write(
        row.x,
        row.y,
        row.right(),
        &fit(&entry.keys, keys - 1),
        role(Role::Field),
    );
    canvas.write(x, row.y, row.right(), &name, role(Role::Strong));
    if row.width >= NARROW {
        let x = x + names as u16;
        let room = usize::from(row.right().saturating_sub(x));
        canvas.write(x, row.y, row.right(), &fit(entry.help, room), role(Role::Plain));
    }
}

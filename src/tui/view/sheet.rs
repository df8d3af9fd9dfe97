//! Text that scrolls, and how much of it is below the window.

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::Role;
use crate::show::word::more_text;
use crate::tui::sheet::Sheet;

/// The rows of scrolled text that a window shows, and how many are below them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visible {
    /// The number of rows that are drawn.
    pub rows: usize,
    below: usize,
    /// The line of the marker, if there is room for one.
    marker: Option<u16>,
}

impl Visible {
    /// Returns what fits into `area` of `total` rows when `first` is the uppermost one.
    ///
    /// `framed` is whether a rule is drawn below the area. The marker is written on it; without a rule it takes the last
    /// line of the area.
    pub(super) fn of(area: Rect, total: usize, first: usize, framed: bool) -> Self {
        let height = usize::from(area.height);
        let left = total.saturating_sub(first);
        let overflows = left > height && height > 1;
        // A marker over the end of a row would hide a part of it, and who is asked to agree has to read every name. The
        // last row is reached all the same: at the lower end nothing is below, so the text has the whole height again.
        let rows = height - usize::from(overflows && !framed);
        Self {
            rows,
            below: left.saturating_sub(rows),
            marker: overflows.then(|| area.bottom() - u16::from(!framed)),
        }
    }

    /// Returns the same with its marker on the rule below a larger area.
    pub(super) fn marked_below(self, area: Rect) -> Self {
        Self {
            marker: self.marker.map(|_| area.bottom()),
            ..self
        }
    }

    /// Draws the marker, ` 7 more `, at the right.
    pub(super) fn mark(self, canvas: &mut Canvas, area: Rect) {
        if let Some(y) = self.marker {
            let text = format!(" {} ", more_text(self.below));
            canvas.write_right(area.x, y, area.right(), &text, canvas.theme.role(Role::Plain));
        }
    }
}

/// Draws the visible rows, and the number of those below them. See [`Visible::of`] for `framed`.
pub(super) fn draw(canvas: &mut Canvas, sheet: &Sheet, area: Rect, framed: bool) {
    let rows = sheet.rows(area.width);
    let first = sheet.first_row(area.width, area.height);
    let visible = Visible::of(area, rows.len(), first, framed);
    for (at, (line, cut)) in rows.iter().skip(first).take(visible.rows).enumerate() {
        canvas.write_cut(area, area.y + at as u16, line, *cut);
    }
    visible.mark(canvas, area);
}

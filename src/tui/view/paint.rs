//! Draws text on the buffer, clipped, in the theme's styles.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::show::{Line, Role};
use crate::tui::glyph::Glyphs;
use crate::tui::model::Model;
use crate::tui::theme::{SelectionStyle, Theme};
use crate::tui::wrap::{Cut, pieces, width};

/// A buffer with a theme and glyphs.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub theme: Theme,
    pub glyphs: Glyphs,
    cursor: Option<Position>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, model: &Model) -> Self {
        Self {
            buffer,
            theme: model.theme.with_accent(model.accent()),
            glyphs: model.glyphs,
            cursor: None,
        }
    }

    /// Returns the position of the terminal's cursor, if it is shown.
    pub(super) fn cursor(&self) -> Option<Position> {
        self.cursor.filter(|position| self.buffer.area.contains(*position))
    }

    /// Shows the terminal's cursor at a position.
    pub(super) fn set_cursor(&mut self, x: u16, y: u16) {
        self.cursor = Some(Position::new(x, y));
    }

    /// Writes a text from `x` on, up to `end`; returns where the next one begins.
    pub(super) fn write_styled(&mut self, x: u16, y: u16, end: u16, text: &str, style: Style) -> u16 {
        let end = end.min(self.buffer.area.right());
        if x >= end || !self.buffer.area.contains(Position::new(x, y)) {
            return x;
        }
        let text = self.glyphs.adapt(text);
        // Without the reset, text over a line that is drawn already would keep the attributes of that line.
        let style = self.theme.base().patch(style);
        let (next, _) = self.buffer.set_stringn(x, y, text, usize::from(end - x), style);
        next
    }

    /// Writes a text in the style of a role; otherwise like [`Self::write_styled`].
    pub(super) fn write(&mut self, x: u16, y: u16, end: u16, text: &str, role: Role) -> u16 {
        self.write_styled(x, y, end, text, self.theme.role(role))
    }

    /// Writes a text so that it ends before `end`; returns where it begins.
    pub(super) fn write_right(&mut self, start: u16, y: u16, end: u16, text: &str, style: Style) -> u16 {
        let columns = width(text) as u16;
        let x = end.saturating_sub(columns).max(start);
        self.write_styled(x, y, end, text, style);
        x
    }

    /// Writes one character, which may be two columns wide.
    pub(super) fn write_char(&mut self, x: u16, y: u16, glyph: char, style: Style) {
        let mut bytes = [0; 4];
        self.write_styled(x, y, x.saturating_add(2), glyph.encode_utf8(&mut bytes), style);
    }

    /// Writes a part of a line.
    pub(super) fn write_cut(&mut self, area: Rect, y: u16, line: &Line, cut: Cut) {
        let mut x = area.x.saturating_add(cut.indent as u16);
        for (role, text) in pieces(line, cut) {
            x = self.write(x, y, area.right(), text, role);
        }
    }

    /// Writes a whole line, clipped. Returns where the next text begins.
    pub(super) fn write_line(&mut self, area: Rect, y: u16, line: &Line) -> u16 {
        let mut x = area.x.saturating_add(line.indent as u16);
        for span in &line.spans {
            x = self.write(x, y, area.right(), &span.text, span.role);
        }
        x
    }

    /// Applies a style to what is already drawn.
    pub(super) fn restyle(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Draws what is already there as the selected row; weaker when another pane has the keys.
    pub(super) fn select(&mut self, area: Rect, focused: bool) {
        let area = area.intersection(self.buffer.area);
        match self.theme.selection(focused) {
            SelectionStyle::On(color) => self.buffer.set_style(area, Style::new().bg(color)),
            SelectionStyle::Bold => self.buffer.set_style(area, Modifier::BOLD),
            SelectionStyle::Reversed => self.reverse(area),
        }
    }

    /// Reverses text without a color. Colored text is left as it is, because the palette is the user's own: nobody knows
    /// which of its colors can be read on which other.
    fn reverse(&mut self, area: Rect) {
        let base = self.theme.base();
        for position in area.positions() {
            let cell = &mut self.buffer[position];
            if self.theme.is_plain(cell.fg) {
                // Dim text on a reversed background is hard to read.
                cell.modifier.remove(Modifier::DIM);
                cell.set_style(base.add_modifier(cell.modifier | Modifier::REVERSED));
            } else {
                cell.modifier.insert(Modifier::BOLD);
            }
        }
    }

    /// Clears an area, styles included.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            self.buffer[position].reset();
        }
        self.buffer.set_style(area, self.theme.base());
    }

    /// Draws a horizontal line with these ends.
    pub(super) fn horizontal_line(&mut self, area: Rect, y: u16, ends: [char; 2]) {
        let style = self.theme.border();
        for x in area.left()..area.right() {
            self.write_char(x, y, self.glyphs.horizontal, style);
        }
        self.write_char(area.left(), y, ends[0], style);
        self.write_char(area.right().saturating_sub(1), y, ends[1], style);
    }

    /// Draws a vertical line.
    pub(super) fn vertical_line(&mut self, x: u16, from: u16, to: u16) {
        for y in from..to {
            self.write_char(x, y, self.glyphs.vertical, self.theme.border());
        }
    }

    /// Clears an area and draws a frame around it.
    pub(super) fn draw_frame(&mut self, area: Rect) {
        self.clear(area);
        let [upper_left, upper_right, lower_left, lower_right] = self.glyphs.corners;
        self.vertical_line(area.left(), area.top(), area.bottom());
        self.vertical_line(area.right().saturating_sub(1), area.top(), area.bottom());
        self.horizontal_line(area, area.top(), [upper_left, upper_right]);
        self.horizontal_line(area, area.bottom().saturating_sub(1), [lower_left, lower_right]);
    }

    /// Returns the style of text that the search of the detail has found; stronger for the hit that was gone to.
    pub(super) fn hit(&self, is_current: bool) -> Style {
        let style = self.theme.found();
        if is_current {
            style.add_modifier(Modifier::REVERSED)
        } else {
            style
        }
    }

    /// Returns a style with the emphasis of text that the filter has found.
    pub(super) fn found(&self, style: Style) -> Style {
        style.patch(self.theme.found()).add_modifier(Modifier::BOLD)
    }
}

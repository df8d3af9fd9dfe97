//! The pane beside the tree: a row and everything that is different about it, wrapped, one column or two.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::Canvas;
use super::sheet::Visible;
use crate::show::{Line, Role};
use crate::tui::detail::{DetailLine, DetailPane, Place, Strip, column_width};
use crate::tui::wrap::{Cut, width};

/// Draws the visible part of the detail.
pub(super) fn draw(canvas: &mut Canvas, detail: &DetailPane, area: Rect, framed: bool) {
    let from = detail.scroll().min(detail.strips().len());
    let visible = Visible::of(area, detail.strips().len(), from, framed);
    let mut pane = PanePainter {
        canvas,
        detail,
        area,
        framed,
    };
    for (line, strip) in detail.strips()[from..].iter().take(visible.rows).enumerate() {
        pane.strip(*strip, area.y + line as u16);
    }
    if detail.is_waiting() {
        let y = area.y + (detail.strips().len() - from) as u16;
        if y < area.bottom() {
            canvas.write(area.x, y, area.right(), "comparing…", Role::Dim);
        }
    }
    visible.mark(canvas, area);
}

struct PanePainter<'a, 'b> {
    canvas: &'a mut Canvas<'b>,
    detail: &'a DetailPane,
    area: Rect,
    framed: bool,
}

impl PanePainter<'_, '_> {
    fn strip(&mut self, strip: Strip, y: u16) {
        let (before_number, after_number) = self.detail.numbers(strip.line);
        match self.detail.line(strip.line) {
            Some(DetailLine::Full(line)) => {
                let number = after_number.or(before_number);
                self.column(self.area, strip, y, number, (line, strip.left, false));
            }
            Some(DetailLine::Columns { before, after }) => {
                let width = column_width(usize::from(self.area.width)) as u16;
                let left_area = Rect { width, ..self.area };
                let right_area = Rect {
                    x: self.area.x + width + 3,
                    width,
                    ..self.area
                };
                let has_number = before_number.or(after_number).is_some();
                let indented = |area: Rect| if has_number { self.behind_number(area) } else { area };
                let (left_text, right_text) = (indented(left_area), indented(right_area));
                self.number(left_area, strip, y, before_number);
                self.text(left_text, strip.line, y, (before, strip.left, false));
                self.canvas.vertical_line(self.area.x + width + 1, y, y + 1);
                self.number(right_area, strip, y, after_number);
                self.text(right_text, strip.line, y, (after, strip.right, true));
            }
            None => {}
        }
        self.hunk_mark(strip, y);
    }

    /// Draws a line over the whole width, behind its number.
    fn column(&mut self, area: Rect, strip: Strip, y: u16, number: Option<usize>, text: (&Line, Option<Cut>, bool)) {
        self.number(area, strip, y, number);
        let area = if number.is_some() {
            self.behind_number(area)
        } else {
            area
        };
        self.text(area, strip.line, y, text);
    }

    /// Returns what is left of an area behind the column of numbers.
    fn behind_number(&self, area: Rect) -> Rect {
        let gutter = (self.detail.gutter() as u16).min(area.width);
        Rect {
            x: area.x + gutter,
            width: area.width - gutter,
            ..area
        }
    }

    fn number(&mut self, area: Rect, strip: Strip, y: u16, number: Option<usize>) {
        let gutter = self.detail.gutter();
        let Some(number) = number.filter(|_| strip.is_first && gutter > 0) else {
            return;
        };
        let text = format!("{number:>0$}", gutter - 1);
        self.canvas.write(area.x, y, area.right(), &text, Role::Dim);
    }

    /// Draws a part of a line, and what the search has found in it.
    fn text(&mut self, area: Rect, index: usize, y: u16, (line, cut, right): (&Line, Option<Cut>, bool)) {
        let Some(cut) = cut else { return };
        self.canvas.write_cut(area, y, line, cut);
        let hits = self.detail.hits();
        let from = hits.partition_point(|hit| hit.line < index);
        let here = hits[from..].iter().enumerate().take_while(|(_, hit)| hit.line == index);
        for (at, hit) in here.filter(|(_, hit)| hit.right == right) {
            let is_current = self.detail.place() == Some(Place::Hit(from + at));
            let style = self.canvas.hit(is_current);
            self.emphasize(area, y, (line, cut), (hit.range.start, hit.range.end), style);
        }
    }

    /// Restyles the part of a drawn line between two bytes of its text.
    fn emphasize(&mut self, area: Rect, y: u16, (line, cut): (&Line, Cut), (start, end): (usize, usize), style: Style) {
        let text = line.text();
        let part = |from: usize, to: usize| text.get(from..to.max(from)).map_or(0, width) as u16;
        let (start, end) = (start.max(cut.start), end.min(cut.end));
        if start >= end {
            return;
        }
        let x = area.x + cut.indent as u16 + part(cut.start, start);
        let found = Rect::new(x, y, part(start, end), 1);
        self.canvas.restyle(found.intersection(area), style);
    }

    /// Draws a mark before the hunk that a jump went to. Without a frame there is no room for one.
    fn hunk_mark(&mut self, strip: Strip, y: u16) {
        let is_here = self.detail.place() == Some(Place::Hunk(strip.line));
        if is_here && strip.is_first && self.framed {
            let style = self.canvas.theme.role(Role::Warning);
            self.canvas
                .write_char(self.area.x - 1, y, self.canvas.glyphs.here, style);
        }
    }
}

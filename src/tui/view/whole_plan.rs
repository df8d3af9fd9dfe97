//! The plan as a whole, in the rows that a short change leaves empty below it.
//!
//! It is drawn at the lower edge of the pane, so that it stays where it is while the cursor moves from row to row. It is no
//! part of the row: it is neither scrolled, searched nor copied.

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::summary::{PlanSummary, TITLE};
use crate::tui::board::Board;
use crate::tui::model::Model;
use crate::tui::screen::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::tree::NodeId;
use crate::tui::watch::Watch;

/// The minimum number of agents that are worth their heading. Of fewer, only the impacts are shown.
const MIN_AGENTS: usize = 3;

/// Draws the summary of the plan below the row, if there is room for it.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, board: &Board, area: Rect) {
    let free = usize::from(area.height).saturating_sub(board.detail.strips().len());
    if free < 2 || !is_shown(model, board) {
        return;
    }
    let Some(sheet) = fitting(&board.summary, area.width, free - 1) else {
        return;
    };
    let rows = sheet.rows(area.width);
    let top = area.bottom() - rows.len() as u16;
    rule(canvas, area, top - 1);
    for (y, (line, cut)) in (top..).zip(rows) {
        canvas.write_cut(area, y, line, cut);
    }
}

/// Whether the summary belongs below what the detail shows.
fn is_shown(model: &Model, board: &Board) -> bool {
    let is_broken = model.watch.as_ref().and_then(Watch::diagnostics).is_some();
    let node = board.outline.current().map(|node| &node.id);
    // The heading of a group shows it already, and one row is a plan that is on the screen in full.
    let is_known = matches!(node, Some(NodeId::Group(_))) || board.summary.row_count() < 2;
    let is_review = matches!(model.screen, Screen::Review(_)) && model.layout().framed;
    is_review && !is_broken && !is_known && !board.detail.is_waiting()
}

/// Returns as much of the summary as fits into a number of rows: with as many agents as possible, or without them.
fn fitting(summary: &PlanSummary, width: u16, room: usize) -> Option<Sheet> {
    let agents = (MIN_AGENTS..=room).rev().chain([0]);
    let mut sheets = agents.map(|max_agents| Sheet::new(summary.lines(max_agents)));
    sheets.find(|sheet| !sheet.lines().is_empty() && sheet.rows(width).len() <= room)
}

fn rule(canvas: &mut Canvas, area: Rect, y: u16) {
    let horizontal = canvas.glyphs.horizontal;
    canvas.horizontal_line(area, y, [horizontal, horizontal]);
    let title = format!(" {TITLE} ");
    canvas.write_styled(area.x + 1, y, area.right(), &title, canvas.theme.border());
}

//! The log: every request of the run, newest last. Never a secret: events hold none.
//!
//! ```text
//!   0.012s 201    12 ms POST /api/dev/agents
//!   0.030s 503     9 ms PUT /api/dev/agents/triage/platforms/by-stable-id/triage-telegram
//!   0.031s platform triage/triage-telegram try 2/5 in 250ms: 503 Service Unavailable
//! ```

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::{Line, Role};
use crate::tui::lines;
use crate::tui::screen::RunScreen;
use crate::tui::wrap::{Cut, cuts};

/// Draws the end of the log, or what was scrolled to.
pub(super) fn draw(canvas: &mut Canvas, run: &RunScreen, area: Rect) {
    let until = run.log.len().saturating_sub(run.log_back);
    let newest: Vec<Line> = run.log[..until]
        .iter()
        .rev()
        .filter_map(lines::event)
        .take(usize::from(area.height))
        .collect();
    if newest.is_empty() {
        canvas.role(area.x, area.y, area.right(), "no requests yet", Role::Dim);
    }
    let rows: Vec<(&Line, Cut)> = newest.iter().rev().flat_map(|line| wrapped(line, area)).collect();
    let skip = rows.len().saturating_sub(usize::from(area.height));
    for (at, (line, cut)) in rows[skip..].iter().enumerate() {
        canvas.cut(area, area.y + at as u16, line, *cut);
    }
}

fn wrapped(line: &Line, area: Rect) -> impl Iterator<Item = (&Line, Cut)> {
    cuts(line, usize::from(area.width))
        .into_iter()
        .map(move |cut| (line, cut))
}

//! The log: every request of the run, newest last. Never a secret: events hold none.
//!
//! ```text
//!   0.012s POST /api/dev/agents 201 12 ms
//!   0.030s PUT /api/dev/agents/triage/platforms/by-stable-id/triage-telegram 503 9 ms
//!   0.031s retrying platform.triage.telegram: attempt 2 of 5 in 250 ms: 503 Service Unavailable
//! ```

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::{Line, Role};
use crate::tui::lines;
use crate::tui::screen::RunScreen;
use crate::tui::wrap::{Cut, cuts};

/// Draws the end of the log, or what was scrolled to.
pub(super) fn draw(canvas: &mut Canvas, run: &RunScreen, area: Rect) {
    // The newest entries first, so that a long log is not formatted as a whole for one page.
    let until = run.log.len().saturating_sub(run.log_back);
    let newest: Vec<Line> = run.log[..until]
        .iter()
        .rev()
        .filter_map(lines::event)
        .take(usize::from(area.height))
        .collect();
    if newest.is_empty() {
        canvas.write(area.x, area.y, area.right(), "no requests yet", Role::Dim);
    }
    // Wrapped, they may be more rows than the pane has: the oldest are left out.
    let rows: Vec<(&Line, Cut)> = newest.iter().rev().flat_map(|line| wrapped(line, area)).collect();
    let skip = rows.len().saturating_sub(usize::from(area.height));
    for (at, (line, cut)) in rows[skip..].iter().enumerate() {
        canvas.write_cut(area, area.y + at as u16, line, *cut);
    }
}

fn wrapped(line: &Line, area: Rect) -> impl Iterator<Item = (&Line, Cut)> {
    cuts(line, usize::from(area.width))
        .into_iter()
        .map(move |cut| (line, cut))
}

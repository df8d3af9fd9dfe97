//! Files and server are being read.
//!
//! ```text
//! ✓ read lobu.toml        3 agents, 2 entity types
//! ✓ sign in               dev
//! ⠙ read the server
//! ```

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::{Role, printable};
use crate::tui::model::Model;
use crate::tui::screen::LoadingScreen;
use crate::tui::workbench::{LoadStep, StepState};
use crate::tui::wrap::width;

/// Draws the steps so far; the last ones when there are more than lines.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, loading: &LoadingScreen, area: Rect) {
    let column = loading.steps.iter().map(|step| width(&step.what)).max().unwrap_or(0) as u16;
    let first = loading.steps.len().saturating_sub(usize::from(area.height));
    for (line, step) in loading.steps[first..].iter().enumerate() {
        draw_step(
            canvas,
            model,
            step,
            Rect {
                y: area.y + line as u16,
                height: 1,
                ..area
            },
            column,
        );
    }
    if loading.steps.is_empty() && area.height > 0 {
        canvas.write_char(
            area.x,
            area.y,
            canvas.glyphs.spin(model.now_ms),
            canvas.theme.role(Role::Running),
        );
        canvas.write(area.x + 2, area.y, area.right(), "reading", Role::Plain);
    }
}

fn draw_step(canvas: &mut Canvas, model: &Model, step: &LoadStep, area: Rect, column: u16) {
    let (glyph, role, detail) = match &step.state {
        StepState::Running => (canvas.glyphs.spin(model.now_ms), Role::Running, ""),
        StepState::Done(detail) => (canvas.glyphs.done, Role::Success, detail.as_str()),
        StepState::Failed(reason) => (canvas.glyphs.failed, Role::Error, reason.as_str()),
    };
    canvas.write_char(area.x, area.y, glyph, canvas.theme.role(role));
    canvas.write(area.x + 2, area.y, area.right(), &printable(&step.what), Role::Plain);
    let role = if role == Role::Error { Role::Error } else { Role::Dim };
    canvas.write(area.x + 4 + column, area.y, area.right(), &printable(detail), role);
}

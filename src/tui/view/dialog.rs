//! What stands in front of the screen: a box in the middle of it, or all of it when it is small.
//!
//! ```text
//! ┌ apply ──────────────────────────────────────────────────────────┐
//! │ creates 2, updates 3, restarts 1 platform (triage/telegram);     │
//! │ dev at app.lobu.ai                                               │
//! │                                                                  │
//! │ ⚠ restarts triage/telegram: in-flight messages may drop          │
//! │                                                                  │
//! │ type `yes` to apply: ye_                                         │
//! └──────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::show::{Line, Role, printable};
use crate::tui::layout::Layout;
use crate::tui::model::Model;
use crate::tui::screen::{Answer, Confirm, Screen};
use crate::tui::wrap::{Cut, cuts, width};

/// Columns of text in a box at most.
const TEXT: u16 = 72;

/// The box before an apply.
pub(super) fn confirm(canvas: &mut Canvas, confirm: &Confirm, layout: &Layout) {
    let mut lines = vec![Line::default().push(Role::Strong, &confirm.sentence), Line::default()];
    let room = usize::from(layout.area.height.saturating_sub(9)).max(1);
    let cautions = confirm.cautions.iter().take(room);
    lines.extend(cautions.map(|words| Line::default().push(Role::Warning, format!("⚠ {words}"))));
    if confirm.cautions.len() > room {
        let more = confirm.cautions.len() - room;
        lines.push(Line::default().push(Role::Warning, format!("⚠ and {more} more")));
    }
    if !confirm.cautions.is_empty() {
        lines.push(Line::default());
    }
    lines.push(question(&confirm.answer));
    let typed = matches!(confirm.answer, Answer::Word(_)).then(|| confirm.input.value());
    draw_box(canvas, " apply ", &lines, typed, layout);
}

fn question(answer: &Answer) -> Line {
    match answer {
        Answer::Key => Line::default()
            .push(Role::Field, "y")
            .plain(" apply   ")
            .push(Role::Field, "esc")
            .plain(" back"),
        Answer::Word(word) => Line::default().plain(format!("type `{word}` to apply: ")),
    }
}

/// The box before leaving a run.
pub(super) fn leave(canvas: &mut Canvas, model: &Model, layout: &Layout) {
    let running = match &model.screen {
        Screen::Run(run) => run.progress.tally().running,
        _ => 0,
    };
    let rows = if running == 1 { "row is" } else { "rows are" };
    let lines = [
        Line::default().push(Role::Strong, format!("{running} {rows} in flight")),
        Line::default().plain("stop: nothing new starts, what is in flight finishes, then it leaves"),
        Line::default(),
        Line::default()
            .push(Role::Field, "y")
            .plain(" stop and leave   ")
            .push(Role::Field, "esc")
            .plain(" stay"),
    ];
    draw_box(canvas, " leave? ", &lines, None, layout);
}

/// A box around these lines; what is typed follows the last one.
fn draw_box(canvas: &mut Canvas, title: &str, lines: &[Line], typed: Option<&str>, layout: &Layout) {
    let outer = layout.area;
    let columns = TEXT
        .min(outer.width.saturating_sub(if layout.framed { 8 } else { 4 }))
        .max(1);
    let wrapped: Vec<(&Line, Cut)> = lines
        .iter()
        .flat_map(|line| cuts(line, usize::from(columns)).into_iter().map(move |cut| (line, cut)))
        .collect();
    let height = (wrapped.len() as u16 + 2).min(outer.height);
    let area = centred(outer, columns + 4, height);
    canvas.frame(area);
    canvas.role(area.x + 2, area.y, area.right().saturating_sub(1), title, Role::Strong);
    let inner = Rect::new(area.x + 2, area.y + 1, columns, area.height.saturating_sub(2));
    // The question is the last line: when the box is too small, the first ones go.
    let skip = wrapped.len().saturating_sub(usize::from(inner.height));
    for (at, (line, cut)) in wrapped.iter().skip(skip).enumerate() {
        canvas.cut(inner, inner.y + at as u16, line, *cut);
    }
    if let (Some(typed), Some((line, cut))) = (typed, wrapped.last()) {
        let from = inner.x + (width(&line.text()[cut.start..cut.end]) + cut.indent) as u16;
        let y = inner.bottom().saturating_sub(1);
        let end = canvas.role(from, y, inner.right(), &printable(typed), Role::Strong);
        canvas.set_cursor(end, y);
    }
}

/// A box of this size in the middle.
pub(super) fn centred(outer: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(outer.width), height.min(outer.height));
    Rect {
        x: outer.x + (outer.width - width) / 2,
        y: outer.y + (outer.height - height) / 2,
        width,
        height,
    }
}

/// A list in a box that fills most of the screen, from a line on.
pub(super) fn list(canvas: &mut Canvas, title: &str, lines: &[Line], scroll: usize, layout: &Layout) {
    let (outer, columns) = (layout.area, list_columns(layout));
    let rows = wrapped(lines, columns);
    let margin = u16::from(layout.framed) * 2;
    let height = (rows.len() as u16)
        .saturating_add(2)
        .min(outer.height.saturating_sub(margin));
    let area = centred(outer, columns + 4, height);
    canvas.frame(area);
    canvas.role(area.x + 2, area.y, area.right().saturating_sub(1), title, Role::Strong);
    let inner = Rect::new(area.x + 2, area.y + 1, columns, area.height.saturating_sub(2));
    let last = rows.len().saturating_sub(usize::from(inner.height));
    let visible = rows.iter().skip(scroll.min(last)).take(usize::from(inner.height));
    for (at, (line, cut)) in visible.enumerate() {
        canvas.cut(inner, inner.y + at as u16, line, *cut);
    }
    let rest = last.saturating_sub(scroll);
    if rest > 0 && area.height > 1 {
        let words = format!(" {rest} more ");
        let end = area.right().saturating_sub(2);
        canvas.right(area.x, area.bottom() - 1, end, &words, canvas.theme.role(Role::Plain));
    }
}

/// How far a list can be scrolled.
pub(super) fn list_end(lines: &[Line], layout: &Layout) -> usize {
    let rows = wrapped(lines, list_columns(layout)).len();
    let margin = usize::from(layout.framed) * 2 + 2;
    rows.saturating_sub(usize::from(layout.area.height).saturating_sub(margin))
}

fn list_columns(layout: &Layout) -> u16 {
    let margin = if layout.framed { 8 } else { 4 };
    layout.area.width.saturating_sub(margin).clamp(1, 106)
}

fn wrapped(lines: &[Line], columns: u16) -> Vec<(&Line, Cut)> {
    let cut = |line| cuts(line, usize::from(columns)).into_iter().map(move |cut| (line, cut));
    lines.iter().flat_map(cut).collect()
}

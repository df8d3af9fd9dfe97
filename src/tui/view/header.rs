//! The line below the title: what the plan adds up to, or how far the run is.
//!
//! ```text
//! + 2 create   ~ 3 update   = 14 same   ? 1 drift   ⚠ 1 restart        5 of 5 selected
//! ██████████░░░░░░░░░░ 3/5   ✓ 3   ✗ 0   ⠙ 2 running                            1.4s
//! ```

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::apply::{Status, Tally};
use crate::plan::Counts;
use crate::show::word::duration;
use crate::show::{Role, printable};
use crate::tui::board::Board;
use crate::tui::model::Model;
use crate::tui::screen::{Review, Run, RunState, Screen};
use crate::tui::wrap::{fit, width};

/// Draws the header.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, area: Rect, framed: bool) {
    if area.height == 0 {
        return;
    }
    match &model.screen {
        Screen::Loading(loading) => {
            let elapsed = model.now_ms.saturating_sub(loading.since_ms);
            canvas.role(area.x, area.y, area.right(), "planning", Role::Strong);
            canvas.right(
                area.x,
                area.y,
                area.right(),
                &seconds(elapsed),
                canvas.theme.role(Role::Dim),
            );
        }
        Screen::Failed(_) => {
            canvas.role(area.x, area.y, area.right(), "no plan", Role::Error);
        }
        Screen::Review(review) => review_line(canvas, review, area, framed),
        Screen::Run(run) => run_line(canvas, model, run, area),
    }
}

/// Seconds with one decimal, minutes from one on: `0.4s`, `2:05`.
pub(super) fn seconds(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        _ => format!("{}:{:02}", ms / 60_000, ms / 1000 % 60),
    }
}

type Part = (Role, String);

fn review_line(canvas: &mut Canvas, review: &Review, area: Rect, framed: bool) {
    let selected = selected(review, area.width);
    let room = usize::from(area.width).saturating_sub(width(&selected) + 2);
    let counts = &review.board.plan.counts;
    let switches = review.board.outline.lens().hidden;
    let long = parts(canvas, counts, switches, false);
    let total: usize = long.iter().map(|part| width(&part.1) + 3).sum();
    let compact = !framed || total > room;
    let line = if compact {
        parts(canvas, counts, switches, true)
    } else {
        long
    };
    let gap = if compact { 1 } else { 3 };
    let x = write(canvas, area, &line, gap);
    let x = hidden_part(canvas, &review.board, area, x);
    canvas.right(x + 1, area.y, area.right(), &selected, canvas.theme.role(Role::Strong));
}

/// Says that the tree does not show everything.
fn hidden_part(canvas: &mut Canvas, board: &Board, area: Rect, x: u16) -> u16 {
    let lens = board.outline.lens();
    if lens.query.is_empty() || board.filter.is_some() {
        return x;
    }
    canvas.role(x + 1, area.y, area.right(), &format!("/{}", lens.query), Role::Running)
}

fn selected(review: &Review, columns: u16) -> String {
    match review.choice.numbers() {
        (chosen, along, possible) if columns < 40 => format!("{}/{possible}", chosen + along),
        (_, _, 0) => "nothing to apply".to_owned(),
        (chosen, 0, possible) => format!("{chosen} of {possible} selected"),
        (chosen, along, possible) => format!("{chosen} of {possible} selected, {along} along"),
    }
}

fn parts(canvas: &Canvas, counts: &Counts, hidden: [bool; 4], compact: bool) -> Vec<Part> {
    let warning = canvas.glyphs.warning;
    let all = [
        (Role::Create, '+', counts.create, "create", hidden[0]),
        (Role::Update, '~', counts.update, "update", hidden[1]),
        (Role::Delete, '-', counts.delete, "delete", hidden[3]),
        (Role::Noop, '=', counts.noop, "same", hidden[2]),
        (Role::Drift, '?', counts.drift, "drift", hidden[3]),
        (Role::Drift, '?', counts.field_drift, "field drift", false),
        (Role::Warning, warning, counts.restart, "restart", false),
        (Role::Secret, '*', counts.recheck, "recheck", false),
    ];
    let wanted = all
        .into_iter()
        .filter(|(.., count, word, _)| *count > 0 && !(compact && word.starts_with("field")));
    wanted
        .map(|(role, marker, count, word, hidden)| {
            let word = if hidden { "hidden" } else { word };
            let text = match (compact, hidden) {
                (true, false) => format!("{marker}{count}"),
                (true, true) => format!("({marker}{count})"),
                (false, _) => format!("{marker} {count} {word}"),
            };
            (role, text)
        })
        .collect()
}

fn write(canvas: &mut Canvas, area: Rect, parts: &[Part], gap: u16) -> u16 {
    let mut x = area.x;
    for (role, text) in parts {
        x = canvas.role(x, area.y, area.right(), text, *role) + gap;
    }
    x
}

fn run_line(canvas: &mut Canvas, model: &Model, run: &Run, area: Rect) {
    let tally = run.progress.tally();
    let elapsed = run.elapsed(model.now_ms);
    let elapsed = if run.has_ended() {
        duration(elapsed)
    } else {
        seconds(elapsed)
    };
    let end = canvas.right(area.x, area.y, area.right(), &elapsed, canvas.theme.role(Role::Dim));
    let mut x = area.x;
    if area.width >= 50 && !run.has_ended() {
        x = bar(canvas, area, &tally, area.width / 5);
    }
    let area = Rect {
        x,
        width: end.saturating_sub(x + 1),
        ..area
    };
    let long = run_parts(canvas, model, run, &tally, false);
    let total: usize = long.iter().map(|part| width(&part.1) + 2).sum();
    if total <= usize::from(area.width) + 2 {
        let x = write(canvas, area, &long, 2);
        at_work(canvas, run, area, x);
    } else {
        write(canvas, area, &run_parts(canvas, model, run, &tally, true), 1);
    }
}

/// Names what is at work, as far as there is room.
fn at_work(canvas: &mut Canvas, run: &Run, area: Rect, x: u16) {
    let room = usize::from(area.right().saturating_sub(x));
    if run.has_ended() || room < 12 {
        return;
    }
    let busy = |status: &Status| matches!(status, Status::Running { .. } | Status::Retrying { .. });
    let rows = run.progress.rows.iter().filter(|(_, row)| busy(&row.status));
    let ids: Vec<String> = rows
        .take(8)
        .map(|(address, _)| format!("{} {}", address.kind(), address.id()))
        .collect();
    let words = fit(&printable(&ids.join(", ")), room);
    canvas.role(x, area.y, area.right(), &words, Role::Dim);
}

fn bar(canvas: &mut Canvas, area: Rect, tally: &Tally, columns: u16) -> u16 {
    let full = (usize::from(columns) * tally.ended())
        .checked_div(tally.total)
        .unwrap_or(0) as u16;
    for column in 0..columns {
        let part = usize::from(column >= full);
        let role = if part == 0 { Role::Success } else { Role::Dim };
        canvas.glyph(
            area.x + column,
            area.y,
            canvas.glyphs.bar[part],
            canvas.theme.role(role),
        );
    }
    area.x + columns + 1
}

fn run_parts(canvas: &Canvas, model: &Model, run: &Run, tally: &Tally, compact: bool) -> Vec<Part> {
    let glyphs = canvas.glyphs;
    let mut parts = vec![lead(run, tally)];
    let counted = [
        (Role::Success, glyphs.done, tally.applied(), "applied"),
        (Role::Noop, '=', tally.unchanged, "no change"),
        (Role::Error, glyphs.failed, tally.failed, "failed"),
        (Role::Error, glyphs.unknown, tally.unknown, "unknown"),
        (Role::Error, glyphs.unknown, tally.stale, "stale"),
        (Role::Dim, glyphs.skipped, tally.skipped, "skipped"),
        (Role::Warning, glyphs.warning, tally.restarted, "restarted"),
        (
            Role::Running,
            glyphs.spin(model.now_ms),
            if run.has_ended() { 0 } else { tally.running },
            "running",
        ),
    ];
    let counted = counted.into_iter().filter(|(_, _, count, _)| *count > 0);
    parts.extend(counted.map(|(role, glyph, count, word)| {
        let text = if compact {
            format!("{glyph}{count}")
        } else {
            format!("{glyph} {count} {word}")
        };
        (role, text)
    }));
    parts
}

fn lead(run: &Run, tally: &Tally) -> Part {
    match &run.state {
        RunState::Ended(Some(_)) => (Role::Error, "not applied".to_owned()),
        RunState::Ended(None) if run.has_trouble() && tally.applied() > 0 => {
            (Role::Error, "applied in part".to_owned())
        }
        RunState::Ended(None) if run.has_trouble() => (Role::Error, "nothing applied".to_owned()),
        RunState::Ended(None) => (Role::Success, "done".to_owned()),
        _ if run.cancel.is_stopping() => (Role::Warning, "stopping".to_owned()),
        _ => (Role::Strong, format!("{}/{}", tally.ended(), tally.total)),
    }
}

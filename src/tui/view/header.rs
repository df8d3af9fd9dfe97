//! The line below the title: the numbers of the plan, or the progress of the run.
//!
//! ```text
//! + 2 create   ~ 3 update   ⚠ 1 restart   ? 1 drift   = 14 unchanged   5 of 5 selected
//! ██████████░░░░░░░░░░ 3/5  ✓ 3 applied  ⠙ 2 running                             1.4 s
//! ```

use ratatui::layout::Rect;

use super::paint::Canvas;
use crate::apply::{Status, Tally};
use crate::plan::Verb;
use crate::show::outcome::run_title;
use crate::show::plan::{CountWord, Counted, NO_PLAN, PLANNING, count_words};
use crate::show::progress::pace_text;
use crate::show::row::row_name;
use crate::show::selection::{fresh_text, limit_text, range_text, selected_text};
use crate::show::watch::{FILES_BROKEN, SERVER_LOST};
use crate::show::word::{duration, running_time};
use crate::show::{Role, printable};
use crate::tui::board::Board;
use crate::tui::model::Model;
use crate::tui::outline::RowKind;
use crate::tui::screen::{Review, RunScreen, RunState, Screen};
use crate::tui::wrap::{fit, width};

/// Draws the header of the screen below any dialog.
pub(super) fn draw(canvas: &mut Canvas, model: &Model, area: Rect, framed: bool) {
    if area.height == 0 {
        return;
    }
    match &model.screen {
        Screen::Loading(loading) => {
            let elapsed = model.now_ms.saturating_sub(loading.since_ms);
            canvas.write(area.x, area.y, area.right(), PLANNING, Role::Strong);
            canvas.write_right(
                area.x,
                area.y,
                area.right(),
                &running_time(elapsed),
                canvas.theme.role(Role::Dim),
            );
        }
        Screen::Failed(_) => {
            canvas.write(area.x, area.y, area.right(), NO_PLAN, Role::Error);
        }
        Screen::Review(review) => {
            review_line(canvas, review, area, framed, &first_parts(model, review, framed));
        }
        Screen::Run(run) => run_line(canvas, model, run, area),
    }
}

type Part = (Role, String);

/// How much the header shows. The first form that fits is used, so that nothing is cut within a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `+ 2 create   ? 1 drift`
    Words,
    /// `+2  ?1 drift`: words only where the sign alone is not well known.
    Mixed,
    /// `+2 ?1`
    Signs,
}

/// Returns what is said before the numbers, whatever the width: keys mean something else, or the plan is not the usual one.
fn first_parts(model: &Model, review: &Review, framed: bool) -> Vec<Part> {
    let board = &review.board;
    let mut parts = Vec::new();
    if board.range_from.is_some() {
        parts.push((Role::Running, range_text(board.chosen_rows().len())));
    }
    // Where there is no title, this line says it.
    let watch = model.watch.as_ref().filter(|_| !framed);
    if watch.is_some_and(|watch| watch.lost.is_some()) {
        parts.push((Role::Warning, SERVER_LOST.to_owned()));
    }
    if watch.is_some_and(|watch| watch.broken.is_some()) {
        parts.push((Role::Warning, FILES_BROKEN.to_owned()));
    }
    if !board.facts.title.targets.is_empty() {
        let text = printable(&limit_text(&board.facts.title.targets));
        let room = if framed { 40 } else { 24 };
        parts.push((Role::Running, fit(&text, room)));
    }
    parts
}

/// Draws the numbers of the plan, after the `first` parts.
fn review_line(canvas: &mut Canvas, review: &Review, area: Rect, framed: bool, first: &[Part]) {
    let query = hidden_part(&review.board);
    let forms: &[Form] = if framed {
        &[Form::Words, Form::Mixed, Form::Signs]
    } else {
        &[Form::Signs]
    };
    let selected = [selected(review, area.width, false), selected(review, area.width, true)];
    // In this order, the text about the selection is shortened only where even signs have no room beside it.
    let tries = selected
        .iter()
        .flat_map(|selected| forms.iter().map(move |form| (*form, selected)));
    let room = usize::from(area.width);
    let parts = |form: Form| first.iter().cloned().chain(parts(review, form)).collect::<Vec<_>>();
    let length = |(form, selected): &(Form, &String)| {
        let parts = parts(*form);
        let counts: usize = parts.iter().map(|part| width(&part.1) + gap(*form)).sum();
        counts + width(&query) + 1 + width(selected)
    };
    let all: Vec<(Form, &String)> = tries.collect();
    let chosen = all.iter().find(|chosen| length(chosen) <= room).or(all.last());
    let Some((form, selected)) = chosen else { return };
    let mut parts = parts(*form);
    // Even the shortest form may be too long: the last counts go first, the selection stays.
    let used = |parts: &[Part]| parts.iter().map(|part| width(&part.1) + gap(*form)).sum::<usize>() + width(selected);
    while used(&parts) > room && !parts.is_empty() {
        parts.pop();
    }
    let fits = used(&parts) + width(&query) < room;
    let x = write(canvas, area, &parts, gap(*form) as u16);
    if fits {
        canvas.write(x, area.y, area.right(), &query, Role::Running);
    }
    canvas.write_right(x, area.y, area.right(), selected, canvas.theme.role(Role::Strong));
}

fn gap(form: Form) -> usize {
    match form {
        Form::Words => 3,
        Form::Mixed => 2,
        Form::Signs => 1,
    }
}

/// Returns the filter, as a reminder that the tree does not show everything.
fn hidden_part(board: &Board) -> String {
    let query = &board.outline.filters().query;
    if query.is_empty() || board.filter.is_some() {
        return String::new();
    }
    printable(&format!("/{query}"))
}

fn selected(review: &Review, columns: u16, short: bool) -> String {
    if review.board.facts.read_only.is_some() {
        return String::new();
    }
    let counts = review.selection.counts(&review.board.plan);
    if columns < 40 || (short && counts.possible > 0) {
        return format!("{}/{}", counts.selected + counts.implied, counts.possible);
    }
    let text = selected_text(counts);
    match review.board.looked.fresh.len() {
        0 => text,
        fresh => format!("{}, {text}", fresh_text(fresh, columns >= 100)),
    }
}

fn parts(review: &Review, form: Form) -> Vec<Part> {
    let counts = &review.board.plan.counts;
    let hidden = &review.board.outline.filters().hidden;
    let text = |word: &CountWord| {
        let (sign, count) = (word.sign, word.count);
        let is_hidden = matches!(word.counted, Counted::Rows(verb) if hidden.contains(&RowKind::of(verb)));
        let is_common = matches!(word.counted, Counted::Rows(Verb::Create | Verb::Update | Verb::Noop));
        match form {
            Form::Words if is_hidden => format!("{sign} {count} hidden"),
            Form::Words => format!("{sign} {count} {}", word.word),
            _ if is_hidden => format!("({sign}{count})"),
            Form::Mixed if !is_common => format!("{sign}{count} {}", word.word),
            _ => format!("{sign}{count}"),
        }
    };
    let has_room_for = |word: &CountWord| match word.counted {
        // Each possible restart is a resent secret: the number is only news when other rows are sent again too.
        Counted::ResentSecrets => word.count != counts.may_restart,
        Counted::DriftedFields | Counted::Ignored => form == Form::Words,
        _ => true,
    };
    let words = count_words(counts).into_iter().filter(|word| word.count > 0);
    let words = words.filter(has_room_for);
    words.map(|word| (word.role, text(&word))).collect()
}

fn write(canvas: &mut Canvas, area: Rect, parts: &[Part], gap: u16) -> u16 {
    let mut x = area.x;
    for (role, text) in parts {
        x = canvas.write(x, area.y, area.right(), text, *role) + gap;
    }
    x
}

/// The width from which on the header has room for the pace of a run.
const PACE_COLUMNS: u16 = 70;

fn run_line(canvas: &mut Canvas, model: &Model, run: &RunScreen, area: Rect) {
    let tally = run.progress.tally();
    let elapsed = run.elapsed(model.now_ms);
    let pace = pace_text(tally.ended() - tally.skipped, tally.total - tally.skipped, elapsed);
    let elapsed = match pace {
        _ if run.has_ended() => duration(elapsed),
        Some(pace) if area.width >= PACE_COLUMNS => format!("{}, {pace}", running_time(elapsed)),
        _ => running_time(elapsed),
    };
    let end = canvas.write_right(area.x, area.y, area.right(), &elapsed, canvas.theme.role(Role::Dim));
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
        running_rows(canvas, run, area, x);
    } else {
        write(canvas, area, &run_parts(canvas, model, run, &tally, true), 1);
    }
}

/// Draws the names of the rows that are being applied, as far as there is room.
fn running_rows(canvas: &mut Canvas, run: &RunScreen, area: Rect, x: u16) {
    let room = usize::from(area.right().saturating_sub(x));
    if run.has_ended() || room < 12 {
        return;
    }
    let busy = |status: &Status| matches!(status, Status::Running { .. } | Status::Retrying { .. });
    let rows = run.progress.rows.iter().filter(|(_, row)| busy(&row.status));
    let ids: Vec<String> = rows.take(8).map(|(address, _)| row_name(address)).collect();
    let text = fit(&printable(&ids.join(", ")), room);
    canvas.write(x, area.y, area.right(), &text, Role::Dim);
}

fn bar(canvas: &mut Canvas, area: Rect, tally: &Tally, columns: u16) -> u16 {
    // Before its first event a run has no rows.
    let full = (usize::from(columns) * tally.ended())
        .checked_div(tally.total)
        .unwrap_or(0) as u16;
    for column in 0..columns {
        let part = usize::from(column >= full);
        let role = if part == 0 { Role::Success } else { Role::Dim };
        canvas.write_char(
            area.x + column,
            area.y,
            canvas.glyphs.bar[part],
            canvas.theme.role(role),
        );
    }
    area.x + columns + 1
}

fn run_parts(canvas: &Canvas, model: &Model, run: &RunScreen, tally: &Tally, compact: bool) -> Vec<Part> {
    let glyphs = canvas.glyphs;
    let mut parts = vec![lead(run, tally)];
    let counted = [
        (Role::Success, glyphs.done, tally.applied(), "applied"),
        (Role::Noop, '=', tally.unchanged, "unchanged"),
        (Role::Error, glyphs.failed, tally.failed, "failed"),
        (Role::Error, glyphs.unknown, tally.unknown, "unknown"),
        (Role::Error, glyphs.stale, tally.stale, "stale"),
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

/// Returns how far the run is, or how it ended.
fn lead(run: &RunScreen, tally: &Tally) -> Part {
    match &run.state {
        RunState::Ended(Some(_)) if run.progress.rows.is_empty() => (Role::Error, "not applied".to_owned()),
        // The numbers beside it name what was applied.
        RunState::Ended(None) if !run.has_trouble() => (Role::Success, "done".to_owned()),
        RunState::Ended(_) => {
            let (role, title) = run_title(&run.progress);
            (role, title.to_lowercase())
        }
        _ if run.cancel.is_stopping() => (Role::Warning, "stopping".to_owned()),
        _ => (Role::Strong, format!("{}/{}", tally.ended(), tally.total)),
    }
}

//! The first lines of the detail: what happens to the row and why, its state in a run, what to do next.

use std::path::Path;

use crate::apply::Status;
use crate::plan::{Counts, Mark, Row, Verb, waits_for};
use crate::resource::Address;
use crate::show::change::{Detail, caution_lines, row_details};
use crate::show::outcome::run_lines;
use crate::show::pane::same_change_text;
use crate::show::plan::verbs_text;
use crate::show::progress::{run_message, status_lines, waiting_line};
use crate::show::pull::file_text;
use crate::show::row::{row_line, row_name, row_sentence};
use crate::show::selection::{implied_text, left_out_line};
use crate::show::summary::MAX_AGENTS;
use crate::show::timeline::timeline_lines;
use crate::show::{Line, Role};
use crate::tui::board::Board;
use crate::tui::lines;
use crate::tui::model::Model;
use crate::tui::screen::{Review, RunScreen, RunState, Screen};
use crate::tui::tree::NodeId;

/// Returns the lines above the changes of the row at the cursor.
pub(super) fn lines(model: &Model) -> Vec<Line> {
    let Some((board, Some((node, row)))) = model.board().map(|board| (board, board.current())) else {
        return Vec::new();
    };
    let Some(row) = row else {
        return match &node.id {
            NodeId::Group(group) => group_lines(model, board, group.title()),
            NodeId::Kind(kind) => heading(model, board, kind),
            NodeId::Shape(title) => heading(model, board, title),
            NodeId::Rest(title) => heading(model, board, title),
            NodeId::Same(first) => same_change(board, first),
            NodeId::File(file) => file_lines(model, board, file),
            NodeId::Parent(address) => vec![
                Line::default().push(Role::Heading, row_name(address)),
                Line::default().push(Role::Dim, "not a target: shown for the rows below it"),
            ],
            NodeId::Row(_) => Vec::new(),
        };
    };
    let mut head = vec![row_line(row)];
    head.extend(
        row.origin
            .as_ref()
            .map(|origin| Line::default().push(Role::Dim, format!("{}:{}", origin.file.display(), origin.line))),
    );
    match &model.screen {
        Screen::Review(review) => head.extend(selection(review)),
        Screen::Run(run) => head.extend(state(run, row, model.now_ms)),
        Screen::Loading(_) | Screen::Failed(_) => {}
    }
    // What may happen is no longer of interest once the outcome is known.
    if !has_ended(model, row) {
        head.extend(caution_lines(row));
    }
    head.extend(drift(model, board, row));
    head.push(Line::default());
    head
}

/// Returns the lines of a group of equal changes: how many there are, and the change of the first of them.
fn same_change(board: &Board, first: &Address) -> Vec<Line> {
    let rows = board.rows_here();
    let counts = Counts::of(rows.iter().map(|row| &board.plan.rows[*row]));
    let mut head = vec![
        Line::default().push(Role::Heading, same_change_text(rows.len())),
        Line::default().plain(verbs_text(&counts)),
    ];
    if let Some(row) = board.plan.row(first) {
        head.push(Line::default());
        head.extend(row_details(row, Detail::FULL));
    }
    head
}

/// Returns the lines of a group at the top of the tree, where nothing else is chosen: the plan as a whole, or what came of
/// the run.
fn group_lines(model: &Model, board: &Board, title: &str) -> Vec<Line> {
    let whole = match &model.screen {
        Screen::Run(run) if run.has_ended() => ended_lines(run),
        Screen::Review(_) => vec![board.summary.lines(MAX_AGENTS)],
        _ => Vec::new(),
    };
    let mut head = title_lines(board, title);
    for lines in whole.into_iter().filter(|lines| !lines.is_empty()) {
        head.push(Line::default());
        head.extend(lines);
    }
    head.extend(warning_lines(model, board));
    head
}

fn ended_lines(run: &RunScreen) -> Vec<Vec<Line>> {
    if run.progress.rows.is_empty() {
        return Vec::new();
    }
    vec![run_lines(&run.progress), timeline_lines(&run.progress)]
}

/// Returns the lines of a file: its differences, and the counts of the rows in it.
fn file_lines(model: &Model, board: &Board, file: &Path) -> Vec<Line> {
    let mut head = heading(model, board, &file_text(file));
    let differences = board.facts.pull.as_ref().and_then(|pull| pull.files.get(file));
    if let Some(lines) = differences {
        head.push(Line::default());
        head.extend(lines.iter().cloned());
    }
    head
}

/// Whether a row has ended in this run: then its outcome is shown in place of its cautions.
fn has_ended(model: &Model, row: &Row) -> bool {
    let Screen::Run(run) = &model.screen else { return false };
    let progress = run.progress.rows.get(&row.address);
    progress.is_some_and(|progress| matches!(progress.status, Status::Finished { .. }))
}

/// Returns the lines of a heading: the counts below it, and the warnings that belong to no row.
fn heading(model: &Model, board: &Board, title: &str) -> Vec<Line> {
    let mut head = title_lines(board, title);
    head.extend(warning_lines(model, board));
    head
}

fn title_lines(board: &Board, title: &str) -> Vec<Line> {
    let rows = board.rows_here();
    let counts = Counts::of(rows.iter().map(|row| &board.plan.rows[*row]));
    vec![
        Line::default().push(Role::Heading, title),
        Line::default().plain(verbs_text(&counts)),
    ]
}

/// Returns why a run broke off, and the warnings that belong to no row.
fn warning_lines(model: &Model, board: &Board) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Screen::Run(run) = &model.screen
        && let RunState::Ended(Some(reason)) = &run.state
    {
        lines.push(failure(run, reason));
    }
    if !board.plan.warnings.is_empty() || !board.facts.warnings.is_empty() {
        lines.push(Line::default());
        lines.push(Line::default().push(Role::Warning, "warnings"));
    }
    lines.extend(board.plan.warnings.iter().map(|warning| Line::at(2).plain(warning)));
    lines.extend(board.facts.warnings.iter().cloned());
    lines
}

/// Returns why the row at the cursor is selected or not, unless the user selected it.
fn selection(review: &Review) -> Option<Line> {
    let index = review.board.current().and_then(|(node, _)| node.row)?;
    match review.mark(index) {
        Mark::Nothing | Mark::Selected => None,
        Mark::LeftOut => Some(left_out_line()),
        Mark::Implied => {
            let address = &review.board.plan.rows.get(index)?.address;
            let needed_by = review.selection.needed_by(&review.board.plan, address)?;
            let text = implied_text(address, &needed_by.address);
            Some(Line::default().push(Role::Warning, text))
        }
    }
}

/// Returns what happens to what only the server has, and the key that changes it.
fn drift(model: &Model, board: &Board, row: &Row) -> Option<Line> {
    let reviewing = matches!(model.screen, Screen::Review(_)) && board.facts.read_only.is_none();
    let is_marked = board.prune.contains(&row.address);
    let sentence = row_sentence(row, is_marked)?;
    let is_drift = row.verb == Verb::Drift;
    // Outside the review, and of a record, `D` does nothing, so it is not named there.
    let key = match (reviewing, is_marked) {
        (true, true) => "; `D` leaves it alone again",
        (true, false) if row.has_ignored_drift() => "; `i` ends that",
        (true, false) if is_drift => "; `u` adopts it, `i` ignores it, `D` selects it for deletion",
        (true, false) if row.has_field_drift() => "; `u` adopts, `i` ignores, `D` clears them",
        _ => "",
    };
    Some(sentence.push(Role::Drift, key))
}

/// Returns the state of a row in a run: what it is doing or how it ended, and the requests that were made for it.
fn state(run: &RunScreen, row: &Row, now_ms: u64) -> Vec<Line> {
    let Some(progress) = run.progress.rows.get(&row.address) else {
        let line = match &run.state {
            RunState::Ended(Some(reason)) => failure(run, reason),
            _ => Line::default().push(Role::Dim, "not part of this run"),
        };
        return vec![line];
    };
    let mut lines = status_lines(progress, run.elapsed(now_ms));
    if progress.status == Status::Queued && !run.has_ended() {
        lines.push(waiting(run, row));
    }
    lines.extend(run.requests_of(&row.address).filter_map(lines::event));
    lines
}

/// Returns what a row that has not started waits for.
fn waiting(run: &RunScreen, row: &Row) -> Line {
    let rows = run.progress.rows.iter();
    let unfinished = rows.filter(|(_, progress)| !matches!(progress.status, Status::Finished { .. }));
    let unfinished = unfinished.map(|(address, progress)| (address, progress.verb)).collect();
    let waits = waits_for(row, &unfinished);
    waiting_line(waits.iter(), run.progress.tally().running)
}

fn failure(run: &RunScreen, reason: &str) -> Line {
    let (role, text) = run_message(&run.progress, Some(reason));
    Line::default().push(role, text)
}

//! The first lines of the detail: what happens to the row and why, its state in a run, what to do next.

use crate::apply::event::Outcome;
use crate::apply::{RowProgress, Status};
use crate::plan::{Counts, Row, Verb};
use crate::show::word::duration;
use crate::show::{Line, Role};
use crate::tui::board::Board;
use crate::tui::choice::Mark;
use crate::tui::lines;
use crate::tui::model::Model;
use crate::tui::screen::{Review, Run, RunState, Screen};
use crate::tui::tree::NodeId;

/// Returns the lines above the changes of the row at the cursor.
pub(super) fn lines(model: &Model) -> Vec<Line> {
    let Some((board, Some((node, row)))) = model.board().map(|board| (board, board.current())) else {
        return Vec::new();
    };
    let Some(row) = row else {
        return match &node.id {
            NodeId::Group(group) => heading(model, board, group.title()),
            NodeId::Parent(address) => vec![
                Line::default().push(Role::Heading, format!("{} {}", address.kind(), address.id())),
                Line::default().push(Role::Dim, "not a target: shown for the rows below it"),
            ],
            NodeId::Row(_) => Vec::new(),
        };
    };
    let mut head = vec![lines::row(row)];
    head.extend(
        row.origin
            .as_ref()
            .map(|origin| Line::default().push(Role::Dim, format!("{}:{}", origin.file.display(), origin.line))),
    );
    match &model.screen {
        Screen::Review(review) => head.extend(selection(review, row)),
        Screen::Run(run) => head.extend(standing(run, row, model.now_ms)),
        Screen::Loading(_) | Screen::Failed(_) => {}
    }
    if !has_ended(model, row) {
        head.extend(lines::cautions(row));
    }
    head.extend(drift(model, board, row));
    head.push(Line::default());
    head
}

/// Whether the row is finished: then its cautions are no longer of interest.
fn has_ended(model: &Model, row: &Row) -> bool {
    let Screen::Run(run) = &model.screen else { return false };
    let progress = run.progress.rows.get(&row.address);
    progress.is_some_and(|progress| matches!(progress.status, Status::Finished { .. }))
}

/// A heading shows the counts and the warnings that belong to no row.
fn heading(model: &Model, board: &Board, title: &str) -> Vec<Line> {
    let rows = board.rows_here();
    let counts = Counts::of(rows.iter().map(|row| &board.plan.rows[*row]));
    let mut head = vec![Line::default().push(Role::Heading, title), numbers(counts)];
    if let Screen::Run(run) = &model.screen
        && let RunState::Ended(Some(message)) = &run.state
    {
        head.push(Line::default().push(Role::Error, message));
    }
    if !board.plan.warnings.is_empty() || !board.facts.warnings.is_empty() {
        head.push(Line::default());
        head.push(Line::default().push(Role::Warning, "warnings"));
    }
    head.extend(board.plan.warnings.iter().map(|warning| Line::at(2).plain(warning)));
    head.extend(board.facts.warnings.iter().cloned());
    head
}

fn numbers(counts: Counts) -> Line {
    let parts = [
        (counts.create, "create", Role::Create),
        (counts.update, "update", Role::Update),
        (counts.delete, "delete", Role::Delete),
        (counts.noop, "unchanged", Role::Noop),
        (counts.drift, "drift", Role::Drift),
    ];
    let mut line = Line::default();
    for (count, word, role) in parts.into_iter().filter(|(count, ..)| *count > 0) {
        line = line.push(role, format!("{count} {word}  "));
    }
    line
}

fn selection(review: &Review, row: &Row) -> Option<Line> {
    let index = review.board.current().and_then(|(node, _)| node.row)?;
    match review.choice.mark(index) {
        Mark::Nothing | Mark::Chosen => None,
        Mark::Off => Some(Line::default().push(Role::Dim, "left out: not selected")),
        Mark::Along => {
            let needed_by = review
                .choice
                .needed_by(index)
                .map(|row| &review.board.plan.rows[row].address);
            let needed_by = needed_by.map(|address| format!("{} {}", address.kind(), address.id()));
            let words = format!("selected because {} needs it", needed_by.unwrap_or_default());
            debug_assert_eq!(review.board.plan.rows[index].address, row.address);
            Some(Line::default().push(Role::Warning, words))
        }
    }
}

fn drift(model: &Model, board: &Board, row: &Row) -> Vec<Line> {
    let reviewing = matches!(model.screen, Screen::Review(_));
    let pruned = board.prune.contains(&row.address);
    let words = match row.verb {
        Verb::Drift => "only on the server, not in the files: left alone.",
        Verb::Delete => "only on the server, not in the files: will be deleted.",
        _ if pruned => "fields that only the server has will be cleared.",
        _ if row.has_field_drift() => "fields marked `?` are only on the server: left alone.",
        Verb::Noop if row.changes.is_empty() => {
            return vec![Line::default().push(Role::Dim, "unchanged")];
        }
        _ => return Vec::new(),
    };
    let next = match (reviewing, pruned, row.verb) {
        (false, ..) | (true, false, Verb::Delete) => "",
        (true, true, _) => " `D` leaves it alone again",
        (true, false, Verb::Drift) => " `D` selects it for deletion",
        (true, false, _) => " `D` clears them",
    };
    vec![Line::default().push(Role::Drift, format!("{words}{next}"))]
}

/// Returns the state of a row in a run: the server's whole message, the hint and the requests that were made.
fn standing(run: &Run, row: &Row, now_ms: u64) -> Vec<Line> {
    let Some(progress) = run.progress.rows.get(&row.address) else {
        let message = match &run.state {
            RunState::Ended(Some(message)) => vec![Line::default().push(Role::Error, message)],
            _ => vec![Line::default().push(Role::Dim, "not part of this run")],
        };
        return message;
    };
    let mut said = status(progress, run.has_ended(), run.elapsed(now_ms));
    said.extend(progress.notes.iter().map(|note| Line::at(2).push(Role::Warning, note)));
    said.extend(run.requests_of(&row.address).filter_map(lines::event));
    said
}

fn status(progress: &RowProgress, ended: bool, elapsed_ms: u64) -> Vec<Line> {
    let line = |role, words: String| vec![Line::default().push(role, words)];
    match &progress.status {
        Status::Queued if ended => line(Role::Dim, "skipped: the run ended first".to_owned()),
        Status::Queued => line(Role::Dim, "waiting".to_owned()),
        Status::Running { since_ms } => {
            let elapsed = duration(elapsed_ms.saturating_sub(*since_ms));
            line(Role::Running, format!("running for {elapsed}"))
        }
        Status::Retrying {
            attempt, of, reason, ..
        } => line(Role::Warning, format!("attempt {attempt} of {of} follows: {reason}")),
        Status::Finished { outcome, .. } => outcome_lines(outcome),
    }
}

fn outcome_lines(outcome: &Outcome) -> Vec<Line> {
    let good = |words: &str| vec![Line::default().push(Role::Success, words)];
    match outcome {
        Outcome::Created => good("created"),
        Outcome::Updated { restarted: Some(true) } => good("updated, and restarted"),
        Outcome::Updated { .. } => good("updated"),
        Outcome::Deleted => good("deleted"),
        Outcome::Unchanged => good("unchanged, says the server"),
        Outcome::Failed {
            message,
            hint,
            partly_written,
        } => failed(message, hint.as_deref(), *partly_written),
        Outcome::Unknown { message } => trouble("unknown: it may have been written, plan again to see", message),
        Outcome::Stale { message } => trouble(
            "stale: the server has something else than the plan saw, `r` plans again",
            message,
        ),
        Outcome::Skipped { reason } => vec![Line::default().push(Role::Dim, format!("skipped: {reason}"))],
    }
}

fn failed(message: &str, hint: Option<&str>, partly: bool) -> Vec<Line> {
    let words = if partly {
        "failed, after a part was written"
    } else {
        "failed, nothing was written"
    };
    let mut lines = trouble(words, message);
    lines.extend(hint.map(|hint| Line::default().push(Role::Strong, "hint: ").plain(hint)));
    lines
}

fn trouble(words: &str, message: &str) -> Vec<Line> {
    let mut lines = vec![Line::default().push(Role::Error, words)];
    lines.extend(message.lines().map(|line| Line::at(2).plain(line)));
    lines
}

//! What the detail says of a row before its changes: what happens to it and why, where it stands, what to do next.

use crate::apply::event::Outcome;
use crate::apply::{RowProgress, Status};
use crate::plan::{Counts, Row, Verb};
use crate::show::{Line, Role};
use crate::tui::board::Board;
use crate::tui::choice::Mark;
use crate::tui::lines;
use crate::tui::model::Model;
use crate::tui::screen::{Review, Run, RunState, Screen};

/// The lines above the changes.
pub(super) fn head(model: &Model) -> Vec<Line> {
    let Some((board, Some((node, row)))) = model.board().map(|board| (board, board.current())) else {
        return Vec::new();
    };
    let Some(row) = row else {
        let crate::tui::tree::NodeId::Group(group) = node.id else {
            return Vec::new();
        };
        return heading(model, board, group.title());
    };
    let mut head = vec![lines::row(row)];
    head.extend(
        row.origin
            .as_ref()
            .map(|origin| Line::default().push(Role::Dim, format!("{}:{}", origin.file.display(), origin.line))),
    );
    match &model.screen {
        Screen::Review(review) => head.extend(selection(review, row)),
        Screen::Run(run) => head.extend(standing(run, row)),
        Screen::Loading(_) | Screen::Failed(_) => {}
    }
    if !has_ended(model, row) {
        head.extend(lines::cautions(row));
    }
    head.extend(drift(model, board, row));
    head.push(Line::default());
    head
}

/// What a row was going to do is of no interest once it is done.
fn has_ended(model: &Model, row: &Row) -> bool {
    let Screen::Run(run) = &model.screen else { return false };
    let progress = run.progress.rows.get(&row.address);
    progress.is_some_and(|progress| matches!(progress.status, Status::Finished { .. }))
}

/// A heading shows what belongs to no row.
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
        (counts.noop, "same", Role::Noop),
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
        Mark::Off => Some(Line::default().push(Role::Dim, "not selected: stays as it is on the server")),
        Mark::Along => {
            let needed_by = review
                .choice
                .needed_by(index)
                .map(|row| &review.board.plan.rows[row].address);
            let needed_by = needed_by.map(|address| format!("{} {}", address.kind(), address.id()));
            let words = format!("comes along: {} needs it", needed_by.unwrap_or_default());
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
            return vec![Line::default().push(Role::Dim, "files and server agree")];
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

/// Where a row stands in a run: the server's words in full, what to do, the requests made for it.
fn standing(run: &Run, row: &Row) -> Vec<Line> {
    let Some(progress) = run.progress.rows.get(&row.address) else {
        let message = match &run.state {
            RunState::Ended(Some(message)) => vec![Line::default().push(Role::Error, message)],
            _ => vec![Line::default().push(Role::Dim, "not part of this run")],
        };
        return message;
    };
    let mut said = status(progress, run.has_ended());
    said.extend(progress.notes.iter().map(|note| Line::at(2).push(Role::Warning, note)));
    said.extend(run.requests_of(&row.address).filter_map(lines::event));
    said
}

fn status(progress: &RowProgress, ended: bool) -> Vec<Line> {
    let line = |role, words: String| vec![Line::default().push(role, words)];
    match &progress.status {
        Status::Queued if ended => line(Role::Dim, "not tried".to_owned()),
        Status::Queued => line(Role::Dim, "waiting".to_owned()),
        Status::Running { .. } => line(Role::Running, "at work".to_owned()),
        Status::Retrying {
            attempt, of, reason, ..
        } => line(Role::Warning, format!("try {attempt} of {of} follows: {reason}")),
        Status::Finished { outcome, .. } => ended_as(outcome),
    }
}

fn ended_as(outcome: &Outcome) -> Vec<Line> {
    let good = |words: &str| vec![Line::default().push(Role::Success, words)];
    match outcome {
        Outcome::Created => good("created"),
        Outcome::Updated { restarted: Some(true) } => good("updated, and restarted"),
        Outcome::Updated { .. } => good("updated"),
        Outcome::Deleted => good("deleted"),
        Outcome::Unchanged => good("the server says: no change"),
        Outcome::Failed {
            message,
            hint,
            partly_written,
        } => failed(message, hint.as_deref(), *partly_written),
        Outcome::Unknown { message } => trouble("unknown: no answer came, it may have been written", message),
        Outcome::Stale { message } => trouble("not written: it is not what the plan saw, `r` plans again", message),
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

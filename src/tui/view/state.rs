//! The text before and after a row of the tree: its box in the review, its state in a run.

use crate::apply::event::Outcome;
use crate::apply::{RowProgress, Status};
use crate::plan::{Impact, Row, Verb};
use crate::show::Role;
use crate::show::word::duration;
use crate::tui::choice::Mark;
use crate::tui::glyph::Glyphs;
use crate::tui::lines;
use crate::tui::screen::{Review, Run};

use super::header::seconds;

/// The box before a node: its own row and the rows below it taken together.
pub(super) fn checkbox(review: &Review, own: Option<usize>, rows: impl Iterator<Item = usize>) -> (&'static str, Role) {
    let marks: Vec<Mark> = rows
        .map(|row| review.choice.mark(row))
        .filter(|mark| *mark != Mark::Nothing)
        .collect();
    let all = |wanted: Mark| marks.iter().all(|mark| *mark == wanted);
    match own.map(|row| review.choice.mark(row)) {
        _ if marks.is_empty() => ("   ", Role::Dim),
        // It is written because of the rows below it, whichever of them are selected.
        Some(Mark::Along) => ("[+]", Role::Warning),
        _ if all(Mark::Chosen) => ("[x]", Role::Strong),
        _ if all(Mark::Along) => ("[+]", Role::Warning),
        _ if all(Mark::Off) => ("[ ]", Role::Plain),
        _ => ("[-]", Role::Plain),
    }
}

/// Returns the text at the end of a row of the review.
pub(super) fn hint(row: &Row) -> (String, Role) {
    match row.impact {
        Some(Impact::Restart) => ("⚠ restarts".to_owned(), Role::Warning),
        Some(Impact::Replace) => ("⚠ replaced".to_owned(), Role::Warning),
        None if !row.warnings.is_empty() => ("⚠ warning".to_owned(), Role::Warning),
        None if row.may_restart() => ("secret resent, may restart".to_owned(), Role::Secret),
        None if row.recheck => ("secret resent".to_owned(), Role::Secret),
        None if row.changed_fields().is_empty() && row.has_field_drift() => ("? field drift".to_owned(), Role::Drift),
        None if row.verb == Verb::Update => (row.changed_fields().join(", "), Role::Dim),
        None => (String::new(), Role::Dim),
    }
}

/// Returns the glyph before a row of a run.
pub(super) fn glyph(glyphs: &Glyphs, progress: Option<&RowProgress>, now_ms: u64) -> (char, Role) {
    match progress.map(|progress| &progress.status) {
        None => (' ', Role::Dim),
        Some(Status::Queued) => (glyphs.queued, Role::Dim),
        Some(Status::Running { .. }) => (glyphs.spin(now_ms), Role::Running),
        Some(Status::Retrying { .. }) => (glyphs.retry, Role::Warning),
        Some(Status::Finished { outcome, .. }) => outcome_glyph(glyphs, outcome),
    }
}

/// Returns how much a row needs the user; larger is more.
pub(super) fn urgency(status: &Status) -> u8 {
    match status {
        Status::Finished { outcome, .. } if outcome.succeeded() => 0,
        Status::Queued => 1,
        Status::Finished {
            outcome: Outcome::Skipped { .. },
            ..
        } => 2,
        Status::Running { .. } => 3,
        Status::Retrying { .. } => 4,
        Status::Finished { .. } => 5,
    }
}

fn outcome_glyph(glyphs: &Glyphs, outcome: &Outcome) -> (char, Role) {
    match outcome {
        Outcome::Created | Outcome::Updated { .. } | Outcome::Deleted | Outcome::Unchanged => {
            (glyphs.done, Role::Success)
        }
        Outcome::Failed { .. } => (glyphs.failed, Role::Error),
        Outcome::Unknown { .. } => (glyphs.unknown, Role::Error),
        Outcome::Stale { .. } => (glyphs.stale, Role::Error),
        Outcome::Skipped { .. } => (glyphs.skipped, Role::Dim),
    }
}

/// Returns the text at the end of a row of a run.
pub(super) fn state(run: &Run, progress: Option<&RowProgress>, now_ms: u64) -> (String, Role) {
    let elapsed = |since_ms: u64| seconds(run.elapsed(now_ms).saturating_sub(since_ms));
    match progress.map(|progress| &progress.status) {
        None | Some(Status::Queued) => (String::new(), Role::Dim),
        Some(Status::Running { since_ms }) => (elapsed(*since_ms), Role::Running),
        Some(Status::Retrying {
            attempt, of, reason, ..
        }) => (format!("{attempt}/{of} {reason}"), Role::Warning),
        Some(Status::Finished { outcome, took_ms }) => finished(outcome, *took_ms),
    }
}

fn finished(outcome: &Outcome, took_ms: u64) -> (String, Role) {
    let words = lines::outcome_words(outcome);
    match outcome {
        Outcome::Skipped { .. } => (words, Role::Dim),
        outcome if outcome.succeeded() => (format!("{words} {}", duration(took_ms)), Role::Dim),
        _ => (words, Role::Error),
    }
}

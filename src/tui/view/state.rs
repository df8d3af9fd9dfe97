//! The sign before a row of the tree: its checkbox in the review, its state in a run.

use crate::apply::event::Outcome;
use crate::apply::{RowProgress, Status};
use crate::plan::Mark;
use crate::show::Role;
use crate::show::selection::Checkbox;
use crate::tui::glyph::Glyphs;
use crate::tui::screen::Review;

/// Returns the box before a node: its own row and the rows below it taken together.
pub(super) fn checkbox(review: &Review, own: Option<usize>, rows: impl Iterator<Item = usize>) -> (Role, &'static str) {
    let marks: Vec<Mark> = rows
        .map(|row| review.mark(row))
        .filter(|mark| *mark != Mark::Nothing)
        .collect();
    let all = |wanted: Mark| marks.iter().all(|mark| *mark == wanted);
    let checkbox = match own.map(|row| review.mark(row)) {
        _ if marks.is_empty() => return (Role::Dim, "   "),
        // It is written because of the rows below it, whichever of them are selected.
        Some(Mark::Implied) => Checkbox::Implied,
        _ if all(Mark::Selected) => Checkbox::Selected,
        _ if all(Mark::Implied) => Checkbox::Implied,
        _ if all(Mark::LeftOut) => Checkbox::LeftOut,
        _ => Checkbox::Mixed,
    };
    checkbox.text()
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

/// Returns how much a row needs the user; larger is more. A folded node shows the state of its most urgent row.
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

//! The review: the plan and the rows of it that are selected.

use std::collections::BTreeSet;

use crate::plan::{Counts, Plan};
use crate::resource::Address;
use crate::tui::board::Board;
use crate::tui::choice::{Choice, Mark};
use crate::tui::workbench::ApplyRequest;

/// The screen before anything is applied.
#[derive(Debug, Clone)]
pub struct Review {
    /// The plan.
    pub board: Board,
    /// The selected rows.
    pub choice: Choice,
    /// The row that was just marked for deletion. It is selected in the next plan even if it was deselected before.
    pub wanted: Option<Address>,
}

impl Review {
    /// Creates a review with all rows selected but these.
    pub fn without(board: Board, without: &BTreeSet<Address>) -> Self {
        let choice = Choice::with(&board.plan, |address| !without.contains(address));
        Self {
            board,
            choice,
            wanted: None,
        }
    }

    /// Creates a review with only these rows selected.
    pub fn only(board: Board, only: &BTreeSet<Address>) -> Self {
        let choice = Choice::with(&board.plan, |address| only.contains(address));
        Self {
            board,
            choice,
            wanted: None,
        }
    }

    /// Returns the rows that could be applied and are not selected by the user.
    pub fn left_out(&self) -> BTreeSet<Address> {
        let rows = self.board.plan.rows.iter().enumerate();
        rows.filter(|(at, _)| matches!(self.choice.mark(*at), Mark::LeftOut | Mark::Implied))
            .map(|(_, row)| row.address.clone())
            .collect()
    }

    /// Returns the counts of the selected rows.
    pub fn counts(&self) -> Counts {
        Counts::of(self.choice.rows().map(|row| &self.board.plan.rows[row]))
    }

    /// Returns the request that applies the selected rows.
    pub fn request(&self) -> ApplyRequest {
        ApplyRequest {
            selection: self.choice.addresses(&self.board.plan),
            prune: self.board.prune.clone(),
        }
    }

    /// Replaces the plan by one with other rows to delete; deselected rows stay deselected.
    pub fn replan(&mut self, plan: Plan) {
        let mut without = self.left_out();
        if let Some(wanted) = self.wanted.take() {
            without.remove(&wanted);
        }
        self.board.replace_plan(plan);
        self.choice = Choice::with(&self.board.plan, |address| !without.contains(address));
    }
}

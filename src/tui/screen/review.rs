//! The plan is looked at, and what of it to apply is chosen.

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
    /// What of it to apply.
    pub choice: Choice,
    /// What was just asked to be deleted: selected in the plan that follows, whatever was taken out before.
    pub wanted: Option<Address>,
}

impl Review {
    /// A plan with everything selected but these rows.
    pub fn without(board: Board, without: &BTreeSet<Address>) -> Self {
        let choice = Choice::with(&board.plan, |address| !without.contains(address));
        Self {
            board,
            choice,
            wanted: None,
        }
    }

    /// A plan with only these rows selected.
    pub fn only(board: Board, only: &BTreeSet<Address>) -> Self {
        let choice = Choice::with(&board.plan, |address| only.contains(address));
        Self {
            board,
            choice,
            wanted: None,
        }
    }

    /// Rows that could be applied and were taken out.
    pub fn left_out(&self) -> BTreeSet<Address> {
        let rows = self.board.plan.rows.iter().enumerate();
        rows.filter(|(at, _)| matches!(self.choice.mark(*at), Mark::Off | Mark::Along))
            .map(|(_, row)| row.address.clone())
            .collect()
    }

    /// What the selected rows add up to.
    pub fn counts(&self) -> Counts {
        Counts::of(self.choice.rows().map(|row| &self.board.plan.rows[row]))
    }

    /// What an apply of the selected rows would ask for.
    pub fn request(&self) -> ApplyRequest {
        ApplyRequest {
            selection: self.choice.addresses(&self.board.plan),
            prune: self.board.prune.clone(),
        }
    }

    /// Takes the plan with other rows to delete; what was taken out stays out.
    pub fn replan(&mut self, plan: Plan) {
        let mut without = self.left_out();
        if let Some(wanted) = self.wanted.take() {
            without.remove(&wanted);
        }
        self.board.replace_plan(plan);
        self.choice = Choice::with(&self.board.plan, |address| !without.contains(address));
    }
}

//! The review: the plan and the rows of it that are selected.

use std::collections::BTreeSet;

use crate::plan::{Counts, Mark, Plan, Row, Selection};
use crate::resource::Address;
use crate::tui::board::Board;
use crate::tui::workbench::{ApplyRequest, LoadedPlan};

/// The screen before anything is applied.
#[derive(Debug, Clone)]
pub struct Review {
    /// The plan, with its tree and detail.
    pub board: Board,
    /// The rows that the user selected, and those that they need.
    pub selection: Selection,
    /// The rows that were just marked for deletion. They are selected in the next plan even if they were deselected before.
    pub wanted: BTreeSet<Address>,
    /// The rows that were deselected when an older plan was on the screen. They stay so when a later plan has them again.
    kept_out: BTreeSet<Address>,
    /// What was selected before each change, and what was taken back.
    pub history: SelectionHistory,
}

/// What the user had selected before each change of the selection.
#[derive(Debug, Clone, Default)]
pub struct SelectionHistory {
    undo: Vec<BTreeSet<Address>>,
    redo: Vec<BTreeSet<Address>>,
}

/// The maximum number of changes that can be taken back.
const MAX_UNDO: usize = 100;

impl Review {
    /// Changes the selection so that it can be taken back.
    pub fn select(&mut self, selected: BTreeSet<Address>) {
        let next = Selection::of(&self.board.plan, selected);
        let before = std::mem::replace(&mut self.selection, next).selected;
        if before != self.selection.selected {
            self.history.redo.clear();
            self.history.undo.push(before);
            if self.history.undo.len() > MAX_UNDO {
                self.history.undo.remove(0);
            }
        }
    }

    /// Selects these rows in addition, or none of them when all are selected already. Returns whether they are selected now.
    pub fn toggle(&mut self, rows: &[Row]) -> bool {
        let mut next = self.selection.clone();
        let selects = next.toggle(&self.board.plan, rows);
        self.select(next.selected);
        selects
    }

    /// Takes the last change of the selection back. Returns whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(selected) = self.history.undo.pop() else {
            return false;
        };
        let before = self.restore(selected);
        self.history.redo.push(before);
        true
    }

    /// Makes the change again that was taken back last. Returns whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(selected) = self.history.redo.pop() else {
            return false;
        };
        let before = self.restore(selected);
        self.history.undo.push(before);
        true
    }

    fn restore(&mut self, selected: BTreeSet<Address>) -> BTreeSet<Address> {
        let next = Selection::of(&self.board.plan, selected);
        std::mem::replace(&mut self.selection, next).selected
    }

    /// Creates a review with all rows selected but these.
    pub fn without(board: Board, without: &BTreeSet<Address>) -> Self {
        let selection = Selection::with(&board.plan, |address| !without.contains(address));
        Self {
            board,
            selection,
            wanted: BTreeSet::new(),
            kept_out: BTreeSet::new(),
            history: SelectionHistory::default(),
        }
    }

    /// Creates a review with only these rows selected.
    pub fn only(board: Board, only: &BTreeSet<Address>) -> Self {
        let selection = Selection::with(&board.plan, |address| only.contains(address));
        Self {
            board,
            selection,
            wanted: BTreeSet::new(),
            kept_out: BTreeSet::new(),
            history: SelectionHistory::default(),
        }
    }

    /// Returns the rows that could be applied and are not selected by the user.
    pub fn left_out(&self) -> BTreeSet<Address> {
        let rows = self.board.plan.rows.iter();
        // A row that is only needed by another one was not chosen: it is left out as soon as nothing needs it.
        rows.filter(|row| matches!(self.selection.mark(row), Mark::LeftOut | Mark::Implied))
            .map(|row| row.address.clone())
            .collect()
    }

    /// Returns whether a row is applied, and why, by its index in the plan.
    pub fn mark(&self, row: usize) -> Mark {
        // Nothing is chosen of what cannot be applied from here.
        let row = self
            .board
            .plan
            .rows
            .get(row)
            .filter(|_| self.board.facts.read_only.is_none());
        row.map_or(Mark::Nothing, |row| self.selection.mark(row))
    }

    /// Returns the counts of the selected rows.
    pub fn counts(&self) -> Counts {
        let rows = self.board.plan.rows.iter();
        Counts::of(rows.filter(|row| self.selection.contains(&row.address)))
    }

    /// Returns the request that applies the selected rows.
    pub fn request(&self) -> ApplyRequest {
        ApplyRequest {
            selection: self.selection.all(),
            prune: self.board.prune.clone(),
        }
    }

    /// Replaces the plan by a newer one, with everything else as the user left it. Returns whether anything is different.
    pub fn show(&mut self, loaded: LoadedPlan) -> bool {
        let mut without = self.left_out();
        let plan = &self.board.plan;
        let is_gone = |address: &&Address| plan.row(address).is_none_or(|row| !row.writes());
        without.extend(self.kept_out.iter().filter(is_gone).cloned());
        if !self.board.follow(loaded) {
            return false;
        }
        self.selection = Selection::with(&self.board.plan, |address| !without.contains(address));
        self.kept_out = without;
        true
    }

    /// Replaces the plan by one with other rows to delete; deselected rows stay deselected.
    pub fn replan(&mut self, plan: Plan) {
        let mut without = self.left_out();
        for wanted in std::mem::take(&mut self.wanted) {
            without.remove(&wanted);
        }
        self.board.replace_plan(plan);
        self.selection = Selection::with(&self.board.plan, |address| !without.contains(address));
    }
}

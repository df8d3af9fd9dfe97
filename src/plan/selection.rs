//! The rows of a plan that are applied: those that the user selected, and those that a selected row needs.
//!
//! `--target`, plain questions and the screen all hold a [`Selection`]; what is left out is not written.

use std::collections::BTreeSet;

use super::Plan;
use super::row::Row;
use crate::resource::Address;

/// The selected rows of a plan. Only rows that write can be selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The rows that the user selected.
    pub selected: BTreeSet<Address>,
    /// The rows that were added because a selected row needs them. None of them is in `selected`.
    pub implied: BTreeSet<Address>,
}

/// Whether a row is applied, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// There is nothing to write for the row.
    Nothing,
    /// The row could be written, and is not.
    LeftOut,
    /// The user selected the row.
    Selected,
    /// A selected row needs this one.
    Implied,
}

/// How much of a plan is selected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SelectionCounts {
    /// The number of rows that the user selected.
    pub selected: usize,
    /// The number of rows that were added to them.
    pub implied: usize,
    /// The number of rows that can be selected.
    pub possible: usize,
}

impl Selection {
    /// Selects every row that writes.
    pub fn everything(plan: &Plan) -> Self {
        Self::with(plan, |_| true)
    }

    /// Selects the rows that write and that `accepts` accepts, with all that they need.
    pub fn with(plan: &Plan, accepts: impl Fn(&Address) -> bool) -> Self {
        let rows = plan.rows.iter().filter(|row| row.writes() && accepts(&row.address));
        let mut selection = Self {
            selected: rows.map(|row| row.address.clone()).collect(),
            implied: BTreeSet::new(),
        };
        selection.add_needed(plan);
        selection
    }

    /// Selects these rows, as far as they write, with all that they need.
    pub fn of(plan: &Plan, addresses: impl IntoIterator<Item = Address>) -> Self {
        let wanted: BTreeSet<Address> = addresses.into_iter().collect();
        Self::with(plan, |address| wanted.contains(address))
    }

    /// Selects these rows in addition, or none of them when all are selected already. Returns whether they are selected
    /// now. Rows that do not write are ignored.
    pub fn toggle<'a>(&mut self, plan: &Plan, rows: impl IntoIterator<Item = &'a Row>) -> bool {
        let rows: Vec<&Row> = rows.into_iter().filter(|row| row.writes()).collect();
        let all = rows.iter().all(|row| self.selected.contains(&row.address));
        for row in rows {
            if all {
                self.selected.remove(&row.address);
            } else {
                self.selected.insert(row.address.clone());
            }
        }
        self.add_needed(plan);
        !all
    }

    /// Whether a row is applied.
    pub fn contains(&self, address: &Address) -> bool {
        self.selected.contains(address) || self.implied.contains(address)
    }

    /// Whether a row of the plan is applied, and why.
    pub fn mark(&self, row: &Row) -> Mark {
        if !row.writes() {
            Mark::Nothing
        } else if self.selected.contains(&row.address) {
            Mark::Selected
        } else if self.implied.contains(&row.address) {
            Mark::Implied
        } else {
            Mark::LeftOut
        }
    }

    /// Whether no row is applied.
    pub fn is_empty(&self) -> bool {
        self.selected.is_empty()
    }

    /// Returns all rows that are applied.
    pub fn all(&self) -> BTreeSet<Address> {
        self.selected.union(&self.implied).cloned().collect()
    }

    /// Returns how much of the plan is selected.
    pub fn counts(&self, plan: &Plan) -> SelectionCounts {
        SelectionCounts {
            selected: self.selected.len(),
            implied: self.implied.len(),
            possible: plan.rows.iter().filter(|row| row.writes()).count(),
        }
    }

    /// Returns the first row to be applied that needs this one.
    pub fn needed_by<'a>(&self, plan: &'a Plan, address: &Address) -> Option<&'a Row> {
        let mut applied = plan.rows.iter().filter(|row| self.contains(&row.address));
        applied.find(|row| row.depends_on.contains(address))
    }

    /// Adds what the selected rows need, and what those need, as far as it writes.
    fn add_needed(&mut self, plan: &Plan) {
        self.implied.clear();
        if self.selected.len() == plan.rows.iter().filter(|row| row.writes()).count() {
            // Nothing is left that could be needed.
            return;
        }
        let mut open: Vec<Address> = self.selected.iter().cloned().collect();
        while let Some(address) = open.pop() {
            for needed in plan.row(&address).into_iter().flat_map(|row| &row.depends_on) {
                let writes = plan.row(needed).is_some_and(Row::writes);
                if writes && !self.selected.contains(needed) && self.implied.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
    }
}

//! Less than the whole plan: `--target`, and what is ticked in the review.

use std::collections::BTreeSet;

use super::Plan;
use crate::resource::Address;

/// The rows that a person chose, and those that come along because the chosen ones need them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What was chosen.
    pub chosen: BTreeSet<Address>,
    /// What comes along.
    pub along: BTreeSet<Address>,
}

impl Selection {
    /// Every row that writes.
    pub fn everything(plan: &Plan) -> Self {
        let writing = plan.rows.iter().filter(|row| row.writes());
        Self {
            chosen: writing.map(|row| row.address.clone()).collect(),
            along: BTreeSet::new(),
        }
    }

    /// These rows and what they depend on, as far as they write.
    pub fn of(plan: &Plan, chosen: impl IntoIterator<Item = Address>) -> Self {
        let wanted: BTreeSet<Address> = chosen.into_iter().collect();
        let writes = |address: &Address| plan.row(address).is_some_and(super::Row::writes);
        let chosen: BTreeSet<Address> = wanted.into_iter().filter(|address| writes(address)).collect();
        let mut along = BTreeSet::new();
        let mut open: Vec<Address> = chosen.iter().cloned().collect();
        while let Some(address) = open.pop() {
            for needed in plan.row(&address).into_iter().flat_map(|row| &row.depends_on) {
                if !chosen.contains(needed) && along.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
        Self { chosen, along }
    }

    /// Whether a row is to be written.
    pub fn contains(&self, address: &Address) -> bool {
        self.chosen.contains(address) || self.along.contains(address)
    }

    /// All rows that are to be written.
    pub fn all(&self) -> BTreeSet<Address> {
        self.chosen.union(&self.along).cloned().collect()
    }
}

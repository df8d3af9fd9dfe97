//! What the user has looked at: a row counts as seen once its whole detail was on the screen.

use std::collections::BTreeSet;

use crate::plan::{Plan, Row};
use crate::resource::Address;

/// The rows of a plan that were looked at, and those that are new since then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedRows {
    /// The rows whose whole detail was on the screen, as they are now.
    pub seen: BTreeSet<Address>,
    /// The rows that are new, or different, since a plan was looked at, and that were not seen yet.
    pub fresh: BTreeSet<Address>,
}

impl LookedRows {
    /// Notes that a row was seen as a whole.
    pub fn see(&mut self, row: &Row) {
        if row.is_notable() && !self.seen.contains(&row.address) {
            self.fresh.remove(&row.address);
            self.seen.insert(row.address.clone());
        }
    }

    /// Whether nobody has looked at a row that asks for it.
    pub fn misses(&self, row: &Row) -> bool {
        row.is_notable() && !self.seen.contains(&row.address)
    }

    /// Returns the same for a newer plan: what is different in it has not been looked at.
    pub fn following(&self, before: &Plan, after: &Plan) -> Self {
        let mut next = Self::default();
        for (row, known) in after.rows_since(before).filter(|(row, _)| row.is_notable()) {
            let same = known.is_some_and(|known| known.does_the_same(row));
            if !same {
                next.fresh.insert(row.address.clone());
            } else if self.seen.contains(&row.address) {
                next.seen.insert(row.address.clone());
            } else if self.fresh.contains(&row.address) {
                next.fresh.insert(row.address.clone());
            }
        }
        next
    }
}

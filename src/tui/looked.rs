//! What the user has looked at: a row counts as seen once its whole detail was on the screen.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Plan, Row};
use crate::resource::Address;

/// The rows of a plan that were looked at, and those that are new since then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LookedRows {
    /// The rows whose whole detail was on the screen, as they are now.
    pub seen: BTreeSet<Address>,
    /// The rows that are new, or different, since a plan was looked at, and that were not seen yet.
    pub fresh: BTreeSet<Address>,
    /// The rows that were seen and are not planned at the moment, because others alone are.
    pub away: BTreeMap<Address, Row>,
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

    /// Returns the same for a newer plan: what is different in it has not been looked at. `rescoped` says that the plan is one of
    /// other rows: those that come with it are not new.
    pub fn following(&self, before: &Plan, after: &Plan, rescoped: bool) -> Self {
        let mut next = Self::default();
        if rescoped {
            let seen = before.rows.iter().filter(|row| self.seen.contains(&row.address));
            next.away = seen.map(|row| (row.address.clone(), row.clone())).collect();
        }
        next.away.extend(self.away.clone());
        for (row, known) in after.rows_since(before) {
            let away = next.away.remove(&row.address);
            if !row.is_notable() {
                continue;
            }
            let known = known.or(away.as_ref());
            let same = known.is_some_and(|known| known.does_the_same(row));
            if rescoped && known.is_none() {
                continue;
            }
            if !same {
                next.fresh.insert(row.address.clone());
            } else if self.seen.contains(&row.address) {
                next.seen.insert(row.address.clone());
            } else if self.fresh.contains(&row.address) {
                next.fresh.insert(row.address.clone());
            }
        }
        next.seen.extend(next.away.keys().cloned());
        next
    }
}

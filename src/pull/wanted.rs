//! Which part of a plan is pulled.

use std::collections::BTreeSet;

use super::units::file_field;
use crate::plan::{Plan, Row};
use crate::resource::{Address, FieldPath};

/// Rows, or one field of them, that a user has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The rows.
    pub rows: BTreeSet<Address>,
    /// The field of a file, named by any value of it. `None` for everything that differs.
    pub field: Option<FieldPath>,
    /// Whether ignored drift is pulled too, because the user named it.
    pub ignored_too: bool,
}

impl Wanted {
    /// Returns the plan with only what is wanted.
    pub fn of(&self, plan: &Plan) -> Plan {
        let mut wanted = plan.restricted(|row| self.rows.contains(&row.address));
        for row in &mut wanted.rows {
            let known = Row::clone(row);
            *row = self
                .of_row(if self.ignored_too { unignored(known) } else { known })
                .into();
        }
        wanted.restricted(|_| true)
    }

    fn of_row(&self, mut row: Row) -> Row {
        if let Some(field) = &self.field {
            // A key of a file is pulled as a whole, so each value below it counts.
            row.changes
                .retain(|change| change.path.starts_with(field) || file_field(&change.path) == file_field(field));
        }
        row
    }
}

fn unignored(mut row: Row) -> Row {
    row.ignored = None;
    row.changes.iter_mut().for_each(|change| change.ignored = None);
    row
}

//! A pull as a plan: the rows are the same, what the files have is before, and what the server has is after.

use std::path::{Path, PathBuf};

use super::change::{PullPlan, Unit};
use super::project_files::LOBU_TOML;
use super::units::file_field;
use crate::plan::{Change, Plan, Row, Verb};
use crate::resource::{Origin, Shown};

impl PullPlan {
    /// Returns the plan that these changes were worked out from, as the review of a pull shows it: a row that the files
    /// have not is created, one that differs is updated, and what cannot be pulled is a warning. `folder` is the project's
    /// folder as it is shown.
    pub fn reversed(&self, plan: &Plan, folder: &Path) -> Plan {
        let mut reversed = plan.restricted(|_| true);
        for row in &mut reversed.rows {
            self.reverse(row, folder);
        }
        // The counts are those of the rows as they are now.
        reversed.restricted(|_| true)
    }

    fn reverse(&self, row: &mut Row, folder: &Path) {
        let unit = |field| Unit {
            address: row.address.clone(),
            field,
        };
        let is_whole = self.pulled.contains(&unit(None));
        let is_pulled = |change: &Change| is_whole || self.pulled.contains(&unit(Some(file_field(&change.path))));
        row.changes = row
            .changes
            .iter()
            .filter(|change| is_pulled(change))
            .map(turned)
            .collect();
        row.verb = match row.changes.is_empty() {
            _ if is_whole => Verb::Create,
            true => Verb::Noop,
            false => Verb::Update,
        };
        let conflicts = self.conflicts.iter().filter(|it| it.unit.address == row.address);
        row.warnings = conflicts
            .map(|conflict| match &conflict.unit.field {
                Some(field) => format!("not pulled: {field}: {}", conflict.reason),
                None => format!("not pulled: {}", conflict.reason),
            })
            .collect();
        if row.origin.is_none() {
            // An agent has texts beside its table; it is declared in `lobu.toml`.
            let files = self.locations.get(&row.address);
            let is_main = |file: &&PathBuf| file.as_path() == Path::new(LOBU_TOML);
            let file = files.and_then(|files| files.iter().find(is_main).or_else(|| files.first()));
            row.origin = file.map(|file| Origin {
                file: folder.join(file).into(),
                line: 1,
            });
        }
        row.impact = None;
        row.recheck = false;
        row.depends_on.clear();
        row.cascade = None;
    }
}

/// Returns a difference seen from the other side.
fn turned(change: &Change) -> Change {
    let (before, after): (Option<Shown>, Option<Shown>) = (change.after.clone(), change.before.clone());
    Change {
        origin: change.origin.clone(),
        ..Change::between(change.path.clone(), before, after).presented_as(change.presentation)
    }
}

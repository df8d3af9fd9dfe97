//! Drift that `lobuctl.toml` ignores: it stays in the plan, and neither guards nor exit codes count it.

use jiff::civil::Date;

use super::change::ChangeKind;
use super::counts::Counts;
use super::row::{Row, Verb};
use super::{Draft, Plan};
use crate::resource::DriftIgnore;

impl Draft {
    /// Marks the drift that is ignored on this day, and warns about entries that have ended while the drift is still there.
    #[must_use]
    pub fn ignoring(mut self, ignores: &[DriftIgnore], today: Date) -> Self {
        self.plan.ignore(ignores, today);
        self
    }
}

impl Plan {
    /// Marks the drift that is ignored on this day. The plan's id stays: ignored drift is never written.
    fn ignore(&mut self, ignores: &[DriftIgnore], today: Date) {
        if ignores.is_empty() {
            return;
        }
        let (ended, active): (Vec<&DriftIgnore>, Vec<&DriftIgnore>) =
            ignores.iter().partition(|entry| entry.has_ended(today));
        // An ended entry is worth a word only where no other one still holds.
        let mut missed = vec![0; ended.len()];
        for row in &mut self.rows {
            mark(row, &active);
            for (count, entry) in missed.iter_mut().zip(&ended) {
                *count += usize::from(concerns(row, entry));
            }
        }
        let warnings = ended.iter().zip(&missed).filter(|(_, count)| **count > 0);
        self.warnings.extend(warnings.map(|(entry, _)| ended_text(entry)));
        self.counts = Counts::of(&self.rows);
    }
}

/// Marks a row, and each drifted field of it.
fn mark(row: &mut Row, active: &[&DriftIgnore]) {
    let address = &row.address;
    if row.verb == Verb::Drift {
        let entry = active.iter().find(|entry| entry.covers(address));
        row.ignored = entry.map(|entry| entry.ignored());
        return;
    }
    for change in row.changes.iter_mut().filter(|it| it.kind == ChangeKind::Drift) {
        let entry = active.iter().find(|entry| entry.covers_field(address, &change.path));
        change.ignored = entry.map(|entry| entry.ignored());
    }
}

/// Whether an entry is about drift of this row that nothing else ignores.
fn concerns(row: &Row, entry: &DriftIgnore) -> bool {
    if row.verb == Verb::Drift {
        return row.ignored.is_none() && entry.covers(&row.address);
    }
    let fields = row.changes.iter().filter(|change| change.is_open_drift());
    fields
        .into_iter()
        .any(|change| entry.covers_field(&row.address, &change.path))
}

fn ended_text(entry: &DriftIgnore) -> String {
    format!(
        "{}:{}: `{}` was ignored until {}, and still drifts: adopt it, delete it, or choose a later date",
        entry.origin.file.display(),
        entry.origin.line,
        entry.subject(),
        entry.until,
    )
}

//! The drift of a plan, and what the entries of `lobuctl.toml` do about it.

use jiff::civil::Date;
use serde::Serialize;

use super::Plan;
use super::change::ChangeKind;
use super::row::{Row, Verb};
use crate::resource::{Address, DriftIgnore, FieldPath, Ignored, Origin};

/// Everything that drifts, and every entry.
#[derive(Debug, Clone, Serialize)]
pub struct DriftList {
    /// The drift that nothing ignores, in the order of the plan.
    pub open: Vec<DriftItem>,
    /// The drift that is ignored, in the order of the plan.
    pub ignored: Vec<DriftItem>,
    /// The entries, in file order.
    pub entries: Vec<EntryReport>,
}

/// A resource, or a field of one, that only the server has.
#[derive(Debug, Clone, Serialize)]
pub struct DriftItem {
    /// The resource.
    pub address: Address,
    /// The field. `None` when only the server has the resource as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldPath>,
    /// Why it is ignored.
    #[serde(flatten)]
    pub ignored: Option<Ignored>,
}

/// An entry of `lobuctl.toml` and what it is worth.
#[derive(Debug, Clone, Serialize)]
pub struct EntryReport {
    /// The pattern, and the field behind a blank.
    pub subject: String,
    /// The reason, for people.
    pub reason: String,
    /// The last day on which the drift is ignored.
    pub until: Date,
    /// The location of the entry.
    pub origin: Origin,
    /// Whether the entry is in force.
    pub state: EntryState,
}

/// Whether an entry is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryState {
    /// It ignores drift.
    Active,
    /// Its last day has passed.
    Ended,
    /// Nothing that it is about drifts.
    Unused,
}

impl DriftList {
    /// Lists the drift of a plan in which ignored drift is marked.
    pub fn of(plan: &Plan, ignores: &[DriftIgnore], today: Date) -> Self {
        let items: Vec<DriftItem> = plan.rows.iter().flat_map(items).collect();
        let entries = ignores.iter().map(|entry| report(entry, &items, today)).collect();
        let (ignored, open) = items.into_iter().partition(|item| item.ignored.is_some());
        Self { open, ignored, entries }
    }
}

fn items(row: &Row) -> Vec<DriftItem> {
    let item = |field, ignored| DriftItem {
        address: row.address.clone(),
        field,
        ignored,
    };
    if row.verb == Verb::Drift {
        return vec![item(None, row.ignored.clone())];
    }
    let fields = row.changes.iter().filter(|change| change.kind == ChangeKind::Drift);
    fields
        .map(|change| item(Some(change.path.clone()), change.ignored.clone()))
        .collect()
}

fn report(entry: &DriftIgnore, items: &[DriftItem], today: Date) -> EntryReport {
    let concerns = |item: &DriftItem| match (&item.field, &item.address) {
        (Some(field), address) => entry.covers_field(address, field),
        // What belongs to an agent that no file declares has no row of its own.
        (None, Address::Agent { id }) if entry.pattern.may_cover_parts_of(id) => true,
        (None, address) => entry.covers(address),
    };
    EntryReport {
        subject: entry.subject(),
        reason: entry.reason.clone(),
        until: entry.until,
        origin: entry.origin.clone(),
        state: match items.iter().any(concerns) {
            false => EntryState::Unused,
            true if entry.has_ended(today) => EntryState::Ended,
            true => EntryState::Active,
        },
    }
}

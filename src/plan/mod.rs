//! Plans: what would change, in which order, and with which writes.
//!
//! [`plan`] compares two [`State`](crate::resource::State)s. It reads no file, no clock and no network, and the same
//! input gives the same plan to the byte. A [`Plan`] is what is shown and holds no secret. A [`Draft`] adds what the
//! executor needs to write exactly what the plan says (semantics, law 2).

mod change;
mod compare;
mod counts;
mod data_problem;
mod deletion_problem;
mod dependencies;
mod draft;
mod drift;
mod drift_list;
mod effect;
mod identity;
mod ignored;
mod known_secrets;
pub mod operation;
mod options;
mod planner;
mod problem;
mod provider_key;
mod push;
mod row;
mod row_list;
mod schedule;
mod selection;
mod settings_patch;
mod target;
mod undeclared;
mod unstorable;
mod watcher_problem;

pub use change::{Change, ChangeKind, Presentation};
pub use compare::{Comparison, compare, creation_fields, is_unchanged, masked, without_injected};
pub use counts::Counts;
pub use draft::{Draft, Step};
pub use drift_list::{DriftItem, DriftList, EntryReport, EntryState};
pub use effect::effect;
pub use identity::{PlanId, PlanIdError, hexadecimal, row_digest, target_digest};
pub use known_secrets::{KnownSecrets, SecretState};
pub use operation::{EntityUpdate, Operation, RelationshipUpdate, WatcherUpdate};
pub use options::{PlanOptions, Prune};
pub use planner::plan;
pub use problem::Problem;
pub use provider_key::{ProviderKeyConflict, ProviderKeyPlan, ProviderKeyStep};
pub use push::{LocalSecret, PushPlan, PushStep, Rotation, SecretDifference, compare_secrets};
pub use row::{Impact, Row, Verb};
pub use row_list::RowList;
pub use schedule::{Barrier, Schedule, ScheduledStep, schedule, waits_for};
pub use selection::{Mark, Selection, SelectionCounts};
pub use settings_patch::SettingsPatch;
pub use target::Target;
pub use undeclared::Undeclared;

use serde::{Deserialize, Serialize};

/// Everything that an apply would do, in a form that may be shown and saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The organization and the server.
    pub target: Target,
    /// The rows in display order: each agent, its settings, its platforms, then entity types, then relationship types, then entities, then
    /// relationships, then watchers.
    pub rows: RowList,
    /// The number of entities on the server that no file declares. They are what agents have written: never listed, never
    /// deleted and no drift.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub undeclared_entities: usize,
    /// The warnings that belong to no row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The numbers of rows by what happens to them.
    pub counts: Counts,
    /// A digest of everything that would be sent or deleted.
    pub id: PlanId,
}

impl Plan {
    /// Returns the row of a resource.
    pub fn row(&self, address: &crate::resource::Address) -> Option<&Row> {
        self.rows.find(address)
    }

    /// Returns each row, with the one of the same resource in an earlier plan. Both have their rows in display order, so that
    /// one pass finds them all.
    pub fn rows_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = (&'a Row, Option<&'a Row>)> {
        let mut earlier = before.rows.iter().peekable();
        self.rows.iter().map(move |row| {
            while earlier.next_if(|known| known.address < row.address).is_some() {}
            (row, earlier.next_if(|known| known.address == row.address))
        })
    }

    /// Returns the plan with only some of its rows, as `--target` shows it. Its id covers only these rows.
    pub fn restricted(&self, keep: impl Fn(&Row) -> bool) -> Self {
        let rows: RowList = self.rows.shared().filter(|row| keep(row)).cloned().collect();
        Self {
            target: self.target.clone(),
            counts: Counts::of(&rows),
            id: identity::of(&self.target, &rows),
            warnings: self.warnings.clone(),
            undeclared_entities: self.undeclared_entities,
            rows,
        }
    }
}

// `serde` hands over a reference.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of `skip_serializing_if`"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

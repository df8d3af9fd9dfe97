//! The pure heart: what would change, in which order, and with which writes.
//!
//! [`plan`] compares two [`State`](crate::resource::State)s and is total: it reads no file, no clock, no network, and
//! the same input gives the same plan to the byte. A [`Plan`] is what people and machines see and holds no secret; the
//! [`Draft`] beside it keeps what the executor needs to write exactly what the plan says (semantics, law 2).

mod change;
mod compare;
mod counts;
mod dependencies;
mod draft;
mod drift;
mod identity;
pub mod operation;
mod options;
mod pattern;
mod planner;
mod problem;
mod row;
mod schedule;
mod selection;
mod target;
mod undeclared;
mod unstorable;

pub use change::{Change, ChangeKind, Presentation};
pub use compare::{Comparison, compare, creation_fields, is_unchanged};
pub use counts::Counts;
pub use draft::{Draft, Step};
pub use identity::{PlanId, PlanIdError, row_digest};
pub use operation::Operation;
pub use options::{PlanOptions, Prune};
pub use pattern::{Pattern, PatternError, nearest_address};
pub use planner::plan;
pub use problem::Problem;
pub use row::{Impact, Row, Verb};
pub use schedule::{Schedule, ScheduledStep, schedule};
pub use selection::Selection;
pub use target::Target;
pub use undeclared::Undeclared;

use serde::{Deserialize, Serialize};

/// Everything that would happen, for people and machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Where it would happen.
    pub target: Target,
    /// In display order: each agent, its settings, its platforms, then entity types, then relationship types.
    pub rows: Vec<Row>,
    /// Sentences that belong to no row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the rows add up to.
    pub counts: Counts,
    /// A digest of everything that would be sent or deleted.
    pub id: PlanId,
}

impl Plan {
    /// The row of a resource.
    pub fn row(&self, address: &crate::resource::Address) -> Option<&Row> {
        self.rows
            .binary_search_by(|row| row.address.cmp(address))
            .ok()
            .and_then(|index| self.rows.get(index))
    }

    /// Only the rows of these addresses: what `--target` shows. The id is that of what is left.
    pub fn restricted(&self, keep: impl Fn(&Row) -> bool) -> Self {
        let rows: Vec<Row> = self.rows.iter().filter(|row| keep(row)).cloned().collect();
        Self {
            target: self.target.clone(),
            counts: Counts::of(&rows),
            id: identity::of(&self.target, &rows),
            warnings: self.warnings.clone(),
            rows,
        }
    }
}

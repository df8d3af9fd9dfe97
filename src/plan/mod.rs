//! The pure heart: what would change, in which order, and with which writes.
//!
//! [`plan`] compares two [`State`](crate::resource::State)s and is total: it reads no file, no clock, no network, and
//! the same input gives the same plan to the byte. A [`Plan`] is what people and machines see and holds no secret; the
//! [`Draft`] beside it keeps what the executor needs to write exactly what the plan says (semantics, law 2).

mod change;
mod counts;
mod row;

pub use change::{Change, ChangeKind, Reading};
pub use counts::Counts;
pub use row::{Impact, Row, Verb};

use serde::{Deserialize, Serialize};

/// Which server and organisation a plan is for. Holds no credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The organisation's slug.
    pub organization: String,
    /// The server's base URL, without user information or query.
    pub url: String,
}

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
    /// A short digest of what would be done: equal plans have equal ids.
    pub id: String,
}

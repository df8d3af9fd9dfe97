//! What the executor tells while it works: owned values, serialisable both ways, stamped once at the source.
//!
//! Screen, text, JSON and journal read the same stream; unknown kinds of a later version survive as
//! [`EventKind::Unknown`].

use serde::{Deserialize, Serialize};

use crate::plan::{Target, Verb};
use crate::resource::Address;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 0 without gaps within a run.
    pub seq: u64,
    /// Milliseconds since the run started.
    pub elapsed_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// A row that a run intends to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Which resource.
    pub address: Address,
    /// What the plan says of it.
    pub verb: Verb,
    /// Whether the plan predicts a restart.
    #[serde(default)]
    pub restarts: bool,
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was not there, and now it is.
    Created,
    /// It was changed.
    Updated {
        /// What the server said of a restart; nothing for rows that cannot restart.
        restarted: Option<bool>,
    },
    /// It is gone.
    Deleted,
    /// The server says that nothing changed.
    Unchanged,
    /// The server refused, in its own words, or a new reading proves that the write was not carried out.
    Failed {
        /// What happened.
        message: String,
        /// What to do next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
        /// Whether an earlier request of the same row was carried out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        partly_written: bool,
    },
    /// It may have been written: nothing that the server said or has proves either.
    Unknown {
        /// What is known.
        message: String,
    },
    /// The resource is not what the plan saw; nothing was written.
    Stale {
        /// What is different.
        message: String,
    },
    /// Not tried.
    Skipped {
        /// Because of what.
        reason: String,
    },
}

impl Outcome {
    /// Whether the server changed.
    pub fn wrote(&self) -> bool {
        match self {
            Self::Created | Self::Updated { .. } | Self::Deleted => true,
            Self::Failed { partly_written, .. } => *partly_written,
            _ => false,
        }
    }

    /// Whether what the plan promised holds now.
    pub fn succeeded(&self) -> bool {
        matches!(
            self,
            Self::Created | Self::Updated { .. } | Self::Deleted | Self::Unchanged
        )
    }
}

/// The closed list of what can happen. It only grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum EventKind {
    /// First event of every run.
    RunStarted {
        /// Where.
        target: Target,
        /// Every row that the run intends to write, in display order.
        steps: Vec<PlannedStep>,
    },
    /// A row's work begins.
    StepStarted {
        /// Which row.
        address: Address,
    },
    /// A request was answered, or given up.
    Request {
        /// The row that it is for.
        address: Address,
        /// `GET`, `POST`, …
        method: String,
        /// Path without host and query.
        path: String,
        /// Nothing when no answer came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// How long it took.
        took_ms: u64,
        /// Counts from 1.
        attempt: u32,
    },
    /// A request failed in a way that is worth another try.
    Retrying {
        /// Which row.
        address: Address,
        /// The number of the next attempt, from 2.
        #[serde(rename = "attempt")]
        next_attempt: u32,
        /// The maximum number of attempts.
        #[serde(rename = "of")]
        max_attempts: u32,
        /// Why the last attempt failed.
        reason: String,
        /// The delay before the next attempt, in milliseconds.
        delay_ms: u64,
    },
    /// Something worth saying about a row: an unexpected restart, a platform in error.
    Note {
        /// Which row.
        address: Address,
        /// One sentence.
        message: String,
    },
    /// A row's work has ended.
    StepFinished {
        /// Which row.
        address: Address,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
        /// How long it took, from its start.
        took_ms: u64,
    },
    /// The person asked to stop: no new row starts.
    Cancelling,
    /// Last event of every run that was not killed.
    RunFinished,
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

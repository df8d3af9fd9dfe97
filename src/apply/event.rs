//! The events of a run: owned values that can be serialized and parsed, numbered and timed where they arise.
//!
//! The screen, the text and the JSON read the same stream. An event of a later version is parsed as
//! [`EventKind::Unknown`].

use serde::{Deserialize, Serialize};

use crate::plan::{Target, Verb};
use crate::resource::Address;

/// An event of a run, with its number and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The number of the event: counts from 0 without gaps within a run.
    pub seq: u64,
    /// The time of the event, in milliseconds since the run started.
    pub elapsed_ms: u64,
    /// What happened, with its details.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// A row that a run intends to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// The address of the row.
    pub address: Address,
    /// What the plan does to the resource.
    pub verb: Verb,
    /// Whether the plan predicts a restart.
    #[serde(default)]
    pub restarts: bool,
    /// Whether the plan calls a restart possible. Never true when `restarts` is.
    #[serde(default)]
    pub may_restart: bool,
}

/// The outcome of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The resource was created.
    Created,
    /// The resource was changed.
    Updated {
        /// Whether the platform restarts; `None` for other kinds, and where the response that said so was lost.
        restarted: Option<bool>,
    },
    /// The resource was deleted.
    Deleted,
    /// The server had these values already, by its own response or by a reading.
    Unchanged,
    /// The server refused the write, or a new reading proves that it was not carried out.
    Failed {
        /// The server's message, or why there is none.
        message: String,
        /// What to do next, where something is known to help.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
        /// Whether an earlier request of the same row was carried out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        partly_written: bool,
    },
    /// The write may have been carried out: neither a response nor a reading proves it or its opposite.
    Unknown {
        /// What is known of the write.
        message: String,
    },
    /// The resource is not what the plan saw, so nothing was written.
    Stale {
        /// How the resource differs from what the plan saw.
        message: String,
    },
    /// The row was not tried.
    Skipped {
        /// Why the row was not tried.
        reason: String,
    },
}

impl Outcome {
    /// Whether the row certainly changed the server.
    pub fn wrote(&self) -> bool {
        match self {
            Self::Created | Self::Updated { .. } | Self::Deleted => true,
            Self::Failed { partly_written, .. } => *partly_written,
            _ => false,
        }
    }

    /// Whether the server now has what the plan wanted.
    pub fn succeeded(&self) -> bool {
        matches!(
            self,
            Self::Created | Self::Updated { .. } | Self::Deleted | Self::Unchanged
        )
    }
}

/// The kinds of events. JSON readers depend on them, so that the list only grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum EventKind {
    /// The first event of every run.
    RunStarted {
        /// The organization and the server that are written.
        target: Target,
        /// The rows that the run intends to write, in display order.
        steps: Vec<PlannedStep>,
    },
    /// A row starts.
    StepStarted {
        /// The address of the row.
        address: Address,
    },
    /// An attempt of a request has had no response for two seconds, and goes on. Sent once for each attempt.
    Waiting {
        /// The address of the row.
        address: Address,
        /// The HTTP method: `GET`, `POST`, …
        method: String,
        /// The path, without host and query.
        path: String,
        /// The time without a response, in milliseconds.
        silent_ms: u64,
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// An attempt of a request got a response or was given up.
    Request {
        /// The address of the row.
        address: Address,
        /// The HTTP method: `GET`, `POST`, …
        method: String,
        /// The path, without host and query.
        path: String,
        /// The HTTP status; `None` when no response arrived.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The duration of the attempt, in milliseconds.
        took_ms: u64,
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// A request failed, and is attempted again after a delay.
    Retrying {
        /// The address of the row.
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
    /// A remark on a row, such as an unexpected restart.
    Note {
        /// The address of the row.
        address: Address,
        /// The remark, one sentence.
        message: String,
    },
    /// A row has ended.
    StepFinished {
        /// The address of the row.
        address: Address,
        /// How the row ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// The duration of the row, in milliseconds.
        took_ms: u64,
    },
    /// The user asked to stop: no new row starts.
    Cancelling,
    /// The last event of every run that was not killed.
    RunFinished,
    /// An event of a later version.
    #[serde(other)]
    Unknown,
}

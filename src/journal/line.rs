//! The lines of a journal: what a run is, each write before it is sent, how it was settled, and the end.
//!
//! Lines are JSON objects and are only ever appended. Keys and types of lines that a later release adds are skipped, so
//! that older and newer releases read each other's journals.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::recorded_resource::RecordedResource;
use super::run_id::RunId;
use crate::apply::event::Outcome;
use crate::plan::{PlanId, Target, Verb};
use crate::resource::{Address, FieldPath};

/// The version of the lines that this release writes.
pub const VERSION: u32 = 1;

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum JournalLine {
    /// The first line.
    Run(Box<RunHead>),
    /// A row is about to be written. The line is on the disk before the request is sent.
    Writing(Box<RecordedWrite>),
    /// A row has ended.
    Settled(SettledRow),
    /// The last line of a run that was not killed, and of one that a later run has settled.
    Ended {
        /// The time, in milliseconds since 1970.
        at_ms: u64,
        /// Whether a later run wrote the line.
        #[serde(default, skip_serializing_if = "is_false")]
        later: bool,
        /// The number of writes of which it is not known whether they were carried out. `None` in journals of earlier
        /// releases.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<usize>,
    },
    /// A line of a later release.
    #[serde(other)]
    Unknown,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What a run is: who applies which plan to what, and from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHead {
    /// The version of the lines.
    pub version: u32,
    /// The id of the run.
    pub id: RunId,
    /// The time at which the run began, in milliseconds since 1970.
    pub began_ms: u64,
    /// The release of lobuctl.
    pub lobuctl: String,
    /// Who runs it, and from where.
    pub origin: RunOrigin,
    /// The organization and the server that are written.
    pub target: Target,
    /// The id of the plan.
    pub plan: PlanId,
    /// A digest of the project's files, without those of secrets. `None` for a run without a project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The run that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// The number of rows that are to be written.
    pub rows: usize,
}

impl RunHead {
    /// Returns the time at which the run began.
    pub fn began(&self) -> Timestamp {
        let began = i64::try_from(self.began_ms).ok();
        began
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or_default()
    }
}

/// Who runs lobuctl, and from which revision of which files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrigin {
    /// The name of the user on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The job that runs it, and who started that: `octocat, https://github.com/…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The path of `lobu.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The revision of the git repository that the project is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether the project's folder differs from that revision; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
}

/// A row that is about to be written: what the server has, and what it will have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedWrite {
    /// The time, in milliseconds since 1970.
    pub at_ms: u64,
    /// The address of the row.
    pub address: Address,
    /// What happens to the resource.
    pub verb: Verb,
    /// The resource as it was read just before the write, and everything that is deleted with it. Empty when it does not
    /// exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<RecordedResource>,
    /// The resource as the write leaves it; `None` when it deletes the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RecordedResource>,
    /// The secrets that are sent and are not known to be the same as before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<FieldPath>,
    /// Whether the write is several requests, so that a part of it may have been carried out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_parts: bool,
}

impl RecordedWrite {
    /// Returns the row's own resource as it was before the write.
    pub fn own_before(&self) -> Option<&RecordedResource> {
        self.before.iter().find(|it| it.address == self.address)
    }
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledRow {
    /// The time, in milliseconds since 1970.
    pub at_ms: u64,
    /// The address of the row.
    pub address: Address,
    /// How the row ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Whether a later run found this out by reading the server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub later: bool,
}

//! One line of a plan: a resource and what happens to it.

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind};
use crate::resource::{Address, Origin};

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It is not on the server.
    Create,
    /// It is there and differs.
    Update,
    /// It is there and is the same, as far as can be seen.
    Noop,
    /// Only the server has it; left alone.
    Drift,
    /// Only the server has it, and the person asked for it to go.
    Delete,
}

impl Verb {
    /// `+`, `~`, `=`, `?`, `-`.
    pub fn marker(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Noop => '=',
            Self::Drift => '?',
            Self::Delete => '-',
        }
    }

    /// The word in summaries and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Noop => "noop",
            Self::Drift => "drift",
            Self::Delete => "delete",
        }
    }

    /// Whether a row of this verb changes the server.
    pub fn changes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// What a write does beyond the stored row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// A running platform restarts: in-flight messages may drop.
    Restart,
    /// The resource is deleted and put back at once.
    Replace,
}

/// A resource and what happens to it. Holds no secret: see [`crate::resource::Shown`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which resource.
    pub address: Address,
    /// What happens to it.
    pub verb: Verb,
    /// Every difference, drifted fields among them; in reading order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Sentences that belong to this row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the write does beyond the stored row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// A noop that is sent all the same, because a secret cannot be compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recheck: bool,
    /// Rows of this plan that have to be applied before this one can be: what a selection takes along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Address>,
    /// A digest of everything that a deletion takes along, without secrets: an agent's settings and platforms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<String>,
    /// Where the files declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Row {
    /// Whether the apply sends anything for it.
    pub fn writes(&self) -> bool {
        self.verb.changes() || self.recheck
    }

    /// Whether a platform certainly restarts. Replacing a type of the memory schema restarts nothing.
    pub fn restarts(&self) -> bool {
        matches!(self.address, Address::Platform { .. }) && self.impact.is_some()
    }

    /// Whether a platform possibly restarts: one of its secrets cannot be compared and is sent again, and the server
    /// restarts the platform when that secret has changed. Never true when [`Row::restarts`] is.
    pub fn may_restart(&self) -> bool {
        matches!(self.address, Address::Platform { .. }) && self.recheck
    }

    /// Whether a user should look at the row before applying it: it has a warning or an impact.
    pub fn needs_attention(&self) -> bool {
        !self.warnings.is_empty() || self.impact.is_some()
    }

    /// Whether fields stand on the server that the files do not mention.
    pub fn has_field_drift(&self) -> bool {
        self.changes.iter().any(|change| change.kind == ChangeKind::Drift)
    }

    /// The top-level names of the fields that change, each once, in reading order.
    pub fn changed_fields(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for change in self.changes.iter().filter(|change| change.kind.writes()) {
            if !names.contains(&change.path.top()) {
                names.push(change.path.top());
            }
        }
        names
    }

    /// Whether there is something for a person to look at: all but a plain noop.
    pub fn is_notable(&self) -> bool {
        self.verb != Verb::Noop || self.recheck || self.has_field_drift() || !self.warnings.is_empty()
    }
}

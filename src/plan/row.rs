//! One line of a plan: a resource and what happens to it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind};
use crate::resource::{Address, FieldPath, Ignored, Origin};

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// The server does not have it.
    Create,
    /// The server has it, and something differs.
    Update,
    /// The server has the same, as far as it can be compared.
    Noop,
    /// Only the server has it, and it is left alone.
    Drift,
    /// Only the server has it, and the user asked for its deletion.
    Delete,
}

impl Verb {
    /// Returns the sign before a row: `+`, `~`, `=`, `?` or `-`.
    pub fn marker(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Noop => '=',
            Self::Drift => '?',
            Self::Delete => '-',
        }
    }

    /// Returns the word in JSON.
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

/// An effect of a write beyond the stored row.
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
    /// The address of the resource.
    pub address: Address,
    /// What happens to the resource.
    pub verb: Verb,
    /// The differences, drifted fields included, in the order in which they are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The warnings about this row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The effect of the write beyond the stored row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// Whether an unchanged row is sent again because a secret cannot be compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recheck: bool,
    /// The rows of this plan that have to be applied before this one. Selecting this row selects them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Address>,
    /// A digest of everything that is deleted with an agent, without secrets: its settings and platforms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cascade: Option<String>,
    /// The location of the resource in the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Why a drift row is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Ignored>,
    /// Whether the row takes back what a run did, so that no file has a say in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_undo: bool,
}

impl Row {
    /// Creates a row without differences.
    pub fn bare(address: Address, verb: Verb) -> Self {
        Self {
            address,
            verb,
            changes: Vec::new(),
            warnings: Vec::new(),
            impact: None,
            recheck: false,
            depends_on: Vec::new(),
            cascade: None,
            origin: None,
            ignored: None,
            is_undo: false,
        }
    }

    /// Whether an apply sends anything for the row.
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

    /// Whether the server has fields that the files do not mention, of a resource that they do.
    pub fn has_field_drift(&self) -> bool {
        self.verb != Verb::Drift && self.changes.iter().any(|change| change.kind == ChangeKind::Drift)
    }

    /// Whether the server has the row's resource, or fields of it, and the files do not mention them. Only such a row can be
    /// marked for deletion.
    pub fn has_drift(&self) -> bool {
        self.verb == Verb::Drift || self.has_field_drift()
    }

    /// Whether the row as a whole is drift that nothing ignores.
    pub fn is_open_drift(&self) -> bool {
        self.verb == Verb::Drift && self.ignored.is_none()
    }

    /// Whether the server has fields that the files do not mention and nothing ignores.
    pub fn has_open_field_drift(&self) -> bool {
        self.verb != Verb::Drift && self.changes.iter().any(Change::is_open_drift)
    }

    /// Whether the server has anything of the row that the files have not, or have differently.
    pub fn differs_on_server(&self) -> bool {
        let is_other = |change: &Change| change.before.is_some() && change.kind != ChangeKind::SecretUnchanged;
        matches!(self.verb, Verb::Drift | Verb::Delete) || self.changes.iter().any(is_other)
    }

    /// Whether the row, or a field of it, is drift that is ignored.
    pub fn has_ignored_drift(&self) -> bool {
        self.ignored.is_some() || self.changes.iter().any(|change| change.ignored.is_some())
    }

    /// Whether another row of the same resource stands for the same decision, wherever the files declare it.
    pub fn does_the_same(&self, other: &Self) -> bool {
        let unlocated = |row: &Self| Self {
            origin: None,
            changes: row.changes.iter().map(Change::unlocated).collect(),
            ..row.clone()
        };
        // Usually nothing has moved, and then nothing is copied.
        self == other || unlocated(self) == unlocated(other)
    }

    /// Returns the fields in which another row of the same resource stands for something else.
    pub fn differing_fields(&self, other: &Self) -> BTreeSet<FieldPath> {
        let lacks = |row: &Self, change: &Change| {
            let is_same = |other: &Change| other.unlocated() == change.unlocated();
            !row.changes.iter().any(is_same)
        };
        let of_self = self.changes.iter().filter(|change| lacks(other, change));
        let of_other = other.changes.iter().filter(|change| lacks(self, change));
        of_self.chain(of_other).map(|change| change.path.clone()).collect()
    }

    /// Returns a text that two rows share when the same happens to them: the same verb, impact and values.
    pub fn change_key(&self) -> String {
        let changes: Vec<Change> = self.changes.iter().map(Change::unlocated).collect();
        let key = (self.address.kind(), self.verb, self.impact, self.recheck, changes);
        // Addresses, numbers and JSON can always be written.
        serde_json::to_string(&key).unwrap_or_default()
    }

    /// Returns the top-level names of the fields that change, each once.
    pub fn changed_fields(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for change in self.changes.iter().filter(|change| change.kind.writes()) {
            if !names.contains(&change.path.top()) {
                names.push(change.path.top());
            }
        }
        names
    }

    /// Whether the row is more than simply unchanged: it is written, has drift that nothing ignores, or a warning.
    pub fn is_notable(&self) -> bool {
        let is_quiet = self.verb == Verb::Noop || (self.verb == Verb::Drift && self.ignored.is_some());
        !is_quiet || self.recheck || self.has_open_field_drift() || !self.warnings.is_empty()
    }
}

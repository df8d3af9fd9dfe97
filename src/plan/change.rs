//! One difference between the files and the server.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::undeclared::Undeclared;
use crate::resource::{FieldPath, Ignored, Origin, SharedValue, Shown};

/// What is different about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The server has no value.
    Added,
    /// Both have a value, and they differ.
    Changed,
    /// The value on the server goes away.
    Removed,
    /// Only the server has a value. It is left alone (semantics, "Comparing").
    Drift,
    /// A secret that the server hides, and that is another one than was sent last from this machine.
    SecretRotated,
    /// A secret that is the same on both sides. Listed only if the row has other changes.
    SecretUnchanged,
    /// A secret that the server hides. It is sent again, and the server finds out whether it changed.
    SecretNotComparable,
}

impl ChangeKind {
    /// Whether applying the row changes this field.
    pub fn writes(self) -> bool {
        matches!(self, Self::Added | Self::Changed | Self::Removed | Self::SecretRotated)
    }
}

/// How to show the two sides of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presentation {
    /// One value beside the other. Long strings are shown as a line diff.
    Value,
    /// A set: the items that were added and removed.
    Set,
    /// An ordered list: a moved item is a difference too.
    List,
}

/// One difference, in a form that may be shown: a [`Shown`] cannot hold a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The path of the value in the resource.
    pub path: FieldPath,
    /// What happens to the value.
    pub kind: ChangeKind,
    /// How to show the two sides.
    #[serde(rename = "reading")]
    pub presentation: Presentation,
    /// The value on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Shown>,
    /// The value after the apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Shown>,
    /// The location of the value in the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Why a drifted field is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Ignored>,
}

impl Change {
    /// Holds a value that a resource holds too only once.
    pub(super) fn share(&mut self, value: &SharedValue<Value>) {
        for side in [&mut self.before, &mut self.after].into_iter().flatten() {
            side.share(value);
        }
    }

    /// Creates a difference. Its kind follows from which of the two sides has a value.
    pub fn between(path: FieldPath, before: Option<Shown>, after: Option<Shown>) -> Self {
        let kind = match (&before, &after) {
            (None, _) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (Some(_), Some(_)) => ChangeKind::Changed,
        };
        Self {
            path,
            kind,
            presentation: Presentation::Value,
            before,
            after,
            origin: None,
            ignored: None,
        }
    }

    /// Creates the difference of a value that only the server has: drift when it is kept, a removal when it is cleared.
    pub fn server_only(path: FieldPath, before: Shown, undeclared: Undeclared) -> Self {
        let kind = match undeclared {
            Undeclared::Keep => ChangeKind::Drift,
            Undeclared::Clear => ChangeKind::Removed,
        };
        Self {
            path,
            kind,
            presentation: Presentation::Value,
            before: Some(before),
            after: None,
            origin: None,
            ignored: None,
        }
    }

    /// Whether only the server has the value, and nothing ignores that.
    pub fn is_open_drift(&self) -> bool {
        self.kind == ChangeKind::Drift && self.ignored.is_none()
    }

    /// Returns the difference without its location.
    pub(super) fn unlocated(&self) -> Self {
        Self {
            origin: None,
            ..self.clone()
        }
    }

    /// Returns the difference with another presentation.
    pub fn presented_as(self, presentation: Presentation) -> Self {
        Self { presentation, ..self }
    }
}

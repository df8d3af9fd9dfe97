//! One difference between the files and the server.

use serde::{Deserialize, Serialize};

use super::undeclared::Undeclared;
use crate::resource::{FieldPath, Origin, Shown};

/// What is different about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The server has nothing there.
    Added,
    /// Both have a value, and they differ.
    Changed,
    /// The value on the server goes away.
    Removed,
    /// Only the server has a value; it is left alone (semantics, "Comparing").
    Drift,
    /// A secret that is the same on both sides: said under a row that changes otherwise.
    SecretUnchanged,
    /// A secret that the server does not show: sent again, the server decides.
    SecretNotComparable,
}

impl ChangeKind {
    /// Whether applying the row changes this field.
    pub fn writes(self) -> bool {
        matches!(self, Self::Added | Self::Changed | Self::Removed)
    }
}

/// How to show the two sides of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presentation {
    /// One value against the other; long strings as a line diff.
    Value,
    /// A set: items that came and went.
    Set,
    /// An ordered list.
    List,
}

/// One difference, in a form that may be shown: secrets are absent by construction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where in the resource.
    pub path: FieldPath,
    /// What happens to the field.
    pub kind: ChangeKind,
    /// How to show the two sides.
    #[serde(rename = "reading")]
    pub presentation: Presentation,
    /// What the server has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Shown>,
    /// What it will have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Shown>,
    /// Where the files say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Change {
    /// A difference with the kind that its two sides tell.
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
        }
    }

    /// A value that only the server has: drift when it is kept, a removal when it is cleared.
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
        }
    }

    /// Returns the difference with another presentation.
    pub fn presented_as(self, presentation: Presentation) -> Self {
        Self { presentation, ..self }
    }
}

//! Drift that a team has decided to leave alone for some time, with the reason.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Address, FieldPath, Origin, Pattern};

/// An entry of `lobuctl.toml`: which drift is ignored, why, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftIgnore {
    /// The resources.
    pub pattern: Pattern,
    /// The field, with everything below it. `None` for the resource as a whole and every field of it.
    pub field: Option<FieldPath>,
    /// The reason, for people.
    pub reason: String,
    /// The last day on which the drift is ignored.
    pub until: Date,
    /// The location of the entry.
    pub origin: Origin,
}

/// Why a row, or a field of one, is left alone without a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// The reason, for people.
    pub reason: String,
    /// The last day on which the drift is ignored.
    pub until: Date,
}

impl DriftIgnore {
    /// Whether the entry is about this resource as a whole.
    pub fn covers(&self, address: &Address) -> bool {
        self.field.is_none() && self.pattern.covers(address)
    }

    /// Whether the entry is about this field of this resource.
    pub fn covers_field(&self, address: &Address, path: &FieldPath) -> bool {
        self.pattern.covers(address) && self.field.as_ref().is_none_or(|field| path.starts_with(field))
    }

    /// Whether the last day has passed.
    pub fn has_ended(&self, today: Date) -> bool {
        self.until < today
    }

    /// Returns what a plan says about the drift.
    pub fn ignored(&self) -> Ignored {
        Ignored {
            reason: self.reason.clone(),
            until: self.until,
        }
    }

    /// Returns the pattern, and the field behind a blank: `settings.triage networkConfig`.
    pub fn subject(&self) -> String {
        match &self.field {
            Some(field) => format!("{} {field}", self.pattern.as_str()),
            None => self.pattern.as_str().to_owned(),
        }
    }
}

//! One value of a platform's config: plain, secret or not known.

use serde_json::Value;

use super::{Secret, Shown};

/// One value of a platform's config.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigValue {
    /// A value that is not secret: it is shown, compared and sent.
    Plain(Value),
    /// A value from a `$NAME`, or under a [secret key](super::is_secret_key): it is compared and sent, never shown.
    Secret(Secret),
    /// A value that the server hides as `***…`: it is not known and cannot be compared (semantics, "Comparing").
    Redacted,
}

impl ConfigValue {
    /// Returns the form of the value that may be shown.
    pub fn shown(&self) -> Shown {
        match self {
            Self::Plain(value) => value.clone().into(),
            Self::Secret(_) | Self::Redacted => Shown::Secret,
        }
    }

    /// Returns the value if it is secret and known.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Plain(_) | Self::Redacted => None,
        }
    }

    /// Returns the value for a request. `None` for a redacted one, which must not be sent back.
    pub fn exposed(&self) -> Option<Value> {
        match self {
            Self::Plain(value) => Some(value.clone()),
            Self::Secret(secret) => Some(Value::String(secret.expose().to_owned())),
            Self::Redacted => None,
        }
    }
}

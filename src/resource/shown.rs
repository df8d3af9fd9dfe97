//! The only form in which a value reaches a plan, a line, JSON or a log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SharedValue;

/// A value that may be shown, or the presence of a secret one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", content = "value", rename_all = "kebab-case")]
pub enum Shown {
    /// Anything that is not secret.
    Plain(SharedValue<Value>),
    /// The presence of a secret. Neither its value nor its length nor a digest is kept.
    Secret,
}

impl Shown {
    /// Returns the value if it is a string that is not secret.
    pub fn as_str(&self) -> Option<&str> {
        self.plain()?.as_str()
    }

    /// Returns the value if it is not secret.
    pub fn plain(&self) -> Option<&Value> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Secret => None,
        }
    }

    /// Holds what another holds too only once. Nothing that can be read changes.
    pub fn share(&mut self, other: &SharedValue<Value>) {
        if let Self::Plain(own) = self {
            own.share(other);
        }
    }
}

impl From<Value> for Shown {
    fn from(value: Value) -> Self {
        Self::Plain(value.into())
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned()).into()
    }
}

//! The only form in which a value reaches a plan, a line, JSON or a log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A value that may be shown, or the presence of a secret one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", content = "value", rename_all = "kebab-case")]
pub enum Shown {
    /// Anything that is not secret.
    Plain(Value),
    /// The presence of a secret. Neither its value nor its length nor a digest is kept.
    Secret,
}

impl Shown {
    /// Returns the value if it is a string that is not secret.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Plain(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

impl From<Value> for Shown {
    fn from(value: Value) -> Self {
        Self::Plain(value)
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self::Plain(Value::String(text.to_owned()))
    }
}

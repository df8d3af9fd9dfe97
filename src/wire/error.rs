//! The two error shapes of contract section 1.

use serde::{Deserialize, Serialize};

/// `{"error": …}` of handlers, or `{"error": code, "error_description": …}` of the authentication layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A sentence (handlers) or a code such as `invalid_token` (authentication).
    pub error: String,
    /// The sentence, where `error` is a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

impl ErrorBody {
    /// Returns the message for the user.
    pub fn sentence(&self) -> &str {
        self.error_description.as_deref().unwrap_or(&self.error)
    }
}

//! The organization and the server that a plan is for.

use serde::{Deserialize, Serialize};

/// An organization at a server. Holds no credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The organization's slug.
    pub organization: String,
    /// The server's base URL, without user information or query.
    pub url: String,
}

//! Secrets that an organization keeps on its server by name: what may be known of one, and what a request changes.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Secret;

/// A secret on the server, without its value, which no server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSecret {
    /// The name.
    pub name: String,
    /// The fingerprint of the value.
    pub fingerprint: String,
    /// Where the value came from: `env`, `file` or `stdin`.
    pub source: Option<String>,
    /// When the value was stored.
    pub updated_at: Option<Timestamp>,
    /// The id of the user who stored it.
    pub updated_by: Option<String>,
    /// The ids of the platforms that refer to it.
    pub used_by: Vec<String>,
}

/// What a request does with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOp {
    /// Stores a value under a new name.
    Create(Secret),
    /// Replaces the value.
    Rotate(Secret),
    /// Deletes the name, also where something refers to it when `force` is set.
    Delete {
        /// Whether to delete a secret that is in use.
        force: bool,
    },
}

/// One change of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretWrite {
    /// The name.
    pub name: String,
    /// What happens to it.
    pub op: SecretOp,
    /// Where the value comes from: `env`, `file` or `stdin`. Empty for a delete.
    pub source: &'static str,
    /// The fingerprint of the value that is replaced. The server refuses to replace another one.
    pub expected: Option<String>,
}

impl SecretWrite {
    /// Returns the value that is stored, if one is.
    pub fn value(&self) -> Option<&Secret> {
        match &self.op {
            SecretOp::Create(value) | SecretOp::Rotate(value) => Some(value),
            SecretOp::Delete { .. } => None,
        }
    }
}

/// Begins every reference.
const SCHEME: &str = "secret://";

/// Returns the text that refers to a secret on the server of an organization. It is no secret.
pub fn server_secret_reference(organization: &str, name: &str) -> String {
    format!("{SCHEME}{organization}/user/{name}")
}

/// Returns the name in a text that refers to a secret on the server.
pub fn server_secret_name(text: &str) -> Option<&str> {
    let (_, name) = text.strip_prefix(SCHEME)?.split_once("/user/")?;
    Some(name)
}

/// Returns the fingerprint of a value, as the server computes it: four hexadecimal digits of its SHA-256. Two values with
/// different fingerprints differ; of those with equal ones, one in 65,536 pairs differs all the same.
pub fn secret_fingerprint(value: &Secret) -> String {
    let digest = Sha256::digest(value.expose().as_bytes());
    format!("{:02x}{:02x}", digest[0], digest[1])
}

//! Secrets of an organization by name: `GET …/secrets` and `POST …/secrets/manage`, as the upstream planned them.

use serde::Deserialize;
use serde_json::Value;

/// An element of the list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireSecret {
    /// The name.
    pub name: String,
    /// The fingerprint of the value.
    pub fingerprint: String,
    /// Where the value came from.
    #[serde(default)]
    pub source: Option<String>,
    /// When the value was stored, as a text.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// The id of the user who stored it.
    #[serde(default)]
    pub updated_by: Option<String>,
    /// The ids of the platforms that refer to it.
    #[serde(default)]
    pub used_by: Vec<String>,
}

/// The response to a request that changes secrets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ManageReply {
    /// One result for each action.
    pub results: Vec<WireSecretResult>,
}

/// What became of one action.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireSecretResult {
    /// The name.
    pub name: String,
    /// `created`, `rotated` or `deleted`.
    pub action: String,
    /// The fingerprint of the value that is stored now.
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// The ids of the platforms that restart with the new value.
    #[serde(default)]
    pub will_restart: Vec<String>,
    /// The ids of the platforms that did not start with the new value.
    #[serde(default)]
    pub restart_failed: Vec<String>,
}

/// A page of the audit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AuditReply {
    /// The events, newest first.
    pub events: Vec<WireAuditEvent>,
}

/// An event of the audit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WireAuditEvent {
    /// When it happened, as a text.
    pub at: String,
    /// Who did it.
    pub actor: WireActor,
    /// What happened, such as `secret.rotate`.
    pub action: String,
    /// The name that it happened to.
    pub target: String,
    /// Facts such as `fingerprint:9f86`.
    #[serde(default)]
    pub fields: Vec<Value>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireActor {
    /// The id of the user.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The row id of the token.
    #[serde(default)]
    pub token_id: Option<String>,
}

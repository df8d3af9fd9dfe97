//! Agents and their config: contract sections 4 and 5.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Body of `POST /api/:org/agents`, and its reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAgent {
    /// The agent's id, unique across organisations.
    pub agent_id: String,
    /// The name that people see.
    pub name: String,
    /// Absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One entry of `GET /api/:org/agents`. Other keys are the server's own and are not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentSummary {
    /// The agent's id.
    pub agent_id: String,
    /// The name that people see.
    pub name: String,
    /// Absent when null, present as `""` when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The number of the agent's platforms, active or not; absent from some releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_count: Option<u64>,
}

/// Reply of `GET /api/:org/agents`. The `agents` key is what proves that the answer is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentList {
    /// Newest first, no paging.
    pub agents: Vec<AgentSummary>,
}

/// Body of `PATCH /api/:org/agents/:id`: absent keeps, `description: null` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchAgent {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Some(None)` clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
}

/// Body and reply of `…/config`: a flat object whose keys contract section 5 lists.
pub type AgentConfig = Map<String, Value>;

/// Keys that every reply of `GET …/config` has: its shape check.
pub const CONFIG_PROOF_KEYS: [&str; 3] = ["networkConfig", "soulMd", "mcpServers"];

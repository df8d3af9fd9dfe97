//! Agents and their config: contract sections 4 and 5.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An agent's own row: the body of `POST /api/:org/agents`, its response, and the response of `GET …/agents/:id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireAgent {
    /// The agent's id, unique across organizations until the release of contract section 11.1.
    pub agent_id: String,
    /// All other keys. Those of a request are the fields of the agent, those of a response also the server's own.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// One entry of `GET /api/:org/agents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentSummary {
    /// The number of the agent's platforms, active or not; absent from some releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_count: Option<u64>,
    /// The agent's own row.
    #[serde(flatten)]
    pub agent: WireAgent,
}

/// Response of `GET /api/:org/agents`. The key `agents` proves that the response is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentList {
    /// All agents, newest first, without paging.
    pub agents: Vec<AgentSummary>,
}

/// The body and the response of `…/config`: a flat object, one key for each setting (contract section 5).
pub type AgentConfig = Map<String, Value>;

/// The keys that every response of `GET …/config` has. A response without them is not one: an unmatched GET is answered
/// with status 200 as well (contract section 1).
pub const CONFIG_PROOF_KEYS: [&str; 3] = ["networkConfig", "soulMd", "mcpServers"];

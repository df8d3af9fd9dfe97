//! Platforms: contract sections 6 and 7.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A platform as list and get answer it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WirePlatform {
    /// The stable id, or an id that the server chose for a POST.
    pub id: String,
    /// The platform's type.
    pub platform: String,
    /// The agent it belongs to; `agentId` in later releases, absent from some replies.
    #[serde(
        rename = "templateAgentId",
        alias = "agentId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub agent_id: Option<String>,
    /// What was stored, plus the server's own key `platform`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: Map<String, Value>,
    /// `allowFrom` and `allowGroups`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub settings: Map<String, Value>,
    /// `active`, `stopped` or `error`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub status: String,
    /// Why `status` is `error`.
    #[serde(rename = "errorMessage", default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// Reply of `GET …/platforms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlatformList {
    /// Newest first.
    pub platforms: Vec<WirePlatform>,
}

/// Body of `PUT …/platforms/by-stable-id/:id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpsertPlatform {
    /// The platform's type.
    pub platform: String,
    /// Merged into what is stored.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Merged into what is stored; left out, the server resets `allowGroups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Map<String, Value>>,
}

/// What the server says it did: 201 without flags, or 200 with one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpsertReply {
    /// Nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noop: bool,
    /// The stored row changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub updated: bool,
    /// The running instance restarts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub will_restart: bool,
    /// The platform, in full or in part.
    pub platform: WirePlatform,
}

/// Reads `null` as the default: the API sends it for a missing value of any type.
fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

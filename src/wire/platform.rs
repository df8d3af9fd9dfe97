//! Platforms: contract sections 6 and 7.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A platform in the response of a list, a get or a PUT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WirePlatform {
    /// The stable id, or an id that the server chose for a POST.
    pub id: String,
    /// The type, such as `telegram`.
    pub platform: String,
    /// The id of its agent. The key is `agentId` in later releases (contract section 11.1), and absent from some
    /// responses.
    #[serde(
        rename = "templateAgentId",
        alias = "agentId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub agent_id: Option<String>,
    /// The stored config, and the server's own key `platform`. In gateway mode its secrets are redacted.
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: Map<String, Value>,
    /// `allowFrom` and `allowGroups`, which no file can express.
    #[serde(default, deserialize_with = "null_is_default")]
    pub settings: Map<String, Value>,
    /// `active`, `stopped` or `error`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub status: String,
    /// Why `status` is `error`.
    #[serde(rename = "errorMessage", default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// When the platform was changed last; a text or a number, and absent from some responses.
    #[serde(rename = "updatedAt", default, skip_serializing_if = "Value::is_null")]
    pub updated_at: Value,
}

impl WirePlatform {
    /// Returns when the platform was changed last, in the server's own words.
    pub fn changed(&self) -> Option<String> {
        (!self.updated_at.is_null()).then(|| self.updated_at.to_string())
    }
}

/// The response of `GET …/platforms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlatformList {
    /// All platforms of the agent, newest first.
    pub platforms: Vec<WirePlatform>,
}

/// The response of `PUT …/platforms/by-stable-id/:id`: 201 without flags for a new platform, else 200 with `noop` or
/// `updated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpsertReply {
    /// Whether the stored platform equals the request, so that nothing was written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noop: bool,
    /// Whether the stored platform changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub updated: bool,
    /// Whether the server announces a restart. After a secret was rotated it does so although nothing restarts
    /// (contract section 7).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub will_restart: bool,
    /// The platform. Keys other than its id and its type may be missing.
    pub platform: WirePlatform,
}

/// Reads `null` as the default: the API sends it for a missing value of any type.
fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

//! A chat platform that an agent answers on.

use serde_json::{Map, Value};

use super::{Address, ConfigValue, PlatformConfig, stable_platform_id};

/// The identity of a platform on the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlatformKey {
    /// The agent that it belongs to.
    pub agent: String,
    /// The stable id, unique across agents and organizations.
    pub stable_id: String,
}

/// The resource at the address `platform.AGENT.TYPE[.NAME]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Platform {
    /// The agent's id.
    pub agent: String,
    /// The type: `telegram`, `slack`, ….
    pub kind: String,
    /// The name in the file. On the remote side it is derived from the stable id.
    pub name: Option<String>,
    /// The id on the server (contract section 10.2).
    pub stable_id: String,
    /// The config by key, without the key `platform` that the server adds.
    pub config: PlatformConfig,
    /// `allowFrom`, `allowGroups` as the server has them; a file cannot express them. Empty on the desired side.
    pub settings: Map<String, Value>,
    /// `active`, `stopped` or `error` on the remote side, with the server's message for the last one.
    pub status: Option<(String, Option<String>)>,
    /// When the server has changed it last, in the server's own words. Never compared: only hidden secrets depend on it.
    pub changed: Option<String>,
}

impl Platform {
    /// Creates a platform as a file declares it.
    pub fn declared(agent: &str, kind: &str, name: Option<&str>) -> Self {
        Self {
            agent: agent.to_owned(),
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            stable_id: stable_platform_id(agent, kind, name),
            config: PlatformConfig::default(),
            settings: Map::new(),
            status: None,
            changed: None,
        }
    }

    /// Returns the identity on the server.
    pub fn key(&self) -> PlatformKey {
        PlatformKey {
            agent: self.agent.clone(),
            stable_id: self.stable_id.clone(),
        }
    }

    /// Returns the keys of the config whose values are secret or redacted, in sorted order.
    pub fn secret_keys(&self) -> impl Iterator<Item = &str> {
        self.config
            .iter()
            .filter(|(_, value)| !matches!(value, ConfigValue::Plain(_)))
            .map(|(key, _)| key.as_str())
    }

    /// Returns the address of the platform.
    pub fn address(&self) -> Address {
        Address::platform_from_id(&self.agent, &self.kind, &self.stable_id)
    }
}

/// Whether a key has a name under which a secret is expected: one that contains `token`, `key` or the like, in any case.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase();
    // The names that the server redacts (contract section 7), and `authorization`, the header that carries a token.
    ["token", "secret", "password", "key", "credential", "authorization"]
        .iter()
        .any(|part| key.contains(part))
}

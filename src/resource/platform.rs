//! A chat platform that an agent answers on.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Address, Secret, Shown, stable_platform_id};

/// The identity of a platform on the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlatformKey {
    /// The agent that it belongs to.
    pub agent: String,
    /// The stable id, unique across agents and organisations.
    pub stable_id: String,
}

/// One value of a platform's config.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigValue {
    /// A value that is not secret: it is shown, compared and sent.
    Plain(Value),
    /// A value from a `$NAME`, or under a key whose name says that it is secret: it is compared and sent, never shown.
    Secret(Secret),
    /// A value that the server hides as `***…`: it is not known and cannot be compared (semantics, "Comparing").
    Redacted,
}

impl ConfigValue {
    /// Returns what may be shown of the value.
    pub fn shown(&self) -> Shown {
        match self {
            Self::Plain(value) => Shown::Plain(value.clone()),
            Self::Secret(_) | Self::Redacted => Shown::Secret,
        }
    }

    /// Returns what goes into a request. `None` for a redacted value.
    pub fn exposed(&self) -> Option<Value> {
        match self {
            Self::Plain(value) => Some(value.clone()),
            Self::Secret(secret) => Some(Value::String(secret.expose().to_owned())),
            Self::Redacted => None,
        }
    }
}

/// What `platform.AGENT.TYPE[.NAME]` addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Platform {
    /// The agent's id.
    pub agent: String,
    /// The type: `telegram`, `slack`, ….
    pub kind: String,
    /// The name in the file. On the remote side it is derived from the stable id.
    pub name: Option<String>,
    /// The identity on the server.
    pub stable_id: String,
    /// The config by key, without the key `platform` that the server adds.
    pub config: BTreeMap<String, ConfigValue>,
    /// `allowFrom`, `allowGroups` as the server has them; a file cannot express them. Empty on the desired side.
    pub settings: Map<String, Value>,
    /// `active`, `stopped` or `error` on the remote side, with the server's message for the last one.
    pub status: Option<(String, Option<String>)>,
}

impl Platform {
    /// Creates a platform as a file declares it.
    pub fn declared(agent: &str, kind: &str, name: Option<&str>) -> Self {
        Self {
            agent: agent.to_owned(),
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            stable_id: stable_platform_id(agent, kind, name),
            config: BTreeMap::new(),
            settings: Map::new(),
            status: None,
        }
    }

    /// Returns the identity on the server.
    pub fn key(&self) -> PlatformKey {
        PlatformKey {
            agent: self.agent.clone(),
            stable_id: self.stable_id.clone(),
        }
    }

    /// Returns the keys of the config whose values are secret: those written as `$NAME`, whatever the key is called,
    /// and those whose name says so. In sorted order; a value that is not known here (redacted) counts as secret.
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

/// Whether the server redacts a config key of this name (contract section 7): by substring, in any case.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase();
    ["token", "secret", "password", "key", "credential", "authorization"]
        .iter()
        .any(|word| key.contains(word))
}

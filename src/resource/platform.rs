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
    /// Not secret: shown, compared, sent.
    Plain(Value),
    /// Resolved from a `$VAR`, or under a secret-named key: compared and sent, never shown.
    Secret(Secret),
    /// The server said `***…`: neither known nor comparable (semantics, "Comparing").
    Redacted,
}

impl ConfigValue {
    /// What may be shown of it.
    pub fn shown(&self) -> Shown {
        match self {
            Self::Plain(value) => Shown::Plain(value.clone()),
            Self::Secret(_) | Self::Redacted => Shown::Secret,
        }
    }

    /// What goes into a request; nothing for a redacted one.
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
    /// `telegram`, `slack`, …
    pub kind: String,
    /// The name in the file; on the remote side what the id tells of it.
    pub name: Option<String>,
    /// The identity on the server.
    pub stable_id: String,
    /// By key, without the key `platform` that the server adds.
    pub config: BTreeMap<String, ConfigValue>,
    /// `allowFrom`, `allowGroups` as the server has them; a file cannot express them. Empty on the desired side.
    pub settings: Map<String, Value>,
    /// `active`, `stopped` or `error` on the remote side, with the server's words for the last one.
    pub status: Option<(String, Option<String>)>,
}

impl Platform {
    /// A platform as a file declares it.
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

    /// The identity on the server.
    pub fn key(&self) -> PlatformKey {
        PlatformKey {
            agent: self.agent.clone(),
            stable_id: self.stable_id.clone(),
        }
    }

    /// Returns the keys of the config whose values are secret: those written as `$NAME`, whatever the key is called, and
    /// those whose name says so. In sorted order; a value that is not known here (redacted) counts as secret.
    pub fn secret_keys(&self) -> impl Iterator<Item = &str> {
        self.config
            .iter()
            .filter(|(_, value)| !matches!(value, ConfigValue::Plain(_)))
            .map(|(key, _)| key.as_str())
    }

    /// The address that the plan shows.
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

//! The name of a resource in rows, in `--target` and in events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{platform_slug, stable_platform_id};

/// `agent.ID`, `settings.AGENT`, `platform.AGENT.TYPE[.NAME]`, `entity-type.SLUG` or `relationship-type.SLUG`.
///
/// The order is display order: each agent, its settings, its platforms, then the memory schema. A platform whose id on
/// the server does not follow from its type is addressed as `platform.AGENT.TYPE.#ID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// An agent, without its settings and platforms.
    Agent {
        /// The agent's id.
        id: String,
    },
    /// An agent's settings.
    Settings {
        /// The agent's id.
        agent: String,
    },
    /// A platform.
    Platform {
        /// The agent's id.
        agent: String,
        /// The type as a slug, such as `telegram`.
        kind: String,
        /// The name, or `#` and the id on the server. `None` for the platform of this type that has no name.
        name: Option<String>,
    },
    /// An entity type.
    EntityType {
        /// The slug, normalized as the server does it.
        slug: String,
    },
    /// A relationship type.
    RelationshipType {
        /// The slug, as the server stores it.
        slug: String,
    },
}

/// The error for a text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an address: expected `agent.ID`, `settings.AGENT`, `platform.AGENT.TYPE[.NAME]`, `entity-type.SLUG` or `relationship-type.SLUG`"
)]
pub struct AddressError(String);

impl Address {
    /// Every value of [`Address::kind`], in display order.
    pub const KINDS: [&str; 5] = ["agent", "settings", "platform", "entity-type", "relationship-type"];

    /// Returns the address `agent.ID`.
    pub fn agent(id: impl Into<String>) -> Self {
        Self::Agent { id: id.into() }
    }

    /// Returns the address `settings.AGENT`.
    pub fn settings(agent: impl Into<String>) -> Self {
        Self::Settings { agent: agent.into() }
    }

    /// Returns the address `entity-type.SLUG`.
    pub fn entity_type(slug: impl Into<String>) -> Self {
        Self::EntityType { slug: slug.into() }
    }

    /// Returns the address `relationship-type.SLUG`.
    pub fn relationship_type(slug: impl Into<String>) -> Self {
        Self::RelationshipType { slug: slug.into() }
    }

    /// Returns the address of the platform with this id on the server, which may have been made by another client.
    pub fn platform_from_id(agent: &str, kind: &str, stable_id: &str) -> Self {
        let base = stable_platform_id(agent, kind, None);
        // `#` cannot be part of a slug, so that an id that was not built from names never looks like one that was.
        let name = if stable_id == base {
            None
        } else {
            match stable_id.strip_prefix(&format!("{base}-")) {
                Some(name) if !name.is_empty() && platform_slug(name) == name => Some(name.to_owned()),
                _ => Some(format!("#{stable_id}")),
            }
        };
        Self::Platform {
            agent: agent.to_owned(),
            kind: platform_slug(kind),
            name,
        }
    }

    /// Returns `agent`, `settings`, `platform`, `entity-type` or `relationship-type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::Settings { .. } => "settings",
            Self::Platform { .. } => "platform",
            Self::EntityType { .. } => "entity-type",
            Self::RelationshipType { .. } => "relationship-type",
        }
    }

    /// Returns the text that a row shows after the kind: `triage`, `triage/triage-telegram`, `company`.
    pub fn id(&self) -> String {
        match self {
            Self::Agent { id } => id.clone(),
            Self::Settings { agent } => agent.clone(),
            Self::Platform { agent, .. } => format!("{agent}/{}", self.stable_id().unwrap_or_default()),
            Self::EntityType { slug } | Self::RelationshipType { slug } => slug.clone(),
        }
    }

    /// Returns the id of a platform on the server. `None` for other resources.
    pub fn stable_id(&self) -> Option<String> {
        match self {
            Self::Platform { agent, kind, name } => {
                let foreign = name.as_deref().and_then(|name| name.strip_prefix('#'));
                Some(foreign.map_or_else(|| stable_platform_id(agent, kind, name.as_deref()), str::to_owned))
            }
            _ => None,
        }
    }

    /// Returns the id of the agent that the resource is or belongs to. `None` for types.
    pub fn agent_id(&self) -> Option<&str> {
        match self {
            Self::Agent { id } => Some(id),
            Self::Settings { agent } | Self::Platform { agent, .. } => Some(agent),
            _ => None,
        }
    }

    /// Returns the address of the agent that settings or a platform belong to. `None` for other resources.
    pub fn parent(&self) -> Option<Self> {
        match self {
            Self::Settings { agent } | Self::Platform { agent, .. } => Some(Self::agent(agent.clone())),
            _ => None,
        }
    }

    /// Whether the resource is part of the memory schema.
    pub fn is_memory(&self) -> bool {
        matches!(self, Self::EntityType { .. } | Self::RelationshipType { .. })
    }

    /// Returns the sort key: section, agent, rank within the agent, type or slug, name.
    fn order(&self) -> (u8, &str, u8, &str, &str) {
        match self {
            Self::Agent { id } => (0, id, 0, "", ""),
            Self::Settings { agent } => (0, agent, 1, "", ""),
            Self::Platform { agent, kind, name } => (0, agent, 2, kind, name.as_deref().unwrap_or("")),
            Self::EntityType { slug } => (1, "", 0, slug, ""),
            Self::RelationshipType { slug } => (2, "", 0, slug, ""),
        }
    }
}

// By hand, because the derived order would put all agents before all settings.
impl Ord for Address {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform { agent, kind, name } => {
                write!(formatter, "platform.{agent}.{kind}")?;
                name.iter().try_for_each(|name| write!(formatter, ".{name}"))
            }
            other => write!(formatter, "{}.{}", other.kind(), other.id()),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refuse = || AddressError(text.to_owned());
        let (kind, rest) = text
            .split_once('.')
            .filter(|(_, rest)| !rest.is_empty())
            .ok_or_else(refuse)?;
        match kind {
            "agent" => Ok(Self::agent(rest)),
            "settings" => Ok(Self::settings(rest)),
            "entity-type" => Ok(Self::entity_type(rest)),
            "relationship-type" => Ok(Self::relationship_type(rest)),
            "platform" => {
                // The name takes everything that is left: an id after `#` may contain dots.
                let mut parts = rest.splitn(3, '.').map(str::to_owned);
                let agent = parts.next().ok_or_else(refuse)?;
                let kind = parts.next().ok_or_else(refuse)?;
                Ok(Self::Platform {
                    agent,
                    kind,
                    name: parts.next(),
                })
            }
            _ => Err(refuse()),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

//! The name of a resource in rows, in `--target` and in events.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{EntityPath, RelationshipKey, platform_slug, stable_platform_id};

/// `agent.ID`, `settings.AGENT`, `platform.AGENT.TYPE[.NAME]`, `entity-type.SLUG`, `relationship-type.SLUG`,
/// `entity.TYPE.PATH`, `relationship.TYPE.FROM.TO` or `watcher.SLUG`. A path is slugs with `/` between them.
///
/// The order is display order: each agent, its settings, its platforms, then the memory: its schema, its entities, each with
/// its parents above it, its relationships and its watchers. A platform whose id on the server does not follow from its type
/// is addressed as `platform.AGENT.TYPE.#ID`. Clones share the texts: a plan and its run have an address in many places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// An agent, without its settings and platforms.
    Agent {
        /// The agent's id.
        id: Arc<str>,
    },
    /// An agent's settings.
    Settings {
        /// The agent's id.
        agent: Arc<str>,
    },
    /// A platform.
    Platform {
        /// The agent's id.
        agent: Arc<str>,
        /// The type as a slug, such as `telegram`.
        kind: Arc<str>,
        /// The name, or `#` and the id on the server. `None` for the platform of this type that has no name.
        name: Option<Arc<str>>,
    },
    /// An entity type.
    EntityType {
        /// The slug, normalized as the server does it.
        slug: Arc<str>,
    },
    /// A relationship type.
    RelationshipType {
        /// The slug, as the server stores it.
        slug: Arc<str>,
    },
    /// An entity.
    Entity {
        /// The slug of its type.
        entity_type: Arc<str>,
        /// The slugs of its parents and its own.
        path: EntityPath,
    },
    /// A relationship.
    Relationship {
        /// Its type and its two ends.
        key: RelationshipKey,
    },
    /// A watcher.
    Watcher {
        /// The slug, as the server stores it.
        slug: Arc<str>,
    },
}

/// The error for a text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an address: expected `agent.ID`, `settings.AGENT`, `platform.AGENT.TYPE[.NAME]`, `entity-type.SLUG`, `relationship-type.SLUG`, `entity.TYPE.PATH`, `relationship.TYPE.FROM.TO` or `watcher.SLUG`"
)]
pub struct AddressError(String);

impl Address {
    /// Every value of [`Address::kind`], in display order.
    pub const KINDS: [&str; 8] = [
        "agent",
        "settings",
        "platform",
        "entity-type",
        "relationship-type",
        "entity",
        "relationship",
        "watcher",
    ];

    /// Returns the address `agent.ID`.
    pub fn agent(id: impl AsRef<str>) -> Self {
        Self::Agent { id: id.as_ref().into() }
    }

    /// Returns the address `settings.AGENT`.
    pub fn settings(agent: impl AsRef<str>) -> Self {
        Self::Settings {
            agent: agent.as_ref().into(),
        }
    }

    /// Returns the address `entity-type.SLUG`.
    pub fn entity_type(slug: impl AsRef<str>) -> Self {
        Self::EntityType {
            slug: slug.as_ref().into(),
        }
    }

    /// Returns the address `relationship-type.SLUG`.
    pub fn relationship_type(slug: impl AsRef<str>) -> Self {
        Self::RelationshipType {
            slug: slug.as_ref().into(),
        }
    }

    /// Returns the address `entity.TYPE.PATH`.
    pub fn entity(entity_type: impl AsRef<str>, path: EntityPath) -> Self {
        Self::Entity {
            entity_type: entity_type.as_ref().into(),
            path,
        }
    }

    /// Returns the address `relationship.TYPE.FROM.TO`.
    pub fn relationship(key: &RelationshipKey) -> Self {
        Self::Relationship { key: key.clone() }
    }

    /// Returns the address `watcher.SLUG`.
    pub fn watcher(slug: impl AsRef<str>) -> Self {
        Self::Watcher {
            slug: slug.as_ref().into(),
        }
    }

    /// Returns the address of the platform with this id on the server, which may have been made by another client.
    pub fn platform_from_id(agent: &str, kind: &str, stable_id: &str) -> Self {
        let base = stable_platform_id(agent, kind, None);
        // `#` cannot be part of a slug, so that an id that was not built from names never looks like one that was.
        let name = if stable_id == base {
            None
        } else {
            match stable_id.strip_prefix(&format!("{base}-")) {
                Some(name) if !name.is_empty() && platform_slug(name) == name => Some(name.into()),
                _ => Some(format!("#{stable_id}").into()),
            }
        };
        Self::Platform {
            agent: agent.into(),
            kind: platform_slug(kind).into(),
            name,
        }
    }

    /// Returns one of [`Address::KINDS`].
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::Settings { .. } => "settings",
            Self::Platform { .. } => "platform",
            Self::EntityType { .. } => "entity-type",
            Self::RelationshipType { .. } => "relationship-type",
            Self::Entity { .. } => "entity",
            Self::Relationship { .. } => "relationship",
            Self::Watcher { .. } => "watcher",
        }
    }

    /// Returns the text that a row shows after the kind: `triage`, `triage/triage-telegram`, `company`.
    pub fn id(&self) -> String {
        match self {
            Self::Agent { id } => id.to_string(),
            Self::Settings { agent } => agent.to_string(),
            Self::Platform { agent, .. } => format!("{agent}/{}", self.stable_id().unwrap_or_default()),
            Self::EntityType { slug } | Self::RelationshipType { slug } | Self::Watcher { slug } => slug.to_string(),
            Self::Entity { entity_type, path } => format!("{entity_type}.{path}"),
            Self::Relationship { key } => format!("{}.{}.{}", key.kind, key.from, key.to),
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

    /// Returns the id of the agent that the resource is or belongs to. `None` for the memory.
    pub fn agent_id(&self) -> Option<&str> {
        match self {
            Self::Agent { id } => Some(id),
            Self::Settings { agent } | Self::Platform { agent, .. } => Some(agent),
            _ => None,
        }
    }

    /// Returns the address of the agent that settings or a platform belong to. `None` for other resources, those of entities
    /// with parents too: the type of a parent is not part of a path.
    pub fn parent(&self) -> Option<Self> {
        match self {
            Self::Settings { agent } | Self::Platform { agent, .. } => Some(Self::Agent { id: Arc::clone(agent) }),
            _ => None,
        }
    }

    /// Whether the resource is part of the memory.
    pub fn is_memory(&self) -> bool {
        self.agent_id().is_none()
    }

    /// Returns the sort key: section, agent, rank within the agent, type or slug, name. Two entities, and two relationships,
    /// are compared by more.
    fn order(&self) -> SortKey<'_> {
        match self {
            Self::Agent { id } => (0, id, 0, "", ""),
            Self::Settings { agent } => (0, agent, 1, "", ""),
            Self::Platform { agent, kind, name } => (0, agent, 2, kind, name.as_deref().unwrap_or("")),
            Self::EntityType { slug } => (1, "", 0, slug, ""),
            Self::RelationshipType { slug } => (2, "", 0, slug, ""),
            Self::Entity { .. } => (3, "", 0, "", ""),
            Self::Relationship { .. } => (4, "", 0, "", ""),
            Self::Watcher { slug } => (5, "", 0, slug, ""),
        }
    }
}

/// What addresses are sorted by.
type SortKey<'a> = (u8, &'a str, u8, &'a str, &'a str);

// By hand, because the derived order would put all agents before all settings.
impl Ord for Address {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Most rows of a large plan are of one of these three pairs, and few texts decide about those.
        match (self, other) {
            (
                Self::Entity { entity_type, path },
                Self::Entity {
                    entity_type: other_type,
                    path: other_path,
                },
                // By path before the type: children follow their parents, of whatever types.
            ) => path.cmp(other_path).then_with(|| entity_type.cmp(other_type)),
            (Self::Relationship { key }, Self::Relationship { key: other }) => key.cmp(other),
            _ => match (self.agent_id(), other.agent_id()) {
                (Some(own), Some(others)) => own.cmp(others).then_with(|| self.order().cmp(&other.order())),
                _ => self.order().cmp(&other.order()),
            },
        }
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
            "watcher" => Ok(Self::watcher(rest)),
            "entity" => {
                let (entity_type, path) = rest
                    .split_once('.')
                    .filter(|(_, path)| !path.is_empty())
                    .ok_or_else(refuse)?;
                Ok(Self::entity(entity_type, EntityPath::parse(path)))
            }
            "relationship" => {
                // From the end: the slug of a type may hold dots, those of entities in files may not.
                let mut parts = rest.rsplitn(3, '.');
                let to = parts.next().filter(|to| !to.is_empty()).ok_or_else(refuse)?;
                let from = parts.next().filter(|from| !from.is_empty()).ok_or_else(refuse)?;
                let kind = parts.next().filter(|kind| !kind.is_empty()).ok_or_else(refuse)?;
                Ok(Self::relationship(&RelationshipKey {
                    kind: kind.into(),
                    from: EntityPath::parse(from),
                    to: EntityPath::parse(to),
                }))
            }
            "platform" => {
                // The name takes everything that is left: an id after `#` may contain dots.
                let mut parts = rest.splitn(3, '.').map(Arc::from);
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

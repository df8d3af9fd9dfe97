//! The entries of the server's lists: a resource, and what the list says beside it.

use crate::resource::{Agent, EntityType, RelationshipType};

/// An agent of the list of agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAgent {
    /// The agent's own row.
    pub agent: Agent,
    /// The number of the agent's platforms. `None` where the release does not say.
    pub platforms: Option<u64>,
}

/// An entity type of any organization.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedEntityType {
    /// The type.
    pub entity_type: EntityType,
    /// The organization that the type belongs to, where the server says so.
    pub organization: Option<String>,
    /// Whether the type belongs to the server, so that it is never drift.
    pub is_system: bool,
    /// The number of entities of the type, 0 where the server does not say it.
    pub uses: u64,
}

/// A relationship type of any organization.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRelationshipType {
    /// The type, without its rules: they have a list of their own.
    pub relationship_type: RelationshipType,
    /// The organization that the type belongs to, where the server says so.
    pub organization: Option<String>,
    /// Whether the type belongs to the server, so that it is never drift.
    pub is_system: bool,
    /// The number of relationships that use the type.
    pub uses: u64,
}

//! Everything the planner compares, from one side.

use std::collections::{BTreeMap, BTreeSet};

use super::{Address, Agent, EntityType, Platform, PlatformKey, RelationshipType, Settings};

/// Desired or remote: the same type, so that the planner is one symmetric function.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// By agent id.
    pub agents: BTreeMap<String, Agent>,
    /// By agent id. A declared agent always has an entry, if an empty one.
    pub settings: BTreeMap<String, Settings>,
    /// By agent and stable id.
    pub platforms: BTreeMap<PlatformKey, Platform>,
    /// By normalised slug.
    pub entity_types: BTreeMap<String, EntityType>,
    /// By slug.
    pub relationship_types: BTreeMap<String, RelationshipType>,
    /// What only a server can know; empty on the desired side.
    pub facts: ServerFacts,
}

/// What a server knows beyond the resources themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerFacts {
    /// Types that nobody created: never drift.
    pub system_types: BTreeSet<Address>,
    /// How many relationships of each type there are, by slug; absent where there are none.
    pub relationships: BTreeMap<String, u64>,
    /// Slugs of entity types of other organisations that this one may name in rules.
    pub public_entity_slugs: BTreeSet<String>,
}

/// One resource of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// An agent's own row.
    Agent(Agent),
    /// An agent's settings.
    Settings(Settings),
    /// A platform.
    Platform(Platform),
    /// An entity type.
    EntityType(EntityType),
    /// A relationship type with its rules.
    RelationshipType(RelationshipType),
}

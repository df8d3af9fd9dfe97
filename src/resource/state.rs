//! Everything the planner compares, from one side.

use std::collections::BTreeMap;

use super::{Agent, EntityType, Platform, PlatformKey, RelationshipType, Settings};

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
}

//! The writes that exist. The executor accepts nothing else, so that a write without a row cannot be expressed.

use serde_json::{Map, Value};

use crate::resource::{Agent, EntityType, Platform, RelationshipType, Rule, Settings};

/// One row's write: a request, or a few that belong together.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `POST …/agents`.
    CreateAgent(Agent),
    /// `PATCH …/agents/:id`.
    PatchAgent {
        /// The agent's id.
        id: String,
        /// Only the fields that change; `null` clears one.
        body: Map<String, Value>,
    },
    /// `DELETE …/agents/:id`; takes its settings and platforms along.
    DeleteAgent {
        /// The agent's id.
        id: String,
        /// The settings that the plan saw, which are deleted with the agent. `None` when they were not read.
        settings: Option<Settings>,
        /// The platforms that the plan saw, which are deleted with the agent.
        platforms: Vec<Platform>,
    },
    /// `PATCH …/agents/:id/config`: each key replaces the whole value, `null` resets it.
    PatchSettings {
        /// The agent's id.
        agent: String,
        /// Only the top-level keys that change.
        body: Map<String, Value>,
    },
    /// `PUT …/platforms/by-stable-id/:id`.
    UpsertPlatform(PlatformWrite),
    /// `DELETE` and at once the `PUT`: the only way to drop a config key or to change the type (contract section 6).
    ReplacePlatform(PlatformWrite),
    /// `DELETE …/platforms/:id`.
    DeletePlatform {
        /// The agent's id.
        agent: String,
        /// The id on the server.
        id: String,
    },
    /// `create` of an entity type.
    CreateEntityType(EntityType),
    /// `update` of an entity type, with only the fields that change.
    UpdateEntityType {
        /// The slug.
        slug: String,
        /// Wire fields.
        fields: Map<String, Value>,
    },
    /// `delete` of an entity type.
    DeleteEntityType {
        /// The slug.
        slug: String,
    },
    /// `create` of a relationship type, then its rules.
    CreateRelationshipType(RelationshipWrite),
    /// `update` of a relationship type where fields change, then its rules.
    UpdateRelationshipType {
        /// The slug.
        slug: String,
        /// Wire fields; empty when only rules change.
        fields: Map<String, Value>,
        /// Rules to add.
        add: Vec<Rule>,
        /// Ids of the rows to remove.
        remove: Vec<Value>,
    },
    /// Archive, delete and create again: `is_symmetric` is fixed at creation.
    ReplaceRelationshipType(RelationshipWrite),
    /// Archive, then delete, so that the slug can be used again (contract section 8.2).
    DeleteRelationshipType {
        /// The slug.
        slug: String,
    },
}

/// The platform that a `PUT` describes. Its config may hold secrets: they are exposed only in the request.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformWrite {
    /// What the file says, and what is carried over from the server.
    pub platform: Platform,
    /// Sent as they stand on the server when they are not the default; left out, the server would reset them.
    pub settings: Option<Map<String, Value>>,
}

/// A relationship type that is created, with what the file says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RelationshipWrite {
    /// The type and its rules.
    pub relationship_type: RelationshipType,
    /// Whether the inverse type is there when this one is created; if not, the inverse type's own row names this one.
    pub with_inverse: bool,
}

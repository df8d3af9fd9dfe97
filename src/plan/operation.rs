//! The writes that exist. The executor accepts nothing else, so that a write without a row cannot be expressed.

use serde_json::{Map, Value};

use super::settings_patch::SettingsPatch;
use crate::resource::{
    Agent, Entity, EntityPath, EntityType, Platform, Relationship, RelationshipKey, RelationshipType, Rule, Settings,
    SharedValue, Watcher,
};

/// One row's write: a request, or a few that belong together.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Creates an agent: `POST …/agents`.
    CreateAgent(SharedValue<Agent>),
    /// Changes fields of an agent's own row: `PATCH …/agents/:id`.
    PatchAgent {
        /// The agent's id.
        id: String,
        /// Only the fields that change; `null` clears one.
        body: Map<String, Value>,
    },
    /// Deletes an agent with its settings and platforms: `DELETE …/agents/:id`.
    DeleteAgent {
        /// The agent's id.
        id: String,
        /// The settings that the plan saw, which are deleted with the agent. `None` when they were not read.
        settings: Option<SharedValue<Settings>>,
        /// The platforms that the plan saw, which are deleted with the agent.
        platforms: Vec<SharedValue<Platform>>,
    },
    /// Changes settings: `PATCH …/agents/:id/config`. Each key replaces a whole value, and `null` resets it.
    PatchSettings(SettingsPatch),
    /// Creates or changes a platform: `PUT …/platforms/by-stable-id/:id`.
    UpsertPlatform(PlatformWrite),
    /// Deletes a platform and puts it back at once. There is no other way to drop a key of its config or to change its
    /// type (contract section 6).
    ReplacePlatform(PlatformWrite),
    /// Deletes a platform: `DELETE …/platforms/:id`.
    DeletePlatform {
        /// The agent's id.
        agent: String,
        /// The platform's id on the server.
        id: String,
    },
    /// Creates an entity type.
    CreateEntityType(SharedValue<EntityType>),
    /// Changes fields of an entity type.
    UpdateEntityType {
        /// The slug.
        slug: String,
        /// The fields that change, by their names on the wire.
        fields: Map<String, Value>,
    },
    /// Deletes an entity type.
    DeleteEntityType {
        /// The slug.
        slug: String,
    },
    /// Creates a relationship type, then its rules.
    CreateRelationshipType(RelationshipWrite),
    /// Changes fields of a relationship type, then adds and removes rules.
    UpdateRelationshipType {
        /// The slug.
        slug: String,
        /// The fields that change, by their names on the wire. Empty when only rules change.
        fields: Map<String, Value>,
        /// The rules to add.
        add: Vec<Rule>,
        /// The ids of the rules to remove. The server may hold one rule several times.
        remove: Vec<Value>,
    },
    /// Archives, deletes and creates a relationship type again, because `is_symmetric` is fixed at creation.
    ReplaceRelationshipType(RelationshipWrite),
    /// Archives a relationship type, then deletes it, so that its slug can be used again (contract section 8.2).
    DeleteRelationshipType {
        /// The slug.
        slug: String,
    },
    /// Creates an entity below its parent.
    CreateEntity(SharedValue<Entity>),
    /// Changes fields of an entity.
    UpdateEntity(Box<EntityUpdate>),
    /// Deletes an entity, whose slug can never be used again.
    DeleteEntity {
        /// The path.
        path: EntityPath,
        /// The id on the server.
        id: Option<u64>,
    },
    /// Creates a relationship.
    Link(SharedValue<Relationship>),
    /// Changes fields of a relationship.
    UpdateLink(Box<RelationshipUpdate>),
    /// Deletes a relationship.
    Unlink {
        /// The type and the two ends.
        key: RelationshipKey,
        /// The id on the server.
        id: Option<u64>,
    },
    /// Creates a watcher of an entity, then sets its script.
    CreateWatcher(SharedValue<Watcher>),
    /// Changes a watcher.
    // In boxes, because all operations have the size of the largest one.
    UpdateWatcher(Box<WatcherUpdate>),
    /// Archives a watcher, whose slug can never be used again.
    ArchiveWatcher {
        /// The slug.
        slug: String,
        /// The id on the server.
        id: Value,
    },
}

/// What changes of an entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntityUpdate {
    /// The path.
    pub path: EntityPath,
    /// The id on the server.
    pub id: Option<u64>,
    /// The fields that change, by their names on the wire. Metadata is whole, with `null` for the keys that go.
    pub fields: Map<String, Value>,
}

/// What changes of a relationship.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RelationshipUpdate {
    /// The type and the two ends.
    pub key: RelationshipKey,
    /// The id on the server.
    pub id: Option<u64>,
    /// The fields that change, by their names on the wire.
    pub fields: Map<String, Value>,
}

/// What changes of a watcher, by the requests that change it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WatcherUpdate {
    /// The slug.
    pub slug: String,
    /// The id on the server.
    pub id: Value,
    /// All fields of the new version. Empty when none of them changes.
    pub version: Map<String, Value>,
    /// The fields that change in place.
    pub settings: Map<String, Value>,
    /// The script, if it changes. An empty one removes it.
    pub script: Option<String>,
}

/// The platform that a `PUT` describes. Its config may hold secrets: they are exposed only in the request.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformWrite {
    /// The platform as the file declares it, with the values that are kept from the server.
    pub platform: SharedValue<Platform>,
    /// The settings on the server, sent back when they are not the default (contract section 6). `None` leaves them out.
    pub settings: Option<Map<String, Value>>,
}

/// A relationship type that is created.
#[derive(Debug, Clone, PartialEq)]
pub struct RelationshipWrite {
    /// The type and its rules.
    pub relationship_type: SharedValue<RelationshipType>,
    /// Whether this type names its inverse when it is created. If not, the inverse type is created later and names this
    /// one.
    pub with_inverse: bool,
}

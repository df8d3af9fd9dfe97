//! Everything that the planner compares, on one side.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Address, Agent, Entity, EntityPath, EntityType, Platform, PlatformKey, Relationship, RelationshipKey,
    RelationshipType, Settings, SharedValue, WatchedEntity, Watcher,
};

/// All resources of an organization, as the files declare them or as the server has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The agents, by id.
    pub agents: BTreeMap<String, SharedValue<Agent>>,
    /// The settings, by agent id. A declared agent always has an entry, even if it is empty.
    pub settings: BTreeMap<String, SharedValue<Settings>>,
    /// The platforms, by agent and stable id.
    pub platforms: BTreeMap<PlatformKey, SharedValue<Platform>>,
    /// The entity types, by normalized slug.
    pub entity_types: BTreeMap<String, SharedValue<EntityType>>,
    /// The relationship types, by slug.
    pub relationship_types: BTreeMap<String, SharedValue<RelationshipType>>,
    /// The entities by path. On the remote side only those that the files declare or the user names.
    pub entities: BTreeMap<EntityPath, SharedValue<Entity>>,
    /// The relationships by type and ends. On the remote side only those that the files declare or the user names.
    pub relationships: BTreeMap<RelationshipKey, SharedValue<Relationship>>,
    /// The watchers, by slug, without the archived ones.
    pub watchers: BTreeMap<String, SharedValue<Watcher>>,
    /// Facts that no file can state. Empty on the desired side.
    pub facts: ServerFacts,
}

impl State {
    /// Returns every resource with its address, kind by kind. This is not the order of addresses.
    pub fn resources(&self) -> impl Iterator<Item = (Address, Resource)> + '_ {
        let agents = self.agents.values().cloned().map(Resource::Agent);
        let settings = self.settings.values().cloned().map(Resource::Settings);
        let platforms = self.platforms.values().cloned().map(Resource::Platform);
        let entity_types = self.entity_types.values().cloned().map(Resource::EntityType);
        let relationship_types = self
            .relationship_types
            .values()
            .cloned()
            .map(Resource::RelationshipType);
        agents
            .chain(settings)
            .chain(platforms)
            .chain(entity_types)
            .chain(relationship_types)
            .chain(self.entities.values().cloned().map(Resource::Entity))
            .chain(self.relationships.values().cloned().map(Resource::Relationship))
            .chain(self.watchers.values().cloned().map(Resource::Watcher))
            .map(|resource| (resource.address(), resource))
    }

    /// Returns the resource at an address.
    pub fn get(&self, address: &Address) -> Option<Resource> {
        match address {
            Address::Agent { id } => self.agents.get(&**id).cloned().map(Resource::Agent),
            Address::Settings { agent } => self.settings.get(&**agent).cloned().map(Resource::Settings),
            Address::Platform { agent, .. } => {
                let key = PlatformKey {
                    agent: agent.to_string(),
                    stable_id: address.stable_id()?,
                };
                self.platforms.get(&key).cloned().map(Resource::Platform)
            }
            Address::EntityType { slug } => self.entity_types.get(&**slug).cloned().map(Resource::EntityType),
            Address::RelationshipType { slug } => {
                let found = self.relationship_types.get(&**slug);
                found.cloned().map(Resource::RelationshipType)
            }
            Address::Entity { entity_type, path } => {
                let found = self.entities.get(path).filter(|it| *it.entity_type == **entity_type);
                found.cloned().map(Resource::Entity)
            }
            Address::Relationship { key } => self.relationships.get(key).cloned().map(Resource::Relationship),
            Address::Watcher { slug } => self.watchers.get(&**slug).cloned().map(Resource::Watcher),
        }
    }

    /// Returns the platforms of an agent, sorted by stable id.
    pub fn platforms_of<'a>(&'a self, agent: &'a str) -> impl Iterator<Item = &'a SharedValue<Platform>> {
        let first = PlatformKey {
            agent: agent.to_owned(),
            stable_id: String::new(),
        };
        let range = self.platforms.range(first..).map(|(_, platform)| platform);
        range.take_while(move |platform| platform.agent == agent)
    }
}

/// Facts that a server reports beside the organization's resources.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerFacts {
    /// Whether the lists of types were read. A type that is missing is unknown otherwise.
    pub types_are_known: bool,
    /// The types that the server created itself. They are never drift.
    pub system_types: BTreeSet<Address>,
    /// The number of entities of each type that has any, by slug.
    pub entities: BTreeMap<String, u64>,
    /// The number of relationships of each type that has any, by slug.
    pub relationships: BTreeMap<String, u64>,
    /// The names of settings that no file can express and that differ from those of a new agent, by agent.
    pub without_file: BTreeMap<String, BTreeSet<String>>,
    /// The slugs of entity types of other organizations, which rules may name too.
    pub public_entity_slugs: BTreeSet<String>,
    /// What a plan of watchers needs to know.
    pub watchers: WatcherFacts,
    /// What a plan of entities and relationships needs to know.
    pub data: DataFacts,
}

/// What a server says about entities, beside those that the files declare.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataFacts {
    /// Whether entities were read. They are not compared otherwise.
    pub are_known: bool,
    /// Whether they were not read because nobody asked for them.
    pub are_left_out: bool,
    /// The types of all entities, by path.
    pub types: BTreeMap<EntityPath, String>,
    /// The paths of deleted entities, which cannot be used again, as far as the server tells them.
    pub deleted: BTreeSet<EntityPath>,
    /// The paths, below other parents, at which the server has entities of the type and slug of a declared one that it lacks.
    pub moved: BTreeMap<EntityPath, Vec<EntityPath>>,
    /// The number of entities that no file declares and nobody named.
    pub undeclared: usize,
}

/// What a server says about watchers, beside the watchers themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WatcherFacts {
    /// Whether watchers were read. They are not compared otherwise.
    pub are_known: bool,
    /// The slugs of archived watchers, which cannot be used again. Read only where the files declare a watcher that the
    /// server does not list.
    pub archived: BTreeSet<String>,
    /// The entities of the server that each name in the files stands for, as far as watchers have to be created.
    pub named: BTreeMap<WatchedEntity, Vec<WatchedEntity>>,
}

/// One resource of any kind, shared with whoever else has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// An agent, without its settings and platforms.
    Agent(SharedValue<Agent>),
    /// An agent's settings.
    Settings(SharedValue<Settings>),
    /// A platform.
    Platform(SharedValue<Platform>),
    /// An entity type.
    EntityType(SharedValue<EntityType>),
    /// A relationship type with its rules.
    RelationshipType(SharedValue<RelationshipType>),
    /// An entity.
    Entity(SharedValue<Entity>),
    /// A relationship.
    Relationship(SharedValue<Relationship>),
    /// A watcher.
    Watcher(SharedValue<Watcher>),
}

impl Resource {
    /// Returns the address of the resource.
    pub fn address(&self) -> Address {
        match self {
            Self::Agent(it) => Address::agent(&it.id),
            Self::Settings(it) => Address::settings(&it.agent),
            Self::Platform(it) => it.address(),
            Self::EntityType(it) => Address::entity_type(&it.slug),
            Self::RelationshipType(it) => Address::relationship_type(&it.slug),
            Self::Entity(it) => Address::entity(&it.entity_type, it.path.clone()),
            Self::Relationship(it) => Address::relationship(&it.key),
            Self::Watcher(it) => Address::watcher(&it.slug),
        }
    }

    /// Returns the agent, if the resource is one.
    pub fn as_agent(&self) -> Option<&SharedValue<Agent>> {
        match self {
            Self::Agent(agent) => Some(agent),
            _ => None,
        }
    }

    /// Returns the settings of an agent, if the resource is that.
    pub fn as_settings(&self) -> Option<&SharedValue<Settings>> {
        match self {
            Self::Settings(settings) => Some(settings),
            _ => None,
        }
    }

    /// Returns the platform, if the resource is one.
    pub fn as_platform(&self) -> Option<&SharedValue<Platform>> {
        match self {
            Self::Platform(platform) => Some(platform),
            _ => None,
        }
    }

    /// Returns the entity type, if the resource is one.
    pub fn as_entity_type(&self) -> Option<&SharedValue<EntityType>> {
        match self {
            Self::EntityType(entity_type) => Some(entity_type),
            _ => None,
        }
    }

    /// Returns the relationship type, if the resource is one.
    pub fn as_relationship_type(&self) -> Option<&SharedValue<RelationshipType>> {
        match self {
            Self::RelationshipType(relationship_type) => Some(relationship_type),
            _ => None,
        }
    }

    /// Returns the entity, if the resource is one.
    pub fn as_entity(&self) -> Option<&SharedValue<Entity>> {
        match self {
            Self::Entity(entity) => Some(entity),
            _ => None,
        }
    }

    /// Returns the relationship, if the resource is one.
    pub fn as_relationship(&self) -> Option<&SharedValue<Relationship>> {
        match self {
            Self::Relationship(relationship) => Some(relationship),
            _ => None,
        }
    }

    /// Returns the watcher, if the resource is one.
    pub fn as_watcher(&self) -> Option<&SharedValue<Watcher>> {
        match self {
            Self::Watcher(watcher) => Some(watcher),
            _ => None,
        }
    }
}

//! What the client reads.

use std::collections::BTreeSet;

use serde_json::Map;

use super::Client;
use super::reply::Reply;
use crate::remote::error::RemoteError;
use crate::remote::expectation::Expectation;
use crate::remote::listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
use crate::remote::normalize;
use crate::remote::transport::Request;
use crate::resource::{Address, Platform, Resource, Settings};
use crate::wire::agent::{AgentConfig, AgentList, CONFIG_PROOF_KEYS};
use crate::wire::platform::PlatformList;
use crate::wire::schema::{SchemaAction, SchemaType, WireEntityType, WireRelationshipType, WireRule};

impl Client {
    /// Reads the list of agents.
    pub async fn agents(&self) -> Result<Vec<ListedAgent>, RemoteError> {
        let reply = self.get(&["agents"]).await?;
        let list: AgentList = reply.parse()?;
        reply.checked(list.agents.into_iter().map(normalize::listed_agent).collect())
    }

    /// Reads an agent's settings. Returns `None` when there is no such agent.
    pub async fn settings(&self, agent: &str) -> Result<Option<Settings>, RemoteError> {
        let read = self.settings_in_full(agent).await?;
        Ok(read.map(|(settings, _)| settings))
    }

    /// Reads an agent's settings, and the names of those that no file can express and that have a value. Returns `None`
    /// when there is no such agent.
    pub async fn settings_in_full(&self, agent: &str) -> Result<Option<(Settings, BTreeSet<String>)>, RemoteError> {
        let Some(reply) = found(self.get(&["agents", agent, "config"]).await)? else {
            return Ok(None);
        };
        let config: AgentConfig = reply.parse()?;
        // Every key of a config is optional, so that any JSON object would pass for one.
        if !CONFIG_PROOF_KEYS.iter().all(|key| config.contains_key(*key)) {
            return Err(reply.malformed("an agent's config"));
        }
        self.expect(reply.expectation());
        let names = normalize::settings_without_file(&config);
        Ok(Some((normalize::settings(agent, config), names)))
    }

    /// Reads an agent's platforms. Returns `None` when there is no such agent.
    pub async fn platforms(&self, agent: &str) -> Result<Option<Vec<Platform>>, RemoteError> {
        let Some(reply) = found(self.get(&["agents", agent, "platforms"]).await)? else {
            return Ok(None);
        };
        let list: PlatformList = reply.parse()?;
        let platforms = list.platforms.into_iter().map(|it| normalize::platform(agent, it));
        Ok(Some(platforms.collect()))
    }

    /// Reads every entity type that is listed, those of public organizations too.
    pub async fn entity_types(&self) -> Result<Vec<ListedEntityType>, RemoteError> {
        let reply = self.schema_list(SchemaType::EntityType).await?;
        let types: Vec<WireEntityType> = reply.parse_key("entity_types")?;
        reply.checked(types.into_iter().map(normalize::entity_type).collect())
    }

    /// Reads every relationship type that is listed, those of public organizations too, without their rules.
    pub async fn relationship_types(&self) -> Result<Vec<ListedRelationshipType>, RemoteError> {
        let reply = self.schema_list(SchemaType::RelationshipType).await?;
        let types: Vec<WireRelationshipType> = reply.parse_key("relationship_types")?;
        reply.checked(types.into_iter().map(normalize::relationship_type).collect())
    }

    /// Reads the rules of a relationship type.
    pub async fn rules(&self, slug: &str) -> Result<Vec<WireRule>, RemoteError> {
        let kind = SchemaType::RelationshipType;
        let request = self.type_request(kind, SchemaAction::ListRules, slug, &Map::new());
        self.send(request).await?.parse_key("rules")
    }

    /// Reads a resource. Returns `None` when it does not exist in this organization. A client of one resource expects
    /// from now on what was read.
    pub async fn read(&self, address: &Address) -> Result<Option<Resource>, RemoteError> {
        let found = self.read_any(address).await?;
        if found.is_none() {
            self.expect(Expectation::Missing);
        }
        Ok(found)
    }

    async fn read_any(&self, address: &Address) -> Result<Option<Resource>, RemoteError> {
        match address {
            Address::Agent { id } => {
                let Some(reply) = found(self.get(&["agents", id]).await)? else {
                    return Ok(None);
                };
                let agent = reply.checked(normalize::agent(reply.parse()?))?;
                reply.expect_id(Some(&agent.id), id)?;
                self.expect(reply.expectation());
                Ok(Some(Resource::Agent(agent.into())))
            }
            Address::Settings { agent } => Ok(self.settings(agent).await?.map(|it| Resource::Settings(it.into()))),
            Address::Platform { agent, .. } => {
                let id = address.stable_id().unwrap_or_default();
                Ok(self.platform(agent, &id).await?.map(|it| Resource::Platform(it.into())))
            }
            Address::EntityType { slug } => self.read_entity_type(slug).await,
            Address::RelationshipType { slug } => self.read_relationship_type(slug).await,
            Address::Entity { entity_type, path } => {
                let found = self.entity(entity_type, path).await?;
                Ok(found.map(|it| Resource::Entity(it.into())))
            }
            Address::Relationship { key } => {
                let found = self.relationship(key).await?;
                Ok(found.map(|it| Resource::Relationship(it.into())))
            }
            Address::Watcher { slug } => Ok(self.watcher(slug).await?.map(|it| Resource::Watcher(it.into()))),
        }
    }

    /// Reads one platform: with its revision where the server names revisions, otherwise in the list of its agent.
    ///
    /// A server without revisions may answer for the platform of another organization when it is asked for one by its id
    /// (contract section 7); its lists are limited to the organization.
    async fn platform(&self, agent: &str, id: &str) -> Result<Option<Platform>, RemoteError> {
        if !self.names_revisions() {
            self.expect(Expectation::Anything);
            let platforms = self.platforms(agent).await?.unwrap_or_default();
            return Ok(platforms.into_iter().find(|platform| platform.stable_id == id));
        }
        let Some(reply) = found(self.get(&["agents", agent, "platforms", id]).await)? else {
            return Ok(None);
        };
        let platform = normalize::platform(agent, reply.parse()?);
        reply.expect_id(Some(&platform.stable_id), id)?;
        self.expect(reply.expectation());
        Ok(Some(platform).filter(|it| it.agent == agent))
    }

    async fn read_entity_type(&self, slug: &str) -> Result<Option<Resource>, RemoteError> {
        let Some(reply) = self.schema_get(SchemaType::EntityType, slug).await? else {
            return Ok(None);
        };
        let Some(body) = reply.parse_key::<Option<WireEntityType>>("entity_type")? else {
            return Ok(None);
        };
        let found = reply.checked(normalize::entity_type(body))?;
        reply.expect_id(Some(&found.entity_type.slug), slug)?;
        self.expect(reply.expectation());
        let is_own = self.owns(found.organization.as_deref());
        Ok(is_own.then_some(Resource::EntityType(found.entity_type.into())))
    }

    async fn read_relationship_type(&self, slug: &str) -> Result<Option<Resource>, RemoteError> {
        let Some(reply) = self.schema_get(SchemaType::RelationshipType, slug).await? else {
            return Ok(None);
        };
        let Some(body) = reply.parse_key::<Option<WireRelationshipType>>("relationship_type")? else {
            return Ok(None);
        };
        let found = reply.checked(normalize::relationship_type(body))?;
        reply.expect_id(Some(&found.relationship_type.slug), slug)?;
        if !self.owns(found.organization.as_deref()) {
            return Ok(None);
        }
        self.expect(reply.expectation());
        let mut own = found.relationship_type;
        // Neither `list` nor `get` has the rules (contract section 8.2).
        own.rules = Some(normalize::rules_by_pair(self.rules(slug).await?));
        Ok(Some(Resource::RelationshipType(own.into())))
    }

    async fn schema_list(&self, kind: SchemaType) -> Result<Reply, RemoteError> {
        self.send(self.schema_request(kind, SchemaAction::List, Map::new()))
            .await
    }

    async fn schema_get(&self, kind: SchemaType, slug: &str) -> Result<Option<Reply>, RemoteError> {
        let request = self.type_request(kind, SchemaAction::Get, slug, &Map::new());
        found(self.send(request).await)
    }

    pub(super) async fn get(&self, segments: &[&str]) -> Result<Reply, RemoteError> {
        self.send(Request::get(self.path(segments))).await
    }
}

/// Turns the refusal that a resource does not exist into `None`.
pub(super) fn found<T>(result: Result<T, RemoteError>) -> Result<Option<T>, RemoteError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

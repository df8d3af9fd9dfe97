//! Reads everything that a plan needs, as a [`State`]: the lists first, then what belongs to each entry, concurrently.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::client::Client;
use super::details_of::DetailsOf;
use super::error::RemoteError;
use super::fetch_data::{self, DataScope};
use super::fetch_watchers::{self, WatcherScope};
use super::listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
use super::normalize;
use super::read_counter::{ReadCounter, ReadObserver};
use super::read_settings::ReadSettings;
use crate::resource::{Address, Agent, ServerFacts, SharedValue, State};

/// What of an organization is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Whether to read agents, settings and platforms.
    pub agents: bool,
    /// Whether to read entity types and relationship types.
    pub memory: bool,
    /// The watchers that are read. `None` reads none.
    pub watchers: Option<WatcherScope>,
    /// The entities and relationships that are read. `None` reads none.
    pub data: Option<DataScope>,
    /// The agents, by id, whose settings and platforms are read.
    pub details_of: DetailsOf,
    /// The stable ids of the declared platforms. An agent that may own one of them, because the id begins with its own, has its
    /// platforms read too: no second agent can have the id.
    pub stable_ids: BTreeSet<String>,
    /// The relationship types, by slug, whose rules are read.
    pub rules_of: DetailsOf,
}

impl Scope {
    /// Whether the platforms of an agent are read.
    fn has_platforms_of(&self, agent: &str) -> bool {
        let prefix = format!("{agent}-");
        let next = self.stable_ids.range(prefix.clone()..).next();
        self.details_of.includes(agent) || next.is_some_and(|id| id.starts_with(&prefix))
    }
}

/// Reads the server. A failed or odd read is an error, never "nothing there" (semantics, "Before the first write").
///
/// # Errors
/// The first read that failed.
pub async fn fetch(client: &Client, scope: &Scope, observer: ReadObserver<'_>) -> Result<State, RemoteError> {
    fetch_beside(client, scope, &State::default(), observer).await
}

/// Reads the server like [`fetch`]. What the files declare alike is not held a second time: agents, their settings and entity
/// types.
///
/// # Errors
/// The first read that failed.
pub async fn fetch_beside(
    client: &Client,
    scope: &Scope,
    declared: &State,
    observer: ReadObserver<'_>,
) -> Result<State, RemoteError> {
    let counter = ReadCounter::new(observer);
    let (agents, memory, watchers, data) = tokio::join!(
        fetch_agents(client, scope, declared, &counter),
        fetch_memory(client, scope, declared, &counter),
        Box::pin(fetch_watchers::fetch(client, scope.watchers.as_ref(), &counter)),
        Box::pin(fetch_data::fetch(client, scope.data.as_ref(), &counter))
    );
    let (mut state, memory) = (agents?, memory?);
    let (watchers, watcher_facts) = watchers?;
    state.watchers = watchers;
    let data = data?;
    state.entities = data.entities;
    state.relationships = data.relationships;
    state.entity_types = memory.entity_types;
    state.relationship_types = memory.relationship_types;
    state.facts = ServerFacts {
        without_file: std::mem::take(&mut state.facts.without_file),
        watchers: watcher_facts,
        data: data.facts,
        ..memory.facts
    };
    Ok(state)
}

async fn fetch_agents(
    client: &Client,
    scope: &Scope,
    declared: &State,
    counter: &ReadCounter<'_>,
) -> Result<State, RemoteError> {
    let mut state = State::default();
    if !scope.agents {
        return Ok(state);
    }
    counter.expect(1);
    let agents = client.agents().await?;
    counter.done("agents".to_owned());
    // The list says how many platforms an agent has. Where it does not, they have to be read.
    let with_platforms: Vec<String> = agents
        .iter()
        .filter(|listed| listed.platforms != Some(0) && scope.has_platforms_of(&listed.agent.id))
        .map(|listed| listed.agent.id.clone())
        .collect();
    state.agents = agents.into_iter().map(|listed| agent(listed, declared)).collect();
    let wanted: Vec<String> = state
        .agents
        .keys()
        .filter(|id| scope.details_of.includes(id))
        .cloned()
        .collect();
    counter.expect(with_platforms.len() + wanted.len());
    let settings = stream::iter(wanted).map(|id| async move {
        let settings = client.settings_in_full(&id).await?;
        counter.done(format!("settings of {id}"));
        Ok::<_, RemoteError>((id, settings))
    });
    let platforms = stream::iter(with_platforms).map(|id| async move {
        let platforms = client.platforms(&id).await?;
        counter.done(format!("platforms of {id}"));
        Ok::<_, RemoteError>(platforms)
    });
    let width = client.parallelism();
    let settings = async {
        let mut read = ReadSettings::new(&declared.settings);
        let mut answers = pin!(settings.buffer_unordered(width));
        while let Some((id, found)) = answers.try_next().await? {
            read.add(id, found);
        }
        Ok(read)
    };
    // Each has its place at once: a list of all of them would be there a second time while it is sorted.
    let platforms = async {
        let mut read = BTreeMap::new();
        let mut answers = pin!(platforms.buffer_unordered(width));
        while let Some(found) = answers.try_next().await? {
            let found = found.into_iter().flatten();
            read.extend(found.map(|it| (it.key(), SharedValue::from(it))));
        }
        Ok(read)
    };
    let (settings, platforms) = tokio::try_join!(settings, platforms)?;
    state.settings = settings.found;
    state.facts.without_file = settings.without_file;
    state.platforms = platforms;
    Ok(state)
}

fn agent(listed: ListedAgent, declared: &State) -> (String, SharedValue<Agent>) {
    let id = listed.agent.id.clone();
    let known = declared.agents.get(&id);
    (id, SharedValue::same_or_new(listed.agent, known))
}

async fn fetch_memory(
    client: &Client,
    scope: &Scope,
    declared: &State,
    counter: &ReadCounter<'_>,
) -> Result<State, RemoteError> {
    let mut state = State::default();
    if !scope.memory {
        return Ok(state);
    }
    // Both lists are asked for at once; only the rules have to wait for one of them.
    counter.expect(2);
    let (entities, relationships) = tokio::try_join!(client.entity_types(), client.relationship_types())?;
    counter.done("entity types".to_owned());
    counter.done("relationship types".to_owned());
    state.facts.types_are_known = true;
    for entity_type in entities {
        add_entity_type(&mut state, client, declared, entity_type);
    }
    let own: Vec<ListedRelationshipType> = relationships
        .into_iter()
        .filter(|it| client.owns(it.organization.as_deref()))
        .collect();
    let (wanted, others): (Vec<_>, Vec<_>) = own
        .into_iter()
        .partition(|it| scope.rules_of.includes(&it.relationship_type.slug));
    counter.expect(wanted.len());
    let with_rules = stream::iter(wanted).map(|mut it| async move {
        let slug = it.relationship_type.slug.clone();
        let rules = client.rules(&slug).await?;
        it.relationship_type.rules = Some(normalize::rules_by_pair(rules));
        counter.done(format!("rules of {slug}"));
        Ok::<_, RemoteError>(it)
    });
    let with_rules: Vec<_> = with_rules.buffer_unordered(client.parallelism()).try_collect().await?;
    for relationship_type in with_rules.into_iter().chain(others) {
        add_relationship_type(&mut state, relationship_type);
    }
    Ok(state)
}

fn add_entity_type(state: &mut State, client: &Client, declared: &State, listed: ListedEntityType) {
    let slug = listed.entity_type.slug.clone();
    if !client.owns(listed.organization.as_deref()) {
        state.facts.public_entity_slugs.insert(slug);
        return;
    }
    if listed.is_system {
        state.facts.system_types.insert(Address::entity_type(&slug));
    }
    if listed.uses > 0 {
        state.facts.entities.insert(slug.clone(), listed.uses);
    }
    let known = declared.entity_types.get(&slug);
    let entity_type = SharedValue::same_or_new(listed.entity_type, known);
    state.entity_types.insert(slug, entity_type);
}

fn add_relationship_type(state: &mut State, listed: ListedRelationshipType) {
    let slug = listed.relationship_type.slug.clone();
    if listed.is_system {
        state.facts.system_types.insert(Address::relationship_type(&slug));
    }
    if listed.uses > 0 {
        state.facts.relationships.insert(slug.clone(), listed.uses);
    }
    state.relationship_types.insert(slug, listed.relationship_type.into());
}

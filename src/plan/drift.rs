//! What only the server has: reported, and deleted only when the user asks for it (semantics, law 4).

use serde_json::{Value, json};

use super::change::Change;
use super::compare::{compare, leaves, without_injected};
use super::draft::Step;
use super::identity;
use super::operation::Operation;
use super::options::Prune;
use super::row::{Row, Verb};
use super::undeclared::Undeclared;
use crate::resource::{Address, Entity, FieldPath, Resource, Settings, State, WatchedEntity};

/// Returns a row for each resource that only the server has, with a step where it is to be deleted.
///
/// An agent's settings and platforms have no rows of their own: they are deleted with the agent.
pub(super) fn rows(desired: &State, remote: &State, prune: &Prune) -> Vec<(Row, Option<Step>)> {
    let only_remote = remote
        .resources()
        .filter(|(address, resource)| desired.get(address).is_none() && has_row(desired, remote, address, resource));
    only_remote
        .filter_map(|(address, resource)| {
            let operation = deletion(remote, &resource)?;
            Some(match prune.undeclared(&address) {
                Undeclared::Clear => with_deletion((desired, remote), prune, address, resource, operation),
                Undeclared::Keep => (row(remote, address, &resource, Undeclared::Keep), None),
            })
        })
        .collect()
}

/// Whether a resource that only the server has gets a row. The platforms of an agent that no file declares are part of
/// that agent's row, and system types belong to the server.
fn has_row(desired: &State, remote: &State, address: &Address, resource: &Resource) -> bool {
    let declared_agent = |agent: &String| desired.agents.contains_key(agent);
    let below_declared = resource.as_platform().is_none_or(|it| declared_agent(&it.agent));
    below_declared && !remote.facts.system_types.contains(address)
}

fn with_deletion(
    (desired, remote): (&State, &State),
    prune: &Prune,
    address: Address,
    resource: Resource,
    operation: Operation,
) -> (Row, Option<Step>) {
    let mut row = row(remote, address, &resource, Undeclared::Clear);
    match &resource {
        Resource::Agent(agent) => {
            row.warnings = agent_warnings(remote, &agent.id);
            row.cascade = Some(cascade(remote, &agent.id));
        }
        Resource::Watcher(_) => row
            .warnings
            .push("is archived: its slug can never be used again".to_owned()),
        Resource::Entity(entity) => {
            row.warnings.extend(entity_warnings());
            row.warnings.extend(watcher_warnings(desired, remote, entity, prune));
        }
        _ => {}
    }
    let step = Step {
        desired: None,
        seen: Some(resource),
        // No field is compared when the resource goes as a whole.
        undeclared: Undeclared::Keep,
        operation,
    };
    (row, Some(step))
}

/// Returns the write that deletes a resource. `None` for settings: they exist as long as their agent does.
fn deletion(remote: &State, resource: &Resource) -> Option<Operation> {
    match resource {
        Resource::Agent(agent) => Some(Operation::DeleteAgent {
            id: agent.id.clone(),
            settings: remote.settings.get(&agent.id).cloned(),
            platforms: remote.platforms_of(&agent.id).cloned().collect(),
        }),
        Resource::Settings(_) => None,
        Resource::Platform(platform) => Some(Operation::DeletePlatform {
            agent: platform.agent.clone(),
            id: platform.stable_id.clone(),
        }),
        Resource::EntityType(entity_type) => Some(Operation::DeleteEntityType {
            slug: entity_type.slug.clone(),
        }),
        Resource::RelationshipType(relationship_type) => Some(Operation::DeleteRelationshipType {
            slug: relationship_type.slug.clone(),
        }),
        Resource::Entity(entity) => Some(Operation::DeleteEntity {
            path: entity.path.clone(),
            id: entity.id,
        }),
        Resource::Relationship(relationship) => Some(Operation::Unlink {
            key: relationship.key.clone(),
            id: relationship.id,
        }),
        Resource::Watcher(watcher) => Some(Operation::ArchiveWatcher {
            slug: watcher.slug.clone(),
            id: watcher.id.clone().unwrap_or_default(),
        }),
    }
}

/// Returns everything that the server has of a resource, as it would be adopted or deleted: of an agent with its settings
/// and platforms, as far as they were read.
fn contents(remote: &State, resource: &Resource, undeclared: Undeclared) -> Vec<Change> {
    let mut found = fields(resource, &[], undeclared);
    if let Resource::Agent(agent) = resource {
        let settings = remote.settings.get(&agent.id);
        let own = settings.map(|settings| without_injected(settings, &Settings::default()));
        let settings = own.map(|own| Resource::Settings(own.into()));
        found.extend(settings.iter().flat_map(|it| fields(it, &["settings"], undeclared)));
        for platform in remote.platforms_of(&agent.id) {
            let prefix = ["platforms", &platform.stable_id];
            found.extend(fields(&Resource::Platform(platform.clone()), &prefix, undeclared));
        }
    }
    found
}

fn fields(resource: &Resource, prefix: &[&str], undeclared: Undeclared) -> Vec<Change> {
    // What a creation would send is everything that there is.
    let created = compare(resource, None, undeclared).changes.into_iter();
    let found = created.filter_map(|change| {
        let segments = change.path.segments().iter().map(String::as_str);
        let path = FieldPath::of(prefix.iter().copied().chain(segments));
        Some(Change::server_only(path, change.after?, undeclared).presented_as(change.presentation))
    });
    found.collect()
}

/// Returns what the deletion of an entity takes away for good, and what it leaves behind.
fn entity_warnings() -> [String; 2] {
    [
        "its slug can never be used again below its parent".to_owned(),
        "relationships of it that are not deleted too stay, and nothing can name them any more".to_owned(),
    ]
}

/// Returns a warning for each watcher of an entity that is deleted, unless it is deleted too.
fn watcher_warnings(desired: &State, remote: &State, entity: &Entity, prune: &Prune) -> Vec<String> {
    let is_it = |found: &WatchedEntity| found.id.is_some() && found.id == entity.id;
    let goes = |slug: &str| !desired.watchers.contains_key(slug) && prune.undeclared(&Address::watcher(slug)).clears();
    let watchers = remote.watchers.values().filter(|it| it.entities.iter().any(is_it));
    let staying = watchers.filter(|watcher| !goes(&watcher.slug));
    staying
        .map(|watcher| format!("the watcher `{}` watches it, and stays", watcher.slug))
        .collect()
}

fn agent_warnings(remote: &State, agent: &str) -> Vec<String> {
    match remote.platforms_of(agent).count() {
        0 => Vec::new(),
        1 => vec!["has 1 platform, which a deletion takes along".to_owned()],
        count => vec![format!("has {count} platforms, which a deletion takes along")],
    }
}

/// Returns a digest of everything that is deleted with an agent, as far as it may be shown. A plan id covers it, so
/// that whoever approves the deletion approves exactly this.
fn cascade(remote: &State, agent: &str) -> String {
    let settings = remote.settings.get(agent).into_iter();
    let settings = settings.flat_map(|settings| settings.fields.iter());
    let settings = settings.flat_map(|(name, value)| leaves(&FieldPath::root(name), value));
    let settings: Vec<Value> = settings.map(|(path, shown)| json!([path, shown])).collect();
    let platforms = remote.platforms_of(agent).map(|platform| {
        let config: Vec<Value> = platform
            .config
            .iter()
            .map(|(key, value)| json!([key, value.shown()]))
            .collect();
        json!([platform.stable_id, platform.kind, config, platform.settings])
    });
    let platforms: Vec<Value> = platforms.collect();
    identity::digest(&json!([settings, platforms]))
}

fn row(remote: &State, address: Address, resource: &Resource, undeclared: Undeclared) -> Row {
    let verb = match undeclared {
        Undeclared::Keep => Verb::Drift,
        Undeclared::Clear => Verb::Delete,
    };
    Row {
        changes: contents(remote, resource, undeclared),
        ..Row::bare(address, verb)
    }
}

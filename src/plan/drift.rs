//! What only the server has: reported, and deleted only when the user asks for it (semantics, law 4).

use serde_json::{Value, json};

use super::compare::leaves;
use super::draft::Step;
use super::identity;
use super::operation::Operation;
use super::options::Prune;
use super::row::{Row, Verb};
use super::undeclared::Undeclared;
use crate::resource::{Address, FieldPath, Resource, State};

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
                Undeclared::Clear => with_deletion(remote, address, resource, operation),
                Undeclared::Keep => (row(address, Verb::Drift), None),
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

fn with_deletion(remote: &State, address: Address, resource: Resource, operation: Operation) -> (Row, Option<Step>) {
    let mut row = row(address, Verb::Delete);
    if let Resource::Agent(agent) = &resource {
        row.warnings = agent_warnings(remote, &agent.id);
        row.cascade = Some(cascade(remote, &agent.id));
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
    }
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

fn row(address: Address, verb: Verb) -> Row {
    Row {
        address,
        verb,
        changes: Vec::new(),
        warnings: Vec::new(),
        impact: None,
        recheck: false,
        depends_on: Vec::new(),
        cascade: None,
        origin: None,
    }
}

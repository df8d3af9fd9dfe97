//! What only the server has: reported, and deleted only when the person asks for it (semantics, law 4).

use serde_json::json;

use super::identity;
use super::operation::Operation;
use super::planner::{Planner, Step, platforms_of};
use super::row::{Row, Verb};
use crate::resource::{Address, Resource, State};

/// Adds a row for each resource that only the server has. An agent stands for its settings and platforms.
pub(super) fn add(planner: &mut Planner<'_>, desired: &State) {
    let remote = planner.remote;
    for agent in remote
        .agents
        .values()
        .filter(|agent| !desired.agents.contains_key(&agent.id))
    {
        let mut row = row(Address::agent(&agent.id), agent_warnings(remote, &agent.id));
        row.cascade = Some(cascade(remote, &agent.id));
        let operation = Operation::DeleteAgent {
            id: agent.id.clone(),
            platforms: platforms_of(remote, &agent.id).cloned().collect(),
        };
        insert(planner, row, Resource::Agent(agent.clone()), operation);
    }
    let orphans = remote
        .platforms
        .values()
        .filter(|platform| desired.agents.contains_key(&platform.agent));
    for platform in orphans.filter(|platform| !desired.platforms.contains_key(&platform.key())) {
        let operation = Operation::DeletePlatform {
            agent: platform.agent.clone(),
            id: platform.stable_id.clone(),
        };
        insert(
            planner,
            row(platform.address(), Vec::new()),
            Resource::Platform(platform.clone()),
            operation,
        );
    }
    add_types(planner, desired);
}

fn add_types(planner: &mut Planner<'_>, desired: &State) {
    let remote = planner.remote;
    let ours = |address: &Address| !remote.facts.system_types.contains(address);
    for (slug, entity_type) in &remote.entity_types {
        let address = Address::entity_type(slug);
        if !desired.entity_types.contains_key(slug) && ours(&address) {
            let operation = Operation::DeleteEntityType { slug: slug.clone() };
            insert(
                planner,
                row(address, Vec::new()),
                Resource::EntityType(entity_type.clone()),
                operation,
            );
        }
    }
    for (slug, relationship_type) in &remote.relationship_types {
        let address = Address::relationship_type(slug);
        if !desired.relationship_types.contains_key(slug) && ours(&address) {
            let operation = Operation::DeleteRelationshipType { slug: slug.clone() };
            let resource = Resource::RelationshipType(relationship_type.clone());
            insert(planner, row(address, Vec::new()), resource, operation);
        }
    }
}

fn agent_warnings(remote: &State, agent: &str) -> Vec<String> {
    match platforms_of(remote, agent).count() {
        0 => Vec::new(),
        1 => vec!["has 1 platform, which a deletion takes along".to_owned()],
        count => vec![format!("has {count} platforms, which a deletion takes along")],
    }
}

/// A digest of what goes away with an agent. Whoever approves the deletion approves exactly this.
fn cascade(remote: &State, agent: &str) -> String {
    let settings = remote.settings.get(agent).map(|settings| &settings.fields);
    let platforms: Vec<String> = platforms_of(remote, agent).map(|it| it.stable_id.clone()).collect();
    identity::digest(&json!([settings, platforms]))
}

fn row(address: Address, warnings: Vec<String>) -> Row {
    Row {
        address,
        verb: Verb::Drift,
        changes: Vec::new(),
        warnings,
        impact: None,
        recheck: false,
        depends_on: Vec::new(),
        cascade: None,
        origin: None,
    }
}

fn insert(planner: &mut Planner<'_>, mut row: Row, seen: Resource, operation: Operation) {
    let address = row.address.clone();
    if planner.options.prune.covers(&address) {
        row.verb = Verb::Delete;
        let step = Step {
            desired: None,
            seen: Some(seen),
            clear: false,
            operation,
        };
        planner.steps.insert(address.clone(), step);
    } else {
        row.warnings.clear();
        row.cascade = None;
    }
    planner.rows.insert(address, row);
}

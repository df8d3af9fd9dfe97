//! Desired against remote: the rows of a plan, and beside each what the executor needs.

use std::collections::BTreeMap;

use super::change::ChangeKind;
use super::compare::{Comparison, compare};
use super::counts::Counts;
use super::operation::Operation;
use super::options::PlanOptions;
use super::problem::{Problem, problems};
use super::row::{Row, Verb};
use super::{Plan, Target, dependencies, drift, identity};
use crate::resource::{Address, Origins, Platform, Resource, State};

/// A plan, and what the executor needs to carry it out: not serialisable, because operations may hold secrets.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What people and machines see.
    pub plan: Plan,
    /// One for each row that writes.
    pub steps: BTreeMap<Address, Step>,
}

/// What the executor does for one row.
#[derive(Debug, Clone)]
pub struct Step {
    /// What the files say; nothing for a deletion.
    pub desired: Option<Resource>,
    /// What the server had when the plan was made.
    pub seen: Option<Resource>,
    /// Whether fields that only the server has go away.
    pub clear: bool,
    /// The write. The executor makes it anew from what it reads just before, which is the same unless the row's agent
    /// was created by this very run.
    pub operation: Operation,
}

/// Compares two states. Total, deterministic, and the only way to a [`Plan`].
///
/// # Errors
/// What the server is known to refuse, all at once, before anything is written (semantics, "Before the first write").
pub fn plan(
    desired: &State,
    remote: &State,
    origins: &Origins,
    target: Target,
    options: &PlanOptions,
) -> Result<Draft, Vec<Problem>> {
    let problems = problems(desired, remote, origins);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut planner = Planner {
        remote,
        origins,
        options,
        rows: BTreeMap::new(),
        steps: BTreeMap::new(),
    };
    for (address, resource) in declared(desired) {
        planner.add(address, with_implied_inverse(resource, desired, remote));
    }
    drift::add(&mut planner, desired);
    let Planner {
        mut rows, mut steps, ..
    } = planner;
    dependencies::add(&mut rows, &mut steps, remote);
    let rows: Vec<Row> = rows.into_values().collect();
    let warnings = dependencies::unknown_rule_ends(desired, remote);
    let counts = Counts::of(&rows);
    let id = identity::of(&target, &rows);
    Ok(Draft {
        plan: Plan {
            target,
            rows,
            warnings,
            counts,
            id,
        },
        steps,
    })
}

/// The server writes both sides of a pair of inverse types. Where the files name only one side, what the server then has
/// on the other is no drift.
fn with_implied_inverse(resource: Resource, desired: &State, remote: &State) -> Resource {
    let Resource::RelationshipType(mut wanted) = resource else {
        return resource;
    };
    if wanted.inverse_type_slug.is_none() {
        let inverse = |state: &State, slug: &str| state.relationship_types.get(slug)?.inverse_type_slug.clone();
        let found = inverse(remote, &wanted.slug);
        wanted.inverse_type_slug = found.filter(|other| inverse(desired, other).as_ref() == Some(&wanted.slug));
    }
    Resource::RelationshipType(wanted)
}

pub(super) struct Planner<'a> {
    pub remote: &'a State,
    pub origins: &'a Origins,
    pub options: &'a PlanOptions,
    pub rows: BTreeMap<Address, Row>,
    pub steps: BTreeMap<Address, Step>,
}

impl Planner<'_> {
    fn add(&mut self, address: Address, desired: Resource) {
        let seen = seen(self.remote, &desired);
        let clear = self.options.prune.covers(&address);
        let mut comparison = compare(&desired, seen.as_ref(), clear);
        if comparison.recheck && !self.options.recheck {
            comparison.operation = None;
            comparison
                .changes
                .retain(|change| change.kind != ChangeKind::SecretNotComparable);
        }
        let is_new = matches!(desired, Resource::Settings(_)) && !self.has_agent(&address);
        if is_new && comparison.operation.is_none() {
            return;
        }
        let verb = if seen.is_none() && (comparison.operation.is_some() || is_new) {
            Verb::Create
        } else {
            comparison.verb()
        };
        self.rows.insert(address.clone(), self.row(&address, verb, &comparison));
        if let Some(operation) = comparison.operation {
            self.steps.insert(
                address,
                Step {
                    desired: Some(desired),
                    seen,
                    clear,
                    operation,
                },
            );
        }
    }

    fn has_agent(&self, address: &Address) -> bool {
        address
            .agent_id()
            .is_some_and(|agent| self.remote.agents.contains_key(agent))
    }

    fn row(&self, address: &Address, verb: Verb, comparison: &Comparison) -> Row {
        let mut changes = comparison.changes.clone();
        for change in &mut changes {
            change.origin = self.origins.of_field(address, &change.path).cloned();
        }
        Row {
            address: address.clone(),
            verb,
            changes,
            warnings: comparison.warnings.clone(),
            impact: comparison.impact,
            recheck: comparison.recheck && comparison.operation.is_some(),
            depends_on: Vec::new(),
            cascade: None,
            origin: self.origins.of(address).cloned(),
        }
    }
}

/// Every declared resource with its address.
pub(super) fn declared(state: &State) -> impl Iterator<Item = (Address, Resource)> + '_ {
    let agents = state
        .agents
        .values()
        .map(|it| (Address::agent(&it.id), Resource::Agent(it.clone())));
    let settings = state
        .settings
        .values()
        .map(|it| (Address::settings(&it.agent), Resource::Settings(it.clone())));
    let platforms = state
        .platforms
        .values()
        .map(|it| (it.address(), Resource::Platform(it.clone())));
    let entities = state
        .entity_types
        .values()
        .map(|it| (Address::entity_type(&it.slug), Resource::EntityType(it.clone())));
    let relationships = state.relationship_types.values().map(|it| {
        (
            Address::relationship_type(&it.slug),
            Resource::RelationshipType(it.clone()),
        )
    });
    agents
        .chain(settings)
        .chain(platforms)
        .chain(entities)
        .chain(relationships)
}

fn seen(remote: &State, desired: &Resource) -> Option<Resource> {
    match desired {
        Resource::Agent(it) => remote.agents.get(&it.id).cloned().map(Resource::Agent),
        Resource::Settings(it) => remote.settings.get(&it.agent).cloned().map(Resource::Settings),
        Resource::Platform(it) => remote.platforms.get(&it.key()).cloned().map(Resource::Platform),
        Resource::EntityType(it) => remote.entity_types.get(&it.slug).cloned().map(Resource::EntityType),
        Resource::RelationshipType(it) => remote
            .relationship_types
            .get(&it.slug)
            .cloned()
            .map(Resource::RelationshipType),
    }
}

/// The addresses of declared platforms, by the agents that declare them.
pub(super) fn platforms_of<'a>(state: &'a State, agent: &'a str) -> impl Iterator<Item = &'a Platform> {
    state.platforms.values().filter(move |platform| platform.agent == agent)
}

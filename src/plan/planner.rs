//! Compares the desired state with the remote one: the rows of a plan, and a step for each row that writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::ChangeKind;
use super::compare::{Comparison, compare};
use super::counts::Counts;
use super::draft::{Draft, Step};
use super::options::PlanOptions;
use super::problem::{Problem, problems};
use super::row::{Row, Verb};
use super::row_list::RowList;
use super::target::Target;
use super::{Plan, data_problem, dependencies, drift, identity, watcher_problem};
use crate::resource::{Address, Origins, Resource, SharedValue, State};

/// Compares two states and returns the plan. The same input gives the same plan to the byte.
///
/// # Errors
/// Everything that the server is known to refuse, all at once (semantics, "Before the first write").
pub fn plan(
    desired: &State,
    remote: &State,
    origins: &Origins,
    target: Target,
    options: &PlanOptions,
) -> Result<Draft, Vec<Problem>> {
    let problems = problems(desired, remote, origins, &options.prune);
    if !problems.is_empty() {
        return Err(problems);
    }
    let declared = desired.resources();
    let mut planner = Planner {
        remote,
        origins,
        options,
        rows: Vec::with_capacity(declared.size_hint().0),
        steps: Vec::new(),
    };
    for (address, resource) in declared {
        if is_left_out(&resource, remote) {
            continue;
        }
        planner.add(address, with_implied_inverse(resource, desired, remote));
    }
    let Planner {
        mut rows, mut steps, ..
    } = planner;
    for (row, step) in drift::rows(desired, remote, &options.prune) {
        steps.extend(step.map(|step| (row.address.clone(), Arc::new(step))));
        rows.push((row.address.clone(), row.into()));
    }
    // Nearly in order already: sorting that at once takes far fewer comparisons than a place for each.
    let mut rows: BTreeMap<Address, SharedValue<Row>> = rows.into_iter().collect();
    let mut steps: BTreeMap<Address, Arc<Step>> = steps.into_iter().collect();
    // Dependencies need the verbs of all rows: only what this run creates is waited for.
    dependencies::add(&mut rows, &mut steps);
    let rows: RowList = rows.into_values().collect();
    let mut warnings = dependencies::unknown_rule_ends(desired, remote);
    warnings.extend(data_problem::warnings(desired, remote));
    warnings.extend(watcher_problem::warnings(desired, remote));
    let counts = Counts::of(&rows);
    let id = identity::of(&target, &rows);
    Ok(Draft {
        plan: Plan {
            target,
            rows,
            undeclared_entities: remote.facts.data.undeclared,
            warnings,
            counts,
            id,
        },
        steps,
    })
}

/// Whether no plan has a row for a declared resource, only a warning about it.
fn is_left_out(resource: &Resource, remote: &State) -> bool {
    match resource {
        Resource::Entity(_) | Resource::Relationship(_) => !remote.facts.data.are_known,
        Resource::Watcher(watcher) => watcher_problem::is_unplannable(watcher, remote),
        _ => false,
    }
}

/// Returns the resource with its implied inverse: the server writes both sides of a pair of inverse types, so that the
/// name on the side that the files leave out is no drift.
fn with_implied_inverse(resource: Resource, desired: &State, remote: &State) -> Resource {
    let Resource::RelationshipType(mut wanted) = resource else {
        return resource;
    };
    if wanted.inverse_type_slug.is_none() {
        let inverse = |state: &State, slug: &str| state.relationship_types.get(slug)?.inverse_type_slug.clone();
        let found = inverse(remote, &wanted.slug);
        let implied = found.filter(|other| inverse(desired, other).as_ref() == Some(&wanted.slug));
        // Only where there is one: a change of the resource takes a copy of it.
        if implied.is_some() {
            wanted.inverse_type_slug = implied;
        }
    }
    Resource::RelationshipType(wanted)
}

struct Planner<'a> {
    remote: &'a State,
    origins: &'a Origins,
    options: &'a PlanOptions,
    rows: Vec<(Address, SharedValue<Row>)>,
    steps: Vec<(Address, Arc<Step>)>,
}

impl Planner<'_> {
    fn add(&mut self, address: Address, desired: Resource) {
        let seen = self.remote.get(&address);
        let undeclared = self.options.prune.undeclared(&address);
        let mut comparison = compare(&desired, seen.as_ref(), undeclared);
        if let (Resource::Entity(entity), None) = (&desired, &seen) {
            comparison.warnings.extend(data_problem::moved(entity, self.remote));
        }
        self.options.secrets.settle(&address, &mut comparison);
        // With `--no-recheck` a hidden secret is neither sent nor mentioned.
        if comparison.recheck && !self.options.recheck {
            comparison.operation = None;
            comparison
                .changes
                .retain(|change| change.kind != ChangeKind::SecretNotComparable);
        }
        // The settings of a new agent get a row only if they write something: every agent has settings.
        let is_new = matches!(desired, Resource::Settings(_)) && !self.has_agent(&address);
        if is_new && comparison.operation.is_none() {
            return;
        }
        let verb = if seen.is_none() && comparison.operation.is_some() {
            Verb::Create
        } else {
            comparison.verb()
        };
        let operation = comparison.operation.take();
        let recheck = comparison.recheck && operation.is_some();
        let row = Row {
            // With `--no-recheck` the write was dropped above, and nothing is sent again.
            recheck,
            ..self.row(&address, verb, comparison)
        };
        self.rows.push((address.clone(), row.into()));
        if let Some(operation) = operation {
            let step = Step {
                desired: Some(desired),
                seen,
                undeclared,
                operation,
            };
            self.steps.push((address, Arc::new(step)));
        }
    }

    fn has_agent(&self, address: &Address) -> bool {
        address
            .agent_id()
            .is_some_and(|agent| self.remote.agents.contains_key(agent))
    }

    fn row(&self, address: &Address, verb: Verb, comparison: Comparison) -> Row {
        let mut changes = comparison.changes;
        for change in &mut changes {
            change.origin = self.origins.of_field(address, &change.path).cloned();
        }
        // Most rows have one or two, in a vector that has room for more.
        changes.shrink_to_fit();
        Row {
            changes,
            warnings: comparison.warnings,
            impact: comparison.impact,
            origin: self.origins.of(address).cloned(),
            ..Row::bare(address.clone(), verb)
        }
    }
}

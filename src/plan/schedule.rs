//! The order of work: what each step waits for, and what it cannot do without.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Step};
use super::row::{Row, Verb};
use super::selection::Selection;
use crate::resource::{Address, Resource};

/// One row's work.
#[derive(Debug, Clone)]
pub struct ScheduledStep {
    /// Which resource.
    pub address: Address,
    /// What the plan says of it.
    pub verb: Verb,
    /// Whether the plan predicts a restart.
    pub restarts: bool,
    /// What to do.
    pub step: Step,
    /// Whether this very run creates the agent that the row belongs to.
    pub new_agent: bool,
    /// Has to have ended, in whatever way.
    pub after: BTreeSet<Address>,
    /// Has to have succeeded; if not, this one is skipped.
    pub needs: BTreeSet<Address>,
}

/// Steps in display order, with edges between them.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// By address.
    pub steps: BTreeMap<Address, ScheduledStep>,
}

/// What of a draft is carried out, and in which order: agents, their settings, their platforms; entity types, then
/// relationship types; deletions the other way round.
pub fn schedule(draft: &Draft, selection: &Selection) -> Schedule {
    let chosen: Vec<(&Row, &Step)> = draft
        .plan
        .rows
        .iter()
        .filter(|row| selection.contains(&row.address))
        .filter_map(|row| draft.steps.get(&row.address).map(|step| (row, step)))
        .collect();
    let verbs: BTreeMap<&Address, Verb> = chosen.iter().map(|(row, _)| (&row.address, row.verb)).collect();
    let barriers = Barriers::of(&verbs);
    let steps = chosen
        .iter()
        .map(|(row, step)| (row.address.clone(), place(row, step, &verbs, &barriers)))
        .collect();
    Schedule { steps }
}

fn place(row: &Row, step: &Step, verbs: &BTreeMap<&Address, Verb>, barriers: &Barriers) -> ScheduledStep {
    let deletes = row.verb == Verb::Delete;
    let mut needs: BTreeSet<Address> = row
        .depends_on
        .iter()
        .filter(|needed| verbs.contains_key(needed))
        .cloned()
        .collect();
    if !deletes {
        let above = [row.address.parent(), settings_above(&row.address)];
        needs.extend(
            above
                .into_iter()
                .flatten()
                .filter(|it| verbs.get(it).is_some_and(|verb| *verb != Verb::Delete)),
        );
    }
    let after = match (&row.address, deletes) {
        (Address::RelationshipType { .. }, false) => barriers
            .entity_writes
            .iter()
            .cloned()
            .chain(inverse_before(&row.address, step, verbs))
            .collect(),
        (Address::EntityType { .. }, true) => barriers.relationships.clone(),
        _ => BTreeSet::new(),
    };
    ScheduledStep {
        address: row.address.clone(),
        verb: row.verb,
        restarts: row.restarts(),
        step: step.clone(),
        new_agent: row
            .address
            .parent()
            .is_some_and(|parent| verbs.get(&parent) == Some(&Verb::Create)),
        after,
        needs,
    }
}

/// Writing one of a pair of inverse types writes the other: one after the other. Where one is created, the pair is in
/// order by its dependencies already.
fn inverse_before(address: &Address, step: &Step, verbs: &BTreeMap<&Address, Verb>) -> Option<Address> {
    let Some(Resource::RelationshipType(wanted)) = &step.desired else {
        return None;
    };
    let inverse = Address::relationship_type(wanted.inverse_type_slug.as_ref()?);
    let updates = |address: &Address| verbs.get(address) == Some(&Verb::Update);
    (inverse < *address && updates(&inverse) && updates(address)).then_some(inverse)
}

/// A platform goes live only with the settings that the files give its agent.
fn settings_above(address: &Address) -> Option<Address> {
    match address {
        Address::Platform { agent, .. } => Some(Address::settings(agent)),
        _ => None,
    }
}

struct Barriers {
    entity_writes: BTreeSet<Address>,
    relationships: BTreeSet<Address>,
}

impl Barriers {
    fn of(verbs: &BTreeMap<&Address, Verb>) -> Self {
        let writes =
            |address: &&Address, verb: &Verb| matches!(address, Address::EntityType { .. }) && *verb != Verb::Delete;
        let entity_writes = verbs.iter().filter(|(address, verb)| writes(address, verb));
        let relationships = verbs
            .keys()
            .filter(|address| matches!(address, Address::RelationshipType { .. }));
        Self {
            entity_writes: entity_writes.map(|(address, _)| (*address).clone()).collect(),
            relationships: relationships.map(|address| (*address).clone()).collect(),
        }
    }
}

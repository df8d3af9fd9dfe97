//! The order of the steps of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::draft::{Draft, Step};
use super::row::{Row, Verb};
use super::selection::Selection;
use crate::resource::{Address, Resource};

/// A step, and the steps that come before it.
#[derive(Debug, Clone)]
pub struct ScheduledStep {
    /// The address of the resource.
    pub address: Address,
    /// What happens to the resource.
    pub verb: Verb,
    /// Whether the plan predicts a restart.
    pub restarts: bool,
    /// Whether the plan calls a restart possible. Never true when `restarts` is.
    pub may_restart: bool,
    /// The work.
    pub step: Arc<Step>,
    /// Whether this run creates the agent that the row belongs to.
    pub new_agent: bool,
    /// The steps that have to end before this one, successfully or not. Each is named once.
    pub after: Vec<Address>,
    /// The many steps that have to end before this one too, successfully or not.
    pub barrier: Option<Barrier>,
    /// The steps that have to succeed, each named once. If one of them does not, this step is skipped.
    pub needs: Vec<Address>,
}

/// Steps that every step of a kind waits for. They are kept once: the types of a plan may be thousands on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barrier {
    /// All entity types that are created or changed: relationship types wait for them.
    EntityTypes,
    /// All relationship types: the deletions of entity types wait for them.
    RelationshipTypes,
}

/// The steps of a run, each with those that come before it.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// The steps by address, in display order.
    pub steps: BTreeMap<Address, ScheduledStep>,
    /// The steps of each barrier that a step waits for. None of them waits for a barrier itself.
    pub barriers: BTreeMap<Barrier, BTreeSet<Address>>,
}

/// Returns the steps of the selected rows. Agents come before their settings and these before their platforms, entity
/// types before relationship types. Of the deletions, relationship types come before entity types.
pub fn schedule(draft: &Draft, selection: &Selection) -> Schedule {
    let chosen: Vec<(&Row, &Arc<Step>)> = draft
        .plan
        .rows
        .iter()
        .filter(|row| selection.contains(&row.address))
        .filter_map(|row| draft.steps.get(&row.address).map(|step| (row, step)))
        .collect();
    let verbs: BTreeMap<&Address, Verb> = chosen.iter().map(|(row, _)| (&row.address, row.verb)).collect();
    let steps: BTreeMap<Address, ScheduledStep> = chosen
        .iter()
        .map(|(row, step)| (row.address.clone(), scheduled(row, step, &verbs)))
        .collect();
    let barriers: BTreeSet<Barrier> = steps.values().filter_map(|step| step.barrier).collect();
    let barriers = barriers.into_iter().map(|barrier| (barrier, barrier.steps(&verbs)));
    Schedule {
        barriers: barriers.collect(),
        steps,
    }
}

fn scheduled(row: &Row, step: &Arc<Step>, verbs: &BTreeMap<&Address, Verb>) -> ScheduledStep {
    let deletes = row.verb == Verb::Delete;
    let after = match (&row.address, deletes) {
        (Address::RelationshipType { .. }, false) => inverse_before(&row.address, step, verbs).into_iter().collect(),
        (Address::Entity { entity_type, .. }, false) => written(&Address::entity_type(entity_type), verbs).collect(),
        (Address::Relationship { key }, false) => written(&Address::relationship_type(&key.kind), verbs).collect(),
        (Address::Watcher { .. }, false) => creation_before(&row.address, verbs).into_iter().collect(),
        _ => Vec::new(),
    };
    ScheduledStep {
        address: row.address.clone(),
        verb: row.verb,
        restarts: row.restarts(),
        may_restart: row.may_restart(),
        step: Arc::clone(step),
        new_agent: row
            .address
            .parent()
            .is_some_and(|parent| verbs.get(&parent) == Some(&Verb::Create)),
        after,
        barrier: Barrier::before(row),
        needs: needed(row, verbs).into_iter().collect(),
    }
}

/// Returns the rows of a run that have to succeed before this one.
fn needed(row: &Row, verbs: &BTreeMap<&Address, Verb>) -> BTreeSet<Address> {
    // A row that is needed and not in this run exists on the server, or the selection would have added it.
    let mut needs: BTreeSet<Address> = row
        .depends_on
        .iter()
        .filter(|needed| verbs.contains_key(needed))
        .cloned()
        .collect();
    // A deletion waits for nothing above it: what goes with a deleted agent has no row of its own.
    if row.verb != Verb::Delete {
        let above = [row.address.parent(), settings_above(&row.address)];
        needs.extend(
            above
                .into_iter()
                .flatten()
                .filter(|it| verbs.get(it).is_some_and(|verb| *verb != Verb::Delete)),
        );
    }
    needs
}

/// Returns what a row of a run waits for, `unfinished` being the rows of the run that have not ended. Of two relationship
/// types that are updated and are inverse to each other, it does not know which one comes first.
pub fn waits_for(row: &Row, unfinished: &BTreeMap<&Address, Verb>) -> BTreeSet<Address> {
    let mut waits = needed(row, unfinished);
    if let Some(barrier) = Barrier::before(row) {
        waits.extend(barrier.steps(unfinished));
    }
    waits
}

/// Returns the inverse type when it has to be updated before this type: writing one of a pair writes the other, so that
/// they must not overlap. Where one of them is created, dependencies put the pair in order.
fn inverse_before(address: &Address, step: &Step, verbs: &BTreeMap<&Address, Verb>) -> Option<Address> {
    let Some(Resource::RelationshipType(wanted)) = &step.desired else {
        return None;
    };
    let inverse = Address::relationship_type(wanted.inverse_type_slug.as_ref()?);
    let updates = |address: &Address| verbs.get(address) == Some(&Verb::Update);
    (inverse < *address && updates(&inverse) && updates(address)).then_some(inverse)
}

/// Returns the type of an entity or a relationship when it is written too: its schema decides which metadata is accepted.
fn written(address: &Address, verbs: &BTreeMap<&Address, Verb>) -> impl Iterator<Item = Address> {
    let is_written = verbs.get(address).is_some_and(|verb| *verb != Verb::Delete);
    is_written.then(|| address.clone()).into_iter()
}

/// Returns the watcher that has to be created before this one: of two creations that overlap, a recorded server gives both
/// the same id.
fn creation_before(address: &Address, verbs: &BTreeMap<&Address, Verb>) -> Option<Address> {
    let creates = |address: &Address| verbs.get(address) == Some(&Verb::Create);
    let before = verbs.range::<Address, _>(..address).rev().map(|(address, _)| *address);
    let mut watchers = before.take_while(|other| matches!(other, Address::Watcher { .. }));
    watchers.find(|other| creates(address) && creates(other)).cloned()
}

/// Returns the settings that have to be written before a platform: it must not start with an agent's older settings.
fn settings_above(address: &Address) -> Option<Address> {
    match address {
        Address::Platform { agent, .. } => Some(Address::Settings {
            agent: Arc::clone(agent),
        }),
        _ => None,
    }
}

impl Barrier {
    /// Returns the barrier that a row waits for, if there is one.
    fn before(row: &Row) -> Option<Self> {
        match (&row.address, row.verb == Verb::Delete) {
            // Rules may name any entity type, so that relationship types wait for all of them, and for no single one to
            // succeed: the server accepts a rule whose entity type does not exist.
            (Address::RelationshipType { .. }, false) => Some(Self::EntityTypes),
            (Address::EntityType { .. }, true) => Some(Self::RelationshipTypes),
            _ => None,
        }
    }

    /// Returns the rows of a run that belong to the barrier.
    fn steps(self, verbs: &BTreeMap<&Address, Verb>) -> BTreeSet<Address> {
        let belongs = |address: &Address, verb: Verb| match self {
            Self::EntityTypes => matches!(address, Address::EntityType { .. }) && verb != Verb::Delete,
            Self::RelationshipTypes => matches!(address, Address::RelationshipType { .. }),
        };
        let steps = verbs.iter().filter(|(address, verb)| belongs(address, **verb));
        steps.map(|(address, _)| (*address).clone()).collect()
    }
}

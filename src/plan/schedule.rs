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
    /// The steps that have to end before this one, successfully or not.
    pub after: BTreeSet<Address>,
    /// The steps that have to succeed. If one of them does not, this step is skipped.
    pub needs: BTreeSet<Address>,
}

/// The steps of a run, each with those that come before it.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// The steps by address, in display order.
    pub steps: BTreeMap<Address, ScheduledStep>,
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
    let barriers = Barriers::of(&verbs);
    let steps = chosen
        .iter()
        .map(|(row, step)| (row.address.clone(), scheduled(row, step, &verbs, &barriers)))
        .collect();
    Schedule { steps }
}

fn scheduled(row: &Row, step: &Arc<Step>, verbs: &BTreeMap<&Address, Verb>, barriers: &Barriers) -> ScheduledStep {
    let deletes = row.verb == Verb::Delete;
    // Rules may name any entity type, so that relationship types wait for all of them, and for no single one to succeed:
    // the server accepts a rule whose entity type does not exist.
    let after = match (&row.address, deletes) {
        (Address::RelationshipType { .. }, false) => barriers
            .entity_writes
            .iter()
            .cloned()
            .chain(inverse_before(&row.address, step, verbs))
            .collect(),
        (Address::EntityType { .. }, true) => barriers.relationships.clone(),
        (Address::Entity { entity_type, .. }, false) => written(&Address::entity_type(entity_type), verbs).collect(),
        (Address::Relationship { key }, false) => written(&Address::relationship_type(&key.kind), verbs).collect(),
        (Address::Watcher { .. }, false) => creation_before(&row.address, verbs).into_iter().collect(),
        _ => BTreeSet::new(),
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
        needs: needed(row, verbs),
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
    // The barriers of a run are made from all of its rows, and the screen asks about a row at each frame.
    match (&row.address, row.verb == Verb::Delete) {
        (Address::RelationshipType { .. }, false) => waits.extend(Barriers::of(unfinished).entity_writes),
        (Address::EntityType { .. }, true) => waits.extend(Barriers::of(unfinished).relationships),
        _ => {}
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

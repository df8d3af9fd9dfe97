//! What keeps an entity from being deleted: entities below it, and what the files relate to it.

use std::collections::BTreeSet;

use super::data_problem::DataRefusal;
use super::options::Prune;
use crate::resource::{Address, Entity, EntityPath, RelationshipKey, SharedValue, State, WatchedEntity, Watcher};

/// Returns the reasons why entities that are marked for deletion have to stay.
pub(super) fn problems(desired: &State, remote: &State, prune: &Prune) -> Vec<DataRefusal> {
    let only_remote = remote
        .entities
        .values()
        .filter(|entity| !desired.entities.contains_key(&entity.path));
    let deleted: Vec<&SharedValue<Entity>> = only_remote
        .filter(|entity| prune.undeclared(&address(entity)).clears())
        .collect();
    let paths: BTreeSet<&EntityPath> = deleted.iter().map(|entity| &entity.path).collect();
    let reasons = deleted.iter().flat_map(|entity| {
        let below = below(entity, &paths, desired, remote);
        let related = related(entity, desired).into_iter();
        let watched = watchers(entity, desired, remote).into_iter();
        let reasons = below.into_iter().chain(related).chain(watched);
        reasons.map(|(message, hint)| (address(entity), message, hint))
    });
    reasons.collect()
}

fn address(entity: &Entity) -> Address {
    Address::entity(&entity.entity_type, entity.path.clone())
}

/// The server refuses to delete an entity with others below it.
fn below(
    entity: &Entity,
    deleted: &BTreeSet<&EntityPath>,
    desired: &State,
    remote: &State,
) -> Option<(String, &'static str)> {
    let all = remote.facts.data.types.keys().chain(desired.entities.keys());
    let stay = all.filter(|path| entity.path.is_above(path) && !deleted.contains(path));
    let stay: BTreeSet<&EntityPath> = stay.collect();
    let first = stay.first()?;
    let message = match stay.len() {
        1 => format!("the entity `{first}` is below it"),
        count => format!("{count} entities are below it, `{first}` is the first"),
    };
    Some((message, "delete what is below it too, or keep it"))
}

fn related(entity: &Entity, desired: &State) -> Option<(String, &'static str)> {
    let is_end = |key: &&RelationshipKey| key.from == entity.path || key.to == entity.path;
    let key = desired.relationships.keys().find(is_end)?;
    let message = format!("the files relate it: {}", Address::relationship(key));
    Some((message, "remove the relationship from the files, and delete it too"))
}

fn watchers(entity: &Entity, desired: &State, remote: &State) -> Option<(String, &'static str)> {
    let is_it = |found: &WatchedEntity| found.id.is_some() && found.id == entity.id;
    let watches = |watcher: &&SharedValue<Watcher>| {
        let name = || remote.facts.watchers.named.get(watcher.entities.first()?);
        let found = remote.watchers.get(&watcher.slug).map(|found| &found.entities);
        found.or_else(name).is_some_and(|found| found.iter().any(is_it))
    };
    let watcher = desired.watchers.values().find(watches)?;
    let message = format!("the watcher `{}` of the files watches it", watcher.slug);
    Some((message, "remove the watcher from the files"))
}

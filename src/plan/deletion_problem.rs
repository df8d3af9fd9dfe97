//! What keeps an entity from being deleted: entities below it, and what the files relate to it; and an entity type: its entities.

use std::collections::BTreeSet;

use super::data_problem::DataRefusal;
use super::options::Prune;
use crate::resource::{Address, Entity, EntityPath, RelationshipKey, SharedValue, State, WatchedEntity, Watcher};

/// Returns the reasons why entities and entity types that are marked for deletion have to stay.
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
    reasons.chain(types_in_use(desired, remote, prune, &deleted)).collect()
}

/// Returns the entity types that are marked for deletion and keep entities: the server refuses to delete those.
fn types_in_use(desired: &State, remote: &State, prune: &Prune, deleted: &[&SharedValue<Entity>]) -> Vec<DataRefusal> {
    let only_remote = remote
        .entity_types
        .keys()
        .filter(|slug| !desired.entity_types.contains_key(*slug));
    let in_use = only_remote.filter_map(|slug| {
        let address = Address::entity_type(slug);
        let goes = deleted.iter().filter(|entity| entity.entity_type == *slug).count() as u64;
        let stay = remote.facts.entities.get(slug)?.saturating_sub(goes);
        if stay == 0 || remote.facts.system_types.contains(&address) || !prune.undeclared(&address).clears() {
            return None;
        }
        let message = match stay {
            1 => "1 entity is of this type".to_owned(),
            count => format!("{count} entities are of this type"),
        };
        Some((
            address,
            message,
            "delete its entities first, or ignore the type with `lobuctl drift ignore`",
        ))
    });
    in_use.collect()
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

//! What the server is known to refuse of a watcher, and the watchers that no plan creates.

use crate::resource::{Entity, SharedValue, State, WatchedEntity, Watcher};

/// Returns the reasons why the server would refuse a watcher, each with how to solve it.
pub(super) fn problems(wanted: &Watcher, desired: &State, remote: &State) -> Vec<(String, &'static str)> {
    let facts = &remote.facts.watchers;
    let named = wanted.entities.first();
    if let Some(found) = remote.watchers.get(&wanted.slug) {
        let is_another = |name: &&WatchedEntity| !found.entities.iter().any(|entity| name.names(entity));
        let moved = named.filter(is_another).map(|name| {
            let now: Vec<String> = found.entities.iter().map(WatchedEntity::to_string).collect();
            let now = if now.is_empty() {
                "none".to_owned()
            } else {
                now.join(", ")
            };
            let message = format!("its entity is fixed at creation: it watches {now}, and the file names {name}");
            (
                message,
                "name the entity that it watches, or declare a watcher of another slug",
            )
        });
        return moved.into_iter().collect();
    }
    if !facts.are_known {
        return Vec::new();
    }
    if facts.archived.contains(&wanted.slug) {
        let message = "an archived watcher has this slug, which can never be used again".to_owned();
        return vec![(message, "choose another slug")];
    }
    let problem = named.and_then(|name| entity_problem(name, desired, remote));
    problem.into_iter().collect()
}

/// Returns the entities of the files that a watcher may name.
fn declared<'a>(name: &'a WatchedEntity, desired: &'a State) -> impl Iterator<Item = &'a SharedValue<Entity>> {
    let names = |it: &&SharedValue<Entity>| {
        name.names(&WatchedEntity {
            id: None,
            entity_type: Some(it.entity_type.clone()),
            slug: Some(it.path.slug().to_owned()),
        })
    };
    desired.entities.values().filter(names)
}

fn entity_problem(name: &WatchedEntity, desired: &State, remote: &State) -> Option<(String, &'static str)> {
    match remote
        .facts
        .watchers
        .named
        .get(name)
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        [_] => None,
        // It is created by this run.
        [] if declared(name, desired).count() == 1 => None,
        [] => {
            let message = format!("its entity {name} is neither in the files nor on the server");
            Some((message, "create the entity, or name another one"))
        }
        found => {
            let described = found.iter().map(|it| format!("#{} {it}", it.id.unwrap_or_default()));
            let described: Vec<String> = described.collect();
            let message = format!("its entity {name} is ambiguous on the server: {}", described.join(", "));
            Some((message, "name it as `TYPE:SLUG`, or as `entity_id: NUMBER`"))
        }
    }
}

/// Whether a watcher cannot be planned: it would have to be created without an entity, or the server does not know
/// watchers.
pub(super) fn is_unplannable(wanted: &Watcher, remote: &State) -> bool {
    let exists = remote.watchers.contains_key(&wanted.slug);
    !exists && (!remote.facts.watchers.are_known || wanted.entities.is_empty())
}

/// Returns a warning about the watchers that no plan creates.
pub(super) fn warnings(desired: &State, remote: &State) -> Vec<String> {
    let unplannable = desired.watchers.values().filter(|it| is_unplannable(it, remote));
    if !remote.facts.watchers.are_known {
        return match unplannable.count() {
            0 => Vec::new(),
            1 => vec!["1 watcher of the files is left out: the server does not know watchers".to_owned()],
            count => vec![format!(
                "{count} watchers of the files are left out: the server does not know watchers"
            )],
        };
    }
    let without_entity = unplannable.map(|watcher| {
        format!(
            "watcher {}: it is left out, because it names no entity to watch; add `entity: TYPE:SLUG` to its file",
            watcher.slug
        )
    });
    without_entity.collect()
}

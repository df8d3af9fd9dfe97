//! Randomly generated entities, relationships and watchers on top of a random organization.

use lobuctl::resource::{
    Entity, EntityPath, EntityType, Relationship, RelationshipKey, RelationshipType, State, WatchedEntity, Watcher,
};
use proptest::collection::vec;
use proptest::option::of as maybe;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::support::apply::organization::organization;

/// The entities that there may be, with their types. Each comes after its parent.
const ENTITIES: [(&str, &str); 5] = [
    ("acme", "company"),
    ("acme/emea", "company"),
    ("acme/emea/ada", "person"),
    ("bob", "person"),
    ("bob/cleo", "person"),
];

/// The relationships that there may be: the type and the positions of the ends.
const LINKS: [(&str, usize, usize); 4] = [("linked", 2, 0), ("linked", 0, 2), ("met", 3, 2), ("linked", 4, 3)];

/// The watchers that there may be, with the positions of their entities.
const WATCHERS: [(&str, usize); 3] = [("on-acme", 0), ("on-ada", 2), ("on-bob", 3)];

/// What may differ of one entity, relationship or watcher: whether it is there, and values for its fields.
type Dice = (bool, Option<u8>, Option<u8>, Option<u8>);

/// Generates a state with data that a project may declare. Its types are in each one, because nothing moves an entity into
/// another type.
pub fn organization_with_memory() -> impl Strategy<Value = State> {
    let dice = |count: usize| {
        let value = || maybe(0..3_u8);
        vec((prop::bool::weighted(0.7), value(), value(), value()), count)
    };
    let all = (
        organization(),
        dice(ENTITIES.len()),
        dice(LINKS.len()),
        dice(WATCHERS.len()),
    );
    let scripts = vec(
        select(vec![None, Some("export default 1;"), Some("export default 2;")]),
        WATCHERS.len(),
    );
    (all, scripts).prop_map(|((mut state, entities, links, watchers), scripts)| {
        add_types(&mut state);
        add_entities(&mut state, &entities);
        add_links(&mut state, &links);
        for ((watcher, dice), script) in WATCHERS.iter().zip(&watchers).zip(scripts) {
            add_watcher(&mut state, *watcher, *dice, script);
        }
        state
    })
}

fn add_types(state: &mut State) {
    for slug in ["company", "person"] {
        let new = || EntityType {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            ..EntityType::default()
        };
        state
            .entity_types
            .entry(slug.to_owned())
            .or_insert_with(|| new().into());
    }
    for (slug, is_symmetric) in [("linked", false), ("met", true)] {
        let kind = RelationshipType {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            is_symmetric: Some(is_symmetric),
            ..RelationshipType::default()
        };
        state.relationship_types.insert(slug.to_owned(), kind.into());
    }
}

/// Returns a table with a key that has this value, and another key beside it.
fn table(value: Option<u8>, other: Option<u8>) -> Option<Value> {
    let value = value?;
    Some(match other {
        Some(other) => json!({ "size": value + 1, format!("key-{other}"): "x" }),
        None => json!({ "size": value + 1 }),
    })
}

fn add_entities(state: &mut State, dice: &[Dice]) {
    for ((path, entity_type), (is_there, first, second, third)) in ENTITIES.iter().zip(dice) {
        let path = EntityPath::parse(path);
        if !is_there
            || path
                .parent()
                .is_some_and(|parent| !state.entities.contains_key(&parent))
        {
            continue;
        }
        let entity = Entity {
            path: path.clone(),
            entity_type: (*entity_type).to_owned(),
            name: format!("Name {}", first.unwrap_or(9)),
            metadata: table(*second, *first),
            content: third.map(|number| format!("Text {number}.")),
            enabled_classifiers: second.map(|number| json!(["tone", format!("c {number}")])),
            ..Entity::default()
        };
        state.entities.insert(path, entity.into());
    }
}

fn add_links(state: &mut State, dice: &[Dice]) {
    for ((kind, from, to), (is_there, first, second, third)) in LINKS.iter().zip(dice) {
        let end = |position: usize| EntityPath::parse(ENTITIES[position].0);
        let key = RelationshipKey {
            kind: (*kind).into(),
            from: end(*from),
            to: end(*to),
        };
        let has_ends = [&key.from, &key.to].iter().all(|end| state.entities.contains_key(*end));
        if *is_there && has_ends {
            let relationship = Relationship {
                key: key.clone(),
                metadata: table(*first, *second),
                confidence: second.map(|number| json!(f64::from(number) / 4.0)),
                source: third.map(|number| Relationship::SOURCES[usize::from(number)].to_owned()),
                ..Relationship::default()
            };
            state.relationships.insert(key, relationship.into());
        }
    }
}

fn add_watcher(state: &mut State, (slug, entity): (&str, usize), dice: Dice, script: Option<&str>) {
    let (path, entity_type) = ENTITIES[entity];
    let path = EntityPath::parse(path);
    let (is_there, first, second, third) = dice;
    if !is_there || !state.entities.contains_key(&path) {
        return;
    }
    let watcher = Watcher {
        slug: slug.to_owned(),
        entities: vec![WatchedEntity {
            id: None,
            entity_type: Some(entity_type.to_owned()),
            slug: Some(path.slug().to_owned()),
        }],
        name: format!("Watcher {}", first.unwrap_or(9)),
        prompt: Some(format!("Look at {}.", second.unwrap_or(9))),
        extraction_schema: Some(json!({ "type": "object", "properties": { "status": { "type": "string" } } })),
        schedule: third.map(|hour| format!("0 {hour} * * *")),
        tags: first.map(|number| json!(["crm", format!("t {number}")])),
        reaction_script: script.map(str::to_owned),
        ..Watcher::default()
    };
    state.watchers.insert(slug.to_owned(), watcher.into());
}

//! What the server is known to refuse of entities and relationships, and what a plan says about the memory as a whole.

use std::collections::BTreeMap;

use crate::resource::{Address, DataFacts, Entity, EntityPath, MetadataSchema, Relationship, State};

/// A reason why the server would refuse a row: the address, the message, and how to solve it.
pub(super) type DataRefusal = (Address, String, &'static str);

/// Returns the reasons why the server would refuse entities and relationships.
pub(super) fn problems(desired: &State, remote: &State) -> Vec<DataRefusal> {
    if !remote.facts.data.are_known {
        return Vec::new();
    }
    let schemas = schemas(desired, remote);
    let entities = desired.entities.values();
    let entities = entities.flat_map(|it| entity_problems(it, desired, remote, &schemas));
    let relationships = desired.relationships.values();
    let relationships = relationships.flat_map(|it| relationship_problems(it, desired, remote));
    entities.chain(relationships).collect()
}

/// Returns the schemas that only the server has, compiled once. Those of the files were checked when they were loaded.
fn schemas<'a>(desired: &State, remote: &'a State) -> BTreeMap<&'a str, MetadataSchema> {
    let only_remote = remote.entity_types.values();
    let only_remote = only_remote.filter(|it| !desired.entity_types.contains_key(&it.slug));
    only_remote
        .filter_map(|it| {
            Some((
                it.slug.as_str(),
                MetadataSchema::new(it.metadata_schema.as_ref()?).ok()?,
            ))
        })
        .collect()
}

fn entity_problems(
    wanted: &Entity,
    desired: &State,
    remote: &State,
    schemas: &BTreeMap<&str, MetadataSchema>,
) -> Vec<DataRefusal> {
    let facts = &remote.facts.data;
    let address = Address::entity(&wanted.entity_type, wanted.path.clone());
    let mut problems = Vec::new();
    let mut add = |message: String, hint| problems.push((address.clone(), message, hint));
    if let Some(found) = facts
        .types
        .get(&wanted.path)
        .filter(|found| **found != wanted.entity_type)
    {
        let message = format!("the server has an entity of the type `{found}` at this path, and a type is fixed");
        add(message, "give the entity another slug, or the type that it has");
    }
    if facts.deleted.contains(&wanted.path) {
        let message = "a deleted entity has this slug, which can never be used again below its parent".to_owned();
        add(message, "choose another slug");
    }
    if let Some(parent) = wanted.path.parent().filter(|parent| !is_known(parent, desired, facts)) {
        add(
            format!("its parent `{parent}` is neither in the files nor on the server"),
            "declare the parent, or name another one",
        );
    }
    if is_unknown_type(&wanted.entity_type, desired, remote) {
        let message = format!(
            "its type `{}` is neither in the files nor on the server",
            wanted.entity_type
        );
        add(message, "declare the type in a model file");
    }
    let schema = schemas.get(wanted.entity_type.as_str());
    for problem in schema
        .zip(wanted.metadata.as_ref())
        .into_iter()
        .flat_map(|(it, value)| it.problems(value))
    {
        let path = problem.path.join(".");
        add(
            format!("`metadata.{path}` does not fit its type: {}", problem.message),
            "correct the metadata",
        );
    }
    problems
}

/// Whether the types were read and this one is not among them. Without a list of types the server has the last word.
fn is_unknown_type(slug: &str, desired: &State, remote: &State) -> bool {
    remote.facts.types_are_known
        && !desired.entity_types.contains_key(slug)
        && !remote.entity_types.contains_key(slug)
        && !remote.facts.public_entity_slugs.contains(slug)
        && !slug.starts_with('$')
}

fn relationship_problems(wanted: &Relationship, desired: &State, remote: &State) -> Vec<DataRefusal> {
    let address = Address::relationship(&wanted.key);
    let ends = [&wanted.key.from, &wanted.key.to].into_iter();
    let unknown = ends.filter(|end| !is_known(end, desired, &remote.facts.data));
    unknown
        .map(|end| {
            let message = format!("its entity `{end}` is neither in the files nor on the server");
            (address.clone(), message, "declare the entity, or name another one")
        })
        .collect()
}

fn is_known(path: &EntityPath, desired: &State, facts: &DataFacts) -> bool {
    desired.entities.contains_key(path) || facts.types.contains_key(path)
}

/// Returns the warnings about entities that the plan creates although the server has them below another parent.
pub(super) fn moved(wanted: &Entity, remote: &State) -> Vec<String> {
    let found = remote.facts.data.moved.get(&wanted.path);
    let warning = |path: &EntityPath| {
        format!("the server has `{path}`: an entity is not moved, so that this creates a second one")
    };
    found.into_iter().flatten().map(warning).collect()
}

/// Returns what a plan says about the memory as a whole.
pub(super) fn warnings(desired: &State, remote: &State) -> Vec<String> {
    let facts = &remote.facts.data;
    let declared = desired.entities.len() + desired.relationships.len();
    if declared > 0 && !facts.are_known && !facts.are_left_out {
        let what = if declared == 1 {
            "1 entity or relationship"
        } else {
            "the entities and relationships"
        };
        return vec![format!(
            "{what} of the files are left out: the server does not know entities"
        )];
    }
    Vec::new()
}

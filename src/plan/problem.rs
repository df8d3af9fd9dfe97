//! What the server is known to refuse, found before anything is written.

use std::collections::BTreeMap;

use serde::Serialize;

use super::options::Prune;
use super::{data_problem, deletion_problem, unstorable, watcher_problem};
use crate::resource::value::same;
use crate::resource::{Address, EntityType, Origin, Origins, RelationshipType, State, table_columns};

/// A reason why the server would refuse a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The address of the resource.
    pub address: Address,
    /// The message.
    pub message: String,
    /// How to solve the problem.
    pub hint: String,
    /// The location of the resource in the files.
    pub origin: Option<Origin>,
}

pub(super) fn problems(desired: &State, remote: &State, origins: &Origins, prune: &Prune) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |address: Address, message: String, hint: &str| {
        let origin = origins.of(&address).cloned();
        problems.push(Problem {
            address,
            message,
            hint: hint.to_owned(),
            origin,
        });
    };
    for (address, resource) in desired.resources() {
        for field in unstorable::fields(&resource) {
            let message = format!("`{field}` holds the character U+0000, which no server stores");
            add(address.clone(), message, "remove the character");
        }
    }
    let owners: BTreeMap<&str, &str> = remote
        .platforms
        .keys()
        .map(|key| (key.stable_id.as_str(), key.agent.as_str()))
        .collect();
    for platform in desired.platforms.values() {
        let owner = owners.get(platform.stable_id.as_str());
        if let Some(other) = owner.filter(|agent| **agent != platform.agent) {
            let message = format!(
                "stable id `{}` belongs to agent `{}` on the server",
                platform.stable_id, other
            );
            add(
                platform.address(),
                message,
                "give the platform another `name`, or delete the other one first",
            );
        }
    }
    for wanted in desired.entity_types.values() {
        if let Some(message) = too_many_columns(wanted, remote.entity_types.get(&wanted.slug).map(|it| &**it)) {
            let hint = "remove `x-table-column` from the others";
            add(Address::entity_type(&wanted.slug), message, hint);
        }
    }
    for wanted in desired.relationship_types.values() {
        let address = Address::relationship_type(&wanted.slug);
        for (message, hint) in relationship_problems(wanted, desired, remote) {
            add(address.clone(), message, hint);
        }
    }
    for wanted in desired.watchers.values() {
        for (message, hint) in watcher_problem::problems(wanted, desired, remote) {
            add(Address::watcher(&wanted.slug), message, hint);
        }
    }
    let data = data_problem::problems(desired, remote).into_iter();
    for (address, message, hint) in data.chain(deletion_problem::problems(desired, remote, prune)) {
        add(address, message, hint);
    }
    problems
}

/// Returns a message when a schema has too many table columns. The server counts them only when a type is created or
/// its schema is replaced, so that an older type with more of them stays valid.
fn too_many_columns(wanted: &EntityType, found: Option<&EntityType>) -> Option<String> {
    let schema = wanted.metadata_schema.as_ref()?;
    let stored = found.and_then(|found| found.metadata_schema.as_ref());
    let changes = stored.is_none_or(|stored| !same(stored, schema));
    let (columns, limit) = (table_columns(schema).len(), EntityType::MAX_TABLE_COLUMNS);
    (changes && columns > limit)
        .then(|| format!("{columns} properties have `x-table-column: true`, and at most {limit} may"))
}

fn relationship_problems(wanted: &RelationshipType, desired: &State, remote: &State) -> Vec<(String, &'static str)> {
    let mut problems = Vec::new();
    let found = remote.relationship_types.get(&wanted.slug);
    let count = remote.facts.relationships.get(&wanted.slug).copied().unwrap_or(0);
    let symmetric = found.and_then(|found| found.is_symmetric).unwrap_or(false);
    if found.is_some() && count > 0 && wanted.is_symmetric.is_some_and(|wanted| wanted != symmetric) {
        let message = format!("`is_symmetric` is fixed when a type is created, and {count} relationships use this one");
        problems.push((message, "declare a new type, or remove the relationships first"));
    }
    let Some(inverse) = wanted
        .inverse_type_slug
        .as_deref()
        .filter(|inverse| !inverse.is_empty())
    else {
        return problems;
    };
    let back = desired
        .relationship_types
        .get(inverse)
        .and_then(|other| other.inverse_type_slug.as_deref());
    if inverse == wanted.slug {
        problems.push((
            "a type cannot be its own inverse".to_owned(),
            "use `is_symmetric: true`",
        ));
    } else if back.is_some_and(|back| back != wanted.slug) {
        let message = format!(
            "its inverse `{inverse}` names another inverse, `{}`",
            back.unwrap_or_default()
        );
        problems.push((message, "let the two types name each other"));
    } else if !desired.relationship_types.contains_key(inverse) && !remote.relationship_types.contains_key(inverse) {
        let message = format!("its inverse `{inverse}` is neither in the files nor on the server");
        problems.push((message, "declare it, or remove `inverse_type_slug`"));
    }
    problems
}

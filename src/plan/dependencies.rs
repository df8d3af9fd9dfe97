//! Which rows need which others to be applied first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::draft::Step;
use super::operation::Operation;
use super::row::{Row, Verb};
use crate::resource::{Address, EntityPath, RelationshipType, Resource, State, WatchedEntity};

/// Sets `depends_on` of all rows, and decides which of two new inverse types names the other.
///
/// The server refuses the name of an inverse type that does not exist yet. Of two new types that name each other, the
/// one that comes later in display order is created with the name; the server then sets it on the earlier one as well.
/// An inverse type that is neither new nor on the server is a problem, and no plan has it.
pub(super) fn add(rows: &mut BTreeMap<Address, Row>, steps: &mut BTreeMap<Address, Arc<Step>>) {
    let created: BTreeSet<Address> = rows
        .values()
        .filter(|row| row.verb == Verb::Create)
        .map(|row| row.address.clone())
        .collect();
    for row in rows.values_mut().filter(|row| row.writes()) {
        row.depends_on
            .extend(row.address.parent().filter(|parent| created.contains(parent)));
    }
    let new_entities = NewEntities::of(&created);
    for (address, step) in steps.iter_mut() {
        let Some(Resource::RelationshipType(wanted)) = &step.desired else {
            let needed = step.desired.as_ref().map(|wanted| new_entities.needed_by(wanted));
            let needed = needed.into_iter().flatten().filter(|it| created.contains(it));
            if let Some(row) = rows.get_mut(address) {
                row.depends_on.extend(needed);
            }
            continue;
        };
        let inverse = inverse_row(wanted).filter(|inverse| created.contains(inverse));
        // True for the earlier one of two new types that name each other. It is created without the name and waits for
        // nothing; otherwise each of the two would wait for the other.
        let named_by_inverse = inverse.as_ref().is_some_and(|inverse| {
            created.contains(address) && *inverse > *address && names_back(rows, inverse, address)
        });
        let ends = wanted
            .rules
            .iter()
            .flat_map(|rules| rules.keys())
            .flat_map(|rule| [&rule.source, &rule.target]);
        let needed = ends.map(Address::entity_type).filter(|end| created.contains(end));
        let needed: BTreeSet<Address> = needed.chain(inverse.filter(|_| !named_by_inverse)).collect();
        if let Some(row) = rows.get_mut(address) {
            row.depends_on.extend(needed);
        }
        // No schedule shares the steps yet, so `make_mut` copies none.
        if let Operation::CreateRelationshipType(write) = &mut Arc::make_mut(step).operation {
            write.with_inverse = !named_by_inverse;
        }
    }
    add_deletions(rows);
}

/// Adds to each entity and each type that is deleted the data that has to be gone before it: below an entity and of a type, or
/// the server refuses, and the relationships of an entity, or nothing could name them any more.
fn add_deletions(rows: &mut BTreeMap<Address, Row>) {
    let is_deleted_data = |row: &&Row| {
        let is_data = matches!(row.address, Address::Entity { .. } | Address::Relationship { .. });
        is_data && row.verb == Verb::Delete
    };
    let deleted = rows.values().filter(is_deleted_data);
    let deleted: Vec<Address> = deleted.map(|row| row.address.clone()).collect();
    for row in rows.values_mut().filter(|row| row.verb == Verb::Delete) {
        let before = deleted.iter().filter(|other| goes_before(other, &row.address));
        row.depends_on.extend(before.cloned());
    }
}

fn goes_before(data: &Address, other: &Address) -> bool {
    match (other, data) {
        (Address::Entity { path, .. }, Address::Relationship { key }) => key.from == *path || key.to == *path,
        (Address::Entity { path, .. }, Address::Entity { path: below, .. }) => path.is_above(below),
        (Address::EntityType { slug }, Address::Entity { entity_type, .. }) => slug == entity_type,
        (Address::RelationshipType { slug }, Address::Relationship { key }) => *slug == key.kind,
        _ => false,
    }
}

/// The entities that a plan creates, by path.
struct NewEntities<'a>(BTreeMap<&'a EntityPath, &'a Address>);

impl<'a> NewEntities<'a> {
    fn of(created: &'a BTreeSet<Address>) -> Self {
        let entities = created.iter().filter_map(|address| match address {
            Address::Entity { path, .. } => Some((path, address)),
            _ => None,
        });
        Self(entities.collect())
    }

    fn at(&self, path: &EntityPath) -> Option<Address> {
        self.0.get(path).map(|address| (*address).clone())
    }

    /// Returns what has to exist before data or a watcher can be written: types, parents and ends. Not all of it is new.
    fn needed_by(&self, wanted: &Resource) -> Vec<Address> {
        match wanted {
            Resource::Entity(entity) => {
                let parent = entity.path.parent().and_then(|parent| self.at(&parent));
                parent
                    .into_iter()
                    .chain([Address::entity_type(&entity.entity_type)])
                    .collect()
            }
            Resource::Relationship(relationship) => {
                let key = &relationship.key;
                let ends = [&key.from, &key.to].into_iter().filter_map(|end| self.at(end));
                ends.chain([Address::relationship_type(&key.kind)]).collect()
            }
            Resource::Watcher(watcher) => {
                let name = watcher.entities.first();
                let named = |address: &&&Address| match address {
                    Address::Entity { entity_type, path } => name.is_some_and(|name| names(name, entity_type, path)),
                    _ => false,
                };
                self.0
                    .values()
                    .find(named)
                    .map(|address| (*address).clone())
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

fn names(name: &WatchedEntity, entity_type: &str, path: &EntityPath) -> bool {
    name.names(&WatchedEntity {
        id: None,
        entity_type: Some(entity_type.to_owned()),
        slug: Some(path.slug().to_owned()),
    })
}

fn inverse_row(wanted: &RelationshipType) -> Option<Address> {
    wanted
        .inverse_type_slug
        .as_deref()
        .filter(|slug| !slug.is_empty())
        .map(Address::relationship_type)
}

fn names_back(rows: &BTreeMap<Address, Row>, inverse: &Address, address: &Address) -> bool {
    let slug = address.id();
    rows.get(inverse).is_some_and(|row| {
        let mut named = row
            .changes
            .iter()
            .filter(|change| change.path.top() == "inverse_type_slug");
        named.any(|change| change.after.as_ref().and_then(|after| after.as_str()) == Some(slug.as_str()))
    })
}

/// Returns a warning for each rule that names an entity type neither the files nor the server know. The server accepts
/// such rules, but they are likely a slip.
pub(super) fn unknown_rule_ends(desired: &State, remote: &State) -> Vec<String> {
    let known = |slug: &str| {
        slug.starts_with('$')
            || desired.entity_types.contains_key(slug)
            || remote.entity_types.contains_key(slug)
            || remote.facts.public_entity_slugs.contains(slug)
    };
    let mut warnings = Vec::new();
    for relationship_type in desired.relationship_types.values() {
        for rule in relationship_type.rules.iter().flat_map(|rules| rules.keys()) {
            let ends: BTreeSet<&String> = [&rule.source, &rule.target].into();
            for end in ends.into_iter().filter(|end| !known(end)) {
                warnings.push(format!(
                    "relationship-type {}: the rule `{}` -> `{}` names `{end}`, which neither the files nor the server have",
                    relationship_type.slug, rule.source, rule.target
                ));
            }
        }
    }
    warnings
}

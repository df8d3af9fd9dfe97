//! Which rows need which others to be applied first.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::draft::Step;
use super::operation::Operation;
use super::row::{Row, Verb};
use crate::resource::{Address, EntityPath, RelationshipType, Resource, SharedValue, State, WatchedEntity};

/// Sets `depends_on` of all rows, and decides which of two new inverse types names the other.
///
/// The server refuses the name of an inverse type that does not exist yet. Of two new types that name each other, the
/// one that comes later in display order is created with the name; the server then sets it on the earlier one as well.
/// An inverse type that is neither new nor on the server is a problem, and no plan has it.
pub(super) fn add(rows: &mut BTreeMap<Address, SharedValue<Row>>, steps: &mut BTreeMap<Address, Arc<Step>>) {
    let created = Created::of(rows);
    let named_by_inverse: BTreeSet<Address> = steps
        .iter()
        .filter(|(address, step)| is_named_by_inverse(rows, &created, address, step))
        .map(|(address, _)| address.clone())
        .collect();
    // Both are in display order: one pass finds the row of each step.
    let mut steps = steps.iter_mut().peekable();
    for row in rows.values_mut() {
        if row.writes()
            && let Some(parent) = row.address.parent().filter(|parent| created.has(parent))
        {
            // Most rows need one or two others, in a vector that would have room for more.
            row.depends_on.reserve_exact(1);
            row.depends_on.push(parent);
        }
        while steps.next_if(|(address, _)| **address < row.address).is_some() {}
        let Some((address, step)) = steps.next_if(|(address, _)| **address == row.address) else {
            continue;
        };
        let is_named = named_by_inverse.contains(address);
        let needed = match &step.desired {
            Some(Resource::RelationshipType(wanted)) => created.needed_by_type(wanted, is_named),
            Some(wanted) => created.needed_by(wanted),
            None => continue,
        };
        row.depends_on.reserve_exact(needed.len());
        row.depends_on.extend(needed);
        if let Operation::CreateRelationshipType(_) = &step.operation
            // No schedule shares the steps yet, so `make_mut` copies none.
            && let Operation::CreateRelationshipType(write) = &mut Arc::make_mut(step).operation
        {
            write.with_inverse = !is_named;
        }
    }
    add_deletions(rows);
}

/// Whether a step creates the earlier one of two new types that name each other. It is created without the name and waits
/// for nothing; otherwise each of the two would wait for the other.
fn is_named_by_inverse(
    rows: &BTreeMap<Address, SharedValue<Row>>,
    created: &Created,
    address: &Address,
    step: &Step,
) -> bool {
    let Some(Resource::RelationshipType(wanted)) = &step.desired else {
        return false;
    };
    inverse_row(wanted).is_some_and(|inverse| {
        created.has(&inverse) && created.has(address) && inverse > *address && names_back(rows, &inverse, address)
    })
}

/// Adds to each entity and each type that is deleted the data that has to be gone before it: below an entity and of a type, or
/// the server refuses, and the relationships of an entity, or nothing could name them any more.
fn add_deletions(rows: &mut BTreeMap<Address, SharedValue<Row>>) {
    let deleted = rows.values().filter(|row| row.verb == Verb::Delete);
    let mut before: HashMap<Holder, Vec<Address>> = deleted
        .clone()
        .filter_map(|row| Some((Holder::at(&row.address)?, Vec::new())))
        .collect();
    for row in deleted {
        for holder in Holder::of(&row.address) {
            if let Some(before) = before.get_mut(&holder) {
                before.push(row.address.clone());
            }
        }
    }
    before.retain(|_, data| !data.is_empty());
    if before.is_empty() {
        return;
    }
    for row in rows.values_mut().filter(|row| row.verb == Verb::Delete) {
        if let Some(data) = Holder::at(&row.address).and_then(|holder| before.remove(&holder)) {
            row.depends_on.extend(data);
        }
    }
}

/// What cannot be deleted while it has data.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Holder {
    /// An entity, which has what is below it and its relationships.
    Entity(EntityPath),
    /// An entity type or a relationship type.
    Type(Address),
}

impl Holder {
    /// Returns what the row with this address is, if it can have data.
    fn at(address: &Address) -> Option<Self> {
        match address {
            Address::Entity { path, .. } => Some(Self::Entity(path.clone())),
            Address::EntityType { .. } | Address::RelationshipType { .. } => Some(Self::Type(address.clone())),
            _ => None,
        }
    }

    /// Returns what has the data with this address. Empty for what is no data.
    fn of(data: &Address) -> BTreeSet<Self> {
        match data {
            Address::Entity { entity_type, path } => std::iter::successors(path.parent(), EntityPath::parent)
                .map(Self::Entity)
                .chain([Self::Type(Address::entity_type(entity_type))])
                .collect(),
            Address::Relationship { key } => BTreeSet::from([
                Self::Entity(key.from.clone()),
                Self::Entity(key.to.clone()),
                Self::Type(Address::relationship_type(&key.kind)),
            ]),
            _ => BTreeSet::new(),
        }
    }
}

/// What a plan creates. Relationships are left out: nothing waits for one.
struct Created {
    entities: HashMap<EntityPath, Address>,
    others: HashSet<Address>,
}

impl Created {
    fn of(rows: &BTreeMap<Address, SharedValue<Row>>) -> Self {
        let mut created = Self {
            entities: HashMap::new(),
            others: HashSet::new(),
        };
        for row in rows.values().filter(|row| row.verb == Verb::Create) {
            match &row.address {
                Address::Relationship { .. } => {}
                Address::Entity { path, .. } => {
                    created.entities.insert(path.clone(), row.address.clone());
                }
                other => {
                    created.others.insert(other.clone());
                }
            }
        }
        created
    }

    /// Whether an agent, a type or a watcher is created.
    fn has(&self, address: &Address) -> bool {
        self.others.contains(address)
    }

    fn at(&self, path: &EntityPath) -> Option<Address> {
        self.entities.get(path).cloned()
    }

    /// Returns what has to be created before a relationship type can be.
    fn needed_by_type(&self, wanted: &RelationshipType, is_named_by_inverse: bool) -> Vec<Address> {
        let rules = wanted.rules.iter().flat_map(|rules| rules.keys());
        let ends = rules.flat_map(|rule| [&rule.source, &rule.target]);
        let inverse = inverse_row(wanted).filter(|_| !is_named_by_inverse);
        let needed = ends.map(Address::entity_type).chain(inverse);
        let needed: BTreeSet<Address> = needed.filter(|it| self.has(it)).collect();
        needed.into_iter().collect()
    }

    /// Returns what has to be created before data or a watcher can be: types, parents and ends.
    fn needed_by(&self, wanted: &Resource) -> Vec<Address> {
        let of_type = |address: Address| Some(address).filter(|address| self.has(address));
        match wanted {
            Resource::Entity(entity) => {
                let parent = entity.path.parent().and_then(|parent| self.at(&parent));
                let of_type = of_type(Address::entity_type(&entity.entity_type));
                parent.into_iter().chain(of_type).collect()
            }
            Resource::Relationship(relationship) => {
                let key = &relationship.key;
                let ends = [&key.from, &key.to].into_iter().filter_map(|end| self.at(end));
                ends.chain(of_type(Address::relationship_type(&key.kind))).collect()
            }
            Resource::Watcher(watcher) => {
                let Some(name) = watcher.entities.first() else {
                    return Vec::new();
                };
                let named = |address: &&Address| match address {
                    Address::Entity { entity_type, path } => names(name, entity_type, path),
                    _ => false,
                };
                // The first one in display order.
                self.entities
                    .values()
                    .filter(named)
                    .min()
                    .cloned()
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

fn names_back(rows: &BTreeMap<Address, SharedValue<Row>>, inverse: &Address, address: &Address) -> bool {
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

//! An entity: its metadata is compared and sent as a whole.

use serde_json::{Map, Value, json};

use super::comparison::Comparison;
use super::fields::compare_fields;
use crate::plan::operation::{EntityUpdate, Operation};
use crate::plan::undeclared::Undeclared;
use crate::resource::{Entity, SharedValue};

/// Compares an entity with the one on the server, if it exists there.
pub(super) fn compare(
    desired: &SharedValue<Entity>,
    remote: Option<&SharedValue<Entity>>,
    undeclared: Undeclared,
) -> Comparison {
    let Some(remote) = remote else {
        return Comparison {
            changes: compare_fields(Entity::FIELDS, desired, None, undeclared).changes,
            operation: Some(Operation::CreateEntity(desired.clone())),
            ..Comparison::default()
        };
    };
    let mut wanted = desired.clone();
    let mut found = remote.clone();
    found.metadata = without_leftovers(desired.metadata.as_ref(), remote.metadata.clone());
    let mut warnings = Vec::new();
    if remote.hides_content && (wanted.content.is_some() || wanted.enabled_classifiers.is_some()) {
        warnings
            .push("content and classifiers are not compared: the server does not tell them to this token".to_owned());
        wanted.content = None;
        wanted.enabled_classifiers = None;
    }
    let differences = compare_fields(Entity::FIELDS, &wanted, Some(&found), undeclared);
    let operation = (!differences.body.is_empty()).then(|| {
        Operation::UpdateEntity(Box::new(EntityUpdate {
            path: desired.path.clone(),
            id: remote.id,
            fields: update_fields(differences.body, remote),
        }))
    });
    Comparison {
        changes: differences.changes,
        operation,
        warnings,
        ..Comparison::default()
    }
}

/// Returns the fields to send: metadata with `null` for the keys that go, because the server merges it.
fn update_fields(mut fields: Map<String, Value>, remote: &Entity) -> Map<String, Value> {
    let Some(metadata) = fields.get_mut(Entity::METADATA) else {
        return fields;
    };
    let before = remote.metadata.as_ref().and_then(Value::as_object);
    let gone = before.into_iter().flat_map(Map::keys);
    if metadata.is_null() {
        *metadata = json!({});
    }
    if let Some(metadata) = metadata.as_object_mut() {
        for key in gone {
            metadata.entry(key).or_insert(Value::Null);
        }
    }
    fields
}

/// Drops what a server makes of `null` in the keys that the file does not have: an empty text or 0, as recorded, or `false`, by
/// the same rule of its library Ajv.
fn without_leftovers(desired: Option<&Value>, found: Option<Value>) -> Option<Value> {
    let is_leftover = |value: &Value| value.is_null() || value == "" || value == false || value.as_f64() == Some(0.0);
    let is_declared = |key: &str| desired.is_some_and(|desired| desired.get(key).is_some_and(|it| !it.is_null()));
    let mut found = found?;
    if let Some(metadata) = found.as_object_mut() {
        metadata.retain(|key, value| is_declared(key) || !is_leftover(value));
    }
    Some(found)
}

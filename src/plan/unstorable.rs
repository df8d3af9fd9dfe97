//! Text that no Lobu server stores: one that holds U+0000 (contract section 1).

use serde_json::Value;

use crate::resource::field_table::Field;
use crate::resource::{Agent, ConfigValue, Entity, EntityType, Relationship, RelationshipType, Resource, Watcher};

/// Returns the names of the fields that hold such a text.
pub(super) fn fields(resource: &Resource) -> Vec<String> {
    match resource {
        Resource::Agent(it) => in_table(Agent::FIELDS, it),
        Resource::Settings(it) => {
            let found = it.fields.iter().filter(|(_, value)| holds(value));
            found.map(|(name, _)| name.to_owned()).collect()
        }
        Resource::Platform(it) => {
            let found = it
                .config
                .iter()
                .filter(|(name, value)| name.contains('\0') || holds_config(value));
            found.map(|(name, _)| format!("config.{name}")).collect()
        }
        Resource::EntityType(it) => in_table(EntityType::FIELDS, it),
        Resource::RelationshipType(it) => in_table(RelationshipType::FIELDS, it),
        Resource::Entity(it) => in_table(Entity::FIELDS, it),
        Resource::Relationship(it) => in_table(Relationship::FIELDS, it),
        Resource::Watcher(it) => in_table(Watcher::FIELDS, it),
    }
}

fn in_table<T>(fields: &[Field<T>], resource: &T) -> Vec<String> {
    let found = fields
        .iter()
        .filter(|field| field.get(resource).as_ref().is_some_and(holds));
    found.map(|field| field.name.to_owned()).collect()
}

fn holds_config(value: &ConfigValue) -> bool {
    match value {
        ConfigValue::Plain(value) => holds(value),
        ConfigValue::Secret(secret) => secret.expose().contains('\0'),
        ConfigValue::Redacted => false,
    }
}

fn holds(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || holds(value)),
        _ => false,
    }
}

//! Text that no Lobu server stores: one that holds U+0000 (contract section 1).

use serde_json::Value;

use crate::resource::{ConfigValue, Resource};

/// The fields of a resource that hold such a text.
pub(super) fn fields(resource: &Resource) -> Vec<String> {
    let texts = |fields: &[(&str, Option<&String>)]| -> Vec<String> {
        let found = fields
            .iter()
            .filter(|(_, text)| text.is_some_and(|text| text.contains('\0')));
        found.map(|(name, _)| (*name).to_owned()).collect()
    };
    let values = |fields: &[(&str, &Option<Value>)]| -> Vec<String> {
        let found = fields.iter().filter(|(_, value)| value.as_ref().is_some_and(holds));
        found.map(|(name, _)| (*name).to_owned()).collect()
    };
    match resource {
        Resource::Agent(it) => texts(&[("name", Some(&it.name)), ("description", it.description.as_ref())]),
        Resource::Settings(it) => {
            let found = it.fields.iter().filter(|(_, value)| holds(value));
            found.map(|(name, _)| name.clone()).collect()
        }
        Resource::Platform(it) => {
            let found = it
                .config
                .iter()
                .filter(|(name, value)| name.contains('\0') || holds_config(value));
            found.map(|(name, _)| format!("config.{name}")).collect()
        }
        Resource::EntityType(it) => {
            let mut found = texts(&[
                ("name", Some(&it.name)),
                ("description", it.description.as_ref()),
                ("icon", it.icon.as_ref()),
                ("color", it.color.as_ref()),
            ]);
            found.extend(values(&[
                ("metadata_schema", &it.metadata_schema),
                ("event_kinds", &it.event_kinds),
            ]));
            found
        }
        Resource::RelationshipType(it) => {
            let mut found = texts(&[("name", Some(&it.name)), ("description", it.description.as_ref())]);
            found.extend(values(&[
                ("metadata_schema", &it.metadata_schema),
                ("auto_create_when", &it.auto_create_when),
            ]));
            found
        }
    }
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

//! An entity type. The server cannot clear its texts: an empty one is the nearest (contract section 8.1).

use serde_json::Value;

use super::comparison::Comparison;
use super::fields::Fields;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::EntityType;

/// Compares; the write holds only the fields that change.
pub(super) fn compare(desired: &EntityType, remote: Option<&EntityType>, undeclared: Undeclared) -> Comparison {
    let mut fields = Fields::new(undeclared, remote.is_some());
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let found = |get: fn(&EntityType) -> Option<Value>| remote.and_then(get);
    fields.compare(
        "name",
        Some(Value::from(desired.name.as_str())),
        found(|it| Some(Value::from(it.name.as_str()))),
        None,
    );
    fields.compare(
        "description",
        text(&desired.description),
        found(|it| it.description.clone().map(Value::String)),
        Some(no_text()),
    );
    fields.compare(
        "icon",
        text(&desired.icon),
        found(|it| it.icon.clone().map(Value::String)),
        Some(no_text()),
    );
    fields.compare(
        "color",
        text(&desired.color),
        found(|it| it.color.clone().map(Value::String)),
        Some(no_text()),
    );
    fields.compare(
        "metadata_schema",
        desired.metadata_schema.clone(),
        found(|it| it.metadata_schema.clone()),
        Some(Value::Null),
    );
    fields.compare(
        "event_kinds",
        desired.event_kinds.clone(),
        found(|it| it.event_kinds.clone()),
        Some(Value::Null),
    );
    let operation = match remote {
        None => Some(Operation::CreateEntityType(desired.clone())),
        Some(_) if fields.body.is_empty() => None,
        Some(_) => Some(Operation::UpdateEntityType {
            slug: desired.slug.clone(),
            fields: fields.body,
        }),
    };
    Comparison {
        changes: fields.changes,
        operation,
        ..Comparison::default()
    }
}

/// What the wire takes for "no text".
fn no_text() -> Value {
    Value::from("")
}

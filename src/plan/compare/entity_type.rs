//! An entity type. The server cannot clear its texts: an empty one is the nearest (contract section 8.1).

use serde_json::{Map, Value};

use super::Comparison;
use super::json::differences;
use crate::plan::change::Change;
use crate::plan::operation::Operation;
use crate::resource::value::{is_empty, same};
use crate::resource::{EntityType, FieldPath, Shown};

/// Compares; the write holds only the fields that change.
pub(super) fn compare(desired: &EntityType, remote: Option<&EntityType>, clear: bool) -> Comparison {
    let mut fields = Fields::new(clear, remote.is_some());
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

/// Collects the differences of a schema row and the body that carries them out.
pub(super) struct Fields {
    clear: bool,
    exists: bool,
    /// In reading order.
    pub changes: Vec<Change>,
    /// Wire fields that change.
    pub body: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(clear: bool, exists: bool) -> Self {
        Self {
            clear,
            exists,
            changes: Vec::new(),
            body: Map::new(),
        }
    }

    /// One field: `reset` is what the wire takes for "no value".
    pub(super) fn compare(&mut self, name: &str, desired: Option<Value>, remote: Option<Value>, reset: Option<Value>) {
        let path = FieldPath::root(name);
        let remote = remote.filter(|value| !is_empty(value) || value.is_object());
        match (desired, remote) {
            (Some(wanted), found) if !equal(&wanted, found.as_ref()) => {
                self.changes.extend(differences(&path, found.as_ref(), Some(&wanted)));
                self.write(name, wanted);
            }
            (None, Some(found)) if self.exists && !is_empty(&found) => {
                self.changes
                    .push(Change::server_only(path, Shown::Plain(found), self.clear));
                if let Some(reset) = reset.filter(|_| self.clear) {
                    self.write(name, reset);
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, name: &str, value: Value) {
        self.body.insert(name.to_owned(), value);
    }
}

fn equal(wanted: &Value, found: Option<&Value>) -> bool {
    match found {
        Some(found) => same(wanted, found),
        None => is_empty(wanted) && !wanted.is_object(),
    }
}

//! Lays the declared values over those on the server, key by key: the result to send, and the differences to show.
//!
//! A write replaces a whole top-level key, so the result keeps what only the server has. How a key is compared is data:
//! see [`Shape`].

use serde_json::{Map, Value};

use super::json::{differences, shown};
use crate::plan::change::{Change, Presentation};
use crate::plan::undeclared::Undeclared;
use crate::resource::FieldPath;
use crate::resource::value::{is_empty, same, same_set};

/// How a key is compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text, compared after trimming. An empty one counts as absent.
    Text,
    /// Any value, declared as a whole and shown leaf by leaf.
    Value,
    /// A list in which neither order nor repetition counts.
    Set,
    /// A table whose keys are compared one by one. Keys that are not listed belong to the server.
    Table(&'static [KeyRule]),
}

/// A key of a table, and how its value is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyRule {
    /// The name on the wire.
    pub name: &'static str,
    /// How the value is compared.
    pub shape: Shape,
}

/// Creates the rule of a key.
pub(super) const fn key(name: &'static str, shape: Shape) -> KeyRule {
    KeyRule { name, shape }
}

/// The merged value (`None` removes the key) and the differences.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The value after the apply.
    pub value: Option<Value>,
    /// The differences, in the order in which they are shown.
    pub changes: Vec<Change>,
}

impl Merged {
    /// Returns the result for a value that both sides have already.
    pub(super) fn kept(value: Option<&Value>) -> Self {
        Self {
            value: value.cloned(),
            changes: Vec::new(),
        }
    }

    /// Whether sending the value would change the server.
    pub(super) fn writes(&self) -> bool {
        self.changes.iter().any(|change| change.kind.writes())
    }
}

/// Lays a declared value over the one on the server.
pub(super) fn merge(
    shape: Shape,
    path: &FieldPath,
    desired: Option<&Value>,
    remote: Option<&Value>,
    undeclared: Undeclared,
) -> Merged {
    if let Shape::Table(keys) = shape {
        return merge_table(keys, path, desired, remote, undeclared);
    }
    let Some(desired) = desired else {
        return server_only(path, remote, undeclared);
    };
    if equal(shape, desired, remote) {
        // The server's spelling stays, such as its order of a set: another one would be a write that no row shows.
        return Merged::kept(remote.or(Some(desired)));
    }
    Merged {
        value: Some(desired.clone()),
        changes: explain(shape, path, desired, remote),
    }
}

/// Returns the result for a value that only the server has.
pub(super) fn server_only(path: &FieldPath, remote: Option<&Value>, undeclared: Undeclared) -> Merged {
    match remote {
        Some(found) if !is_empty(found) => Merged {
            value: undeclared.kept(found.clone()),
            changes: vec![Change::server_only(path.clone(), shown(path, found), undeclared)],
        },
        other => Merged::kept(other),
    }
}

fn merge_table(
    keys: &'static [KeyRule],
    path: &FieldPath,
    desired: Option<&Value>,
    remote: Option<&Value>,
    undeclared: Undeclared,
) -> Merged {
    let nothing = Map::new();
    let wanted = desired.and_then(Value::as_object).unwrap_or(&nothing);
    let found = remote.and_then(Value::as_object).unwrap_or(&nothing);
    let mut result = found.clone();
    let mut changes = Vec::new();
    for key in keys {
        let merged = merge(
            key.shape,
            &path.join(key.name),
            wanted.get(key.name),
            found.get(key.name),
            undeclared,
        );
        changes.extend(merged.changes);
        // A table that neither side has is not sent as an empty one: no row shows that.
        let is_nobodys = !wanted.contains_key(key.name) && !found.contains_key(key.name);
        match merged.value.filter(|_| !is_nobodys) {
            Some(value) => drop(result.insert(key.name.to_owned(), value)),
            None => drop(result.remove(key.name)),
        }
    }
    Merged {
        value: Some(Value::Object(result)),
        changes,
    }
}

fn equal(shape: Shape, desired: &Value, remote: Option<&Value>) -> bool {
    match (shape, desired, remote) {
        (Shape::Text, Value::String(wanted), found) => {
            let found = found.and_then(Value::as_str).unwrap_or("");
            wanted.trim() == found.trim_matches(is_trimmed)
        }
        (Shape::Set, Value::Array(wanted), Some(Value::Array(found))) => same_set(wanted, found),
        (_, wanted, Some(found)) => same(wanted, found),
        (_, wanted, None) => wanted.is_null(),
    }
}

/// Whether the server trims this character: it does so with JavaScript's `trim`, which takes a byte order mark too.
fn is_trimmed(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn explain(shape: Shape, path: &FieldPath, desired: &Value, remote: Option<&Value>) -> Vec<Change> {
    let remote = remote.filter(|value| !value.is_null());
    match shape {
        Shape::Set => {
            let before = remote.map(|value| shown(path, value));
            vec![Change::between(path.clone(), before, Some(shown(path, desired))).presented_as(Presentation::Set)]
        }
        Shape::Text => {
            let before = remote.filter(|value| !is_empty(value)).map(|value| shown(path, value));
            vec![Change::between(path.clone(), before, Some(shown(path, desired)))]
        }
        Shape::Value | Shape::Table(_) => differences(path, remote, Some(desired)),
    }
}

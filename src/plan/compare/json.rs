//! Compares two JSON values leaf by leaf: `metadata_schema.properties.tier.type`.

use serde_json::Value;

use crate::plan::change::{Change, ChangeKind, Presentation};
use crate::resource::value::{HIDDEN, is_redacted, same};
use crate::resource::{FieldPath, Shown, field, is_secret_key};

/// Returns the differences between two values, each at the deepest path where they differ. Empty when they mean the
/// same.
pub(super) fn differences(path: &FieldPath, before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    collect(path, present(before), present(after), &mut changes);
    changes
}

/// Returns every value below a path, as far as it may be shown.
pub(in crate::plan) fn leaves(path: &FieldPath, value: &Value) -> Vec<(FieldPath, Option<Shown>)> {
    let leaves = differences(path, Some(value), None).into_iter();
    leaves.map(|change| (change.path, change.before)).collect()
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn collect(path: &FieldPath, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    match (before, after) {
        (None, None) => {}
        (Some(left), Some(right)) if same(left, right) => {}
        // Only a text can be a hidden secret. A table or list in its place is a difference whatever the stars hide, and so is a
        // reference, which a server shows as it is.
        (Some(left), Some(Value::String(text)))
            if is_redacted(left) && may_hold_secrets(path) && !is_reference(text) =>
        {
            changes.push(Change {
                kind: ChangeKind::SecretNotComparable,
                ..Change::between(path.clone(), Some(Shown::Secret), Some(Shown::Secret))
            });
        }
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let mut keys: Vec<&String> = left
                .keys()
                .chain(right.keys().filter(|key| !left.contains_key(*key)))
                .collect();
            keys.sort();
            for key in keys {
                collect(
                    &path.join(key),
                    present(left.get(key)),
                    present(right.get(key)),
                    changes,
                );
            }
        }
        (Some(Value::Array(_)), Some(Value::Array(_))) => {
            changes.push(leaf(path, before, after).presented_as(Presentation::List));
        }
        // An empty object has no leaf, so it is one itself: `{}` is a schema, and differs from none.
        (None, Some(Value::Object(map))) | (Some(Value::Object(map)), None) if !map.is_empty() => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let count = changes.len();
            for key in keys {
                let side = |present: Option<&Value>| present.and(map.get(key));
                let (left, right) = (side(before), side(after));
                collect(&path.join(key), self::present(left), self::present(right), changes);
            }
            // A table of nothing but `null` has no leaf either.
            if changes.len() == count {
                changes.push(leaf(path, before, after));
            }
        }
        _ => changes.push(leaf(path, before, after)),
    }
}

fn leaf(path: &FieldPath, before: Option<&Value>, after: Option<&Value>) -> Change {
    let show = |value: &Value| shown(path, value);
    Change::between(path.clone(), before.map(show), after.map(show))
}

/// Returns what may be shown of a value at a path. Text under `headers`, `env` or a secret-named key is hidden unless
/// it is a `$NAME` reference, which is a name and not a value (semantics, law 3).
pub(super) fn shown(path: &FieldPath, value: &Value) -> Shown {
    match value {
        redacted if is_redacted(redacted) && may_hold_secrets(path) => Shown::Secret,
        Value::String(text) if hides(path) && !is_reference(text) => Shown::Secret,
        Value::Object(map) if !map.is_empty() => {
            let hidden = map.iter().any(|(key, value)| holds_secret(&path.join(key), value));
            if hidden {
                Shown::Secret
            } else {
                Shown::from(value.clone())
            }
        }
        Value::Array(items) if items.iter().any(|item| holds_secret(path, item)) => Shown::Secret,
        other => Shown::from(other.clone()),
    }
}

/// Returns a value in which every text that must not be shown is [`HIDDEN`], as a server hides it.
pub fn masked(path: &FieldPath, value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key.clone(), masked(&path.join(key), value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| masked(path, item)).collect()),
        other if holds_secret(path, other) => Value::from(HIDDEN),
        other => other.clone(),
    }
}

fn holds_secret(path: &FieldPath, value: &Value) -> bool {
    shown(path, value) == Shown::Secret
}

/// Whether a field belongs to those in which the server redacts secrets. Elsewhere stars are text like any other.
fn may_hold_secrets(path: &FieldPath) -> bool {
    [field::MCP_SERVERS, field::SKILLS].contains(&path.top())
}

fn hides(path: &FieldPath) -> bool {
    let segments = path.segments();
    if !may_hold_secrets(path) {
        return false;
    }
    let below = |name: &str| segments.iter().rev().skip(1).any(|segment| segment == name);
    let leaf = path.leaf();
    // These two only sound secret: the address of an endpoint, and the name of a method.
    let spelled_secret = is_secret_key(leaf) && !["tokenUrl", "tokenEndpointAuthMethod"].contains(&leaf);
    below("headers") || below("env") || spelled_secret
}

fn is_reference(text: &str) -> bool {
    let name = text.trim().strip_prefix('$').unwrap_or("");
    let head = name.starts_with(|first: char| first.is_ascii_uppercase());
    head && name
        .chars()
        .all(|rest| rest.is_ascii_uppercase() || rest.is_ascii_digit() || rest == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_of_nothing_but_null_is_a_leaf() {
        let (before, after) = (json!({"o": {"a": null}}), json!({}));
        let found = differences(&FieldPath::root("metadata"), Some(&before), Some(&after));
        let paths: Vec<String> = found.iter().map(|change| change.path.to_string()).collect();
        assert_eq!(paths, ["metadata.o"]);
    }
}

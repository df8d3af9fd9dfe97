//! Keeping secrets that a client has only seen redacted: a redaction that a client sends means the stored value.

use serde_json::Value;

use super::secret::is_redaction;

/// Replaces every redaction in `new` by the value in the same position of `old`. A redaction below an object is removed when
/// `old` has no such key; anywhere else it stays, and `secret::holds_redaction` finds it.
pub(crate) fn restore(new: &mut Value, old: Option<&Value>) {
    match new {
        Value::Object(map) => {
            map.retain(|key, value| {
                let stored = old.and_then(|old| old.get(key));
                !is_redaction(value) || stored.is_some()
            });
            for (key, value) in map.iter_mut() {
                restore(value, old.and_then(|old| old.get(key)));
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter_mut().enumerate() {
                let stored = old.and_then(|old| matching_item(old, value, index));
                restore(value, stored);
            }
        }
        leaf if is_redaction(leaf) => {
            if let Some(old) = old {
                *leaf = old.clone();
            }
        }
        _ => {}
    }
}

/// Returns the stored element that an element of a list corresponds to: the one with the same id, or the one at the same
/// index when the element has no id. Ids come first because a client may reorder a list, and a secret must not move to
/// another profile or provider with it.
fn matching_item<'a>(old: &'a Value, new: &Value, index: usize) -> Option<&'a Value> {
    let id = |value: &Value| value.get("id").or_else(|| value.get("providerId")).cloned();
    match id(new) {
        Some(wanted) => old.as_array()?.iter().find(|each| id(each).as_ref() == Some(&wanted)),
        None => old.get(index),
    }
}

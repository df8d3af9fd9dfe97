//! Keeping secrets that a client has only seen redacted: a redaction that comes back means the stored value.

use serde_json::Value;

use super::secret::is_redaction;

/// Replaces redactions that a client sends back with the stored values. A redaction without a stored value is removed.
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
            for (at, value) in list.iter_mut().enumerate() {
                restore(
                    value,
                    old.and_then(|old| matching_item(old, value, at)).cloned().as_ref(),
                );
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

/// Returns the stored element that an element of a list corresponds to: the one with its id, or without an id the one at
/// its index.
fn matching_item<'a>(old: &'a Value, new: &Value, at: usize) -> Option<&'a Value> {
    let id = |value: &Value| value.get("id").or_else(|| value.get("providerId")).cloned();
    match id(new) {
        Some(wanted) => old.as_array()?.iter().find(|each| id(each).as_ref() == Some(&wanted)),
        None => old.get(at),
    }
}

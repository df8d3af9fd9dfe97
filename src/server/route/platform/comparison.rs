//! Whether a PUT would change a platform.

use serde_json::{Map, Value};

use crate::server::runtime::Instance;

/// Whether two instances have the same type, config and settings.
pub(super) fn is_same(old: &Instance, new: &Instance) -> bool {
    let equal = |left: &Map<String, Value>, right: &Map<String, Value>| {
        left.len() == right.len()
            && left
                .iter()
                .all(|(key, value)| right.get(key).is_some_and(|other| is_equal(value, other)))
    };
    old.kind == new.kind && equal(&old.config, &new.config) && equal(&old.settings, &new.settings)
}

/// Whether two values have the same meaning (semantics, "Comparing"): numbers are compared by value, as `1` and `1.0`, and
/// objects without the order of their keys. The equality of `serde_json` distinguishes `1` from `1.0`.
fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_equal(a, b)))
        }
        _ => left == right,
    }
}

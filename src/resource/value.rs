//! Equality of JSON values by meaning (semantics, "Comparing").

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// Whether two values mean the same: key order does not count, `null` in an object equals absent, numbers compare as
/// numbers, lists keep their order.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => same_object(left, right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Number(left), Value::Number(right)) => same_number(left, right),
        _ => left == right,
    }
}

/// Whether two values are equal and have their keys in one order, too: a plan and a pulled file show the order of the server,
/// and not that of whichever value was read before.
pub fn are_identical(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len() && pairs.all(|(left, right)| left.0 == right.0 && are_identical(left.1, right.1))
        }
        (Value::Array(left), Value::Array(right)) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len() && pairs.all(|(left, right)| are_identical(left, right))
        }
        _ => left == right,
    }
}

/// The text that stands for a hidden value.
pub const HIDDEN: &str = "***";

/// Whether the server hides the value: it is a text that starts with `***`, and cannot be compared.
pub fn is_redacted(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("***"))
}

/// Whether two lists hold the same values. Neither order nor repetitions count.
pub fn same_set(left: &[Value], right: &[Value]) -> bool {
    // Quadratic, because values with one meaning can differ in text. The lists are written by hand and short.
    let within = |some: &[Value], all: &[Value]| some.iter().all(|value| all.iter().any(|other| same(value, other)));
    within(left, right) && within(right, left)
}

/// Whether a value is empty: `null`, `""`, `[]`, `{}`, or an object of nothing but nulls.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(Value::is_null),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the value with keys sorted, nulls in objects dropped and integral floats as integers: equal meanings become
/// equal bytes, so that it can be hashed.
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            entries.sort_by(|left, right| left.0.cmp(right.0));
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.clone(), canonical(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Number(number) => Value::Number(integral(number)),
        other => other.clone(),
    }
}

fn same_object(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    let covers = |one: &Map<String, Value>, other: &Map<String, Value>| {
        // `null` equals absent, so the number of keys proves nothing.
        one.iter().all(|(key, value)| match other.get(key) {
            Some(found) => same(value, found),
            None => value.is_null(),
        })
    };
    covers(left, right) && covers(right, left)
}

fn same_number(left: &Number, right: &Number) -> bool {
    // The server's storage turns `1.0` into `1` and rounds large integers (contract section 1), so numbers that are one
    // float are one number.
    let equal = |(left, right): (f64, f64)| left.partial_cmp(&right) == Some(Ordering::Equal);
    left == right || left.as_f64().zip(right.as_f64()).is_some_and(equal)
}

fn integral(number: &Number) -> Number {
    // 2^53: beyond it a float no longer holds every integer.
    let whole = |float: f64| float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && whole(float) => Number::from(float as i64),
        _ => number.clone(),
    }
}

//! One JSON object per line: `{"type": …, "schema": 1, "ts": …}`. Types and fields only grow.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::resource::with_visible_escapes;

/// The version of the fields. It changes only if one goes away or changes its meaning.
pub const SCHEMA: u32 = 1;

/// Writes one object of this type: the common fields, then those of `value`. Characters that draw nothing are escaped.
///
/// # Errors
/// When the writer fails.
pub fn write(out: &mut dyn Write, kind: &str, now: Timestamp, value: &impl Serialize) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("type".to_owned(), json!(kind));
    object.insert("schema".to_owned(), json!(SCHEMA));
    object.insert("ts".to_owned(), json!(now.to_string()));
    // The type above counts: an event has its own in the same key.
    match serde_json::to_value(value)? {
        Value::Object(fields) => object.extend(fields.into_iter().filter(|(key, _)| key != "type")),
        Value::Null => {}
        other => drop(object.insert("value".to_owned(), other)),
    }
    writeln!(out, "{}", with_visible_escapes(Value::Object(object).to_string()))
}

/// Returns the type of an event as its JSON spells it.
pub fn event_type(event: &impl Serialize) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("unknown")
        .to_owned()
}

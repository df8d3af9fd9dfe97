//! One JSON object per line: `{"type": …, "schema": 1, "ts": …}`. Types and fields only grow.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The version of the fields. It changes only if one goes away or changes its meaning.
pub const SCHEMA: u32 = 1;

/// Writes one object of this type; `value`'s own fields follow the common ones.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, kind: &str, now: Timestamp, value: &impl Serialize) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("type".to_owned(), json!(kind));
    object.insert("schema".to_owned(), json!(SCHEMA));
    object.insert("ts".to_owned(), json!(now.to_string()));
    match serde_json::to_value(value)? {
        Value::Object(fields) => object.extend(fields.into_iter().filter(|(key, _)| key != "type")),
        Value::Null => {}
        other => drop(object.insert("value".to_owned(), other)),
    }
    writeln!(out, "{}", Value::Object(object))
}

/// The type of an event, as its JSON spells it.
pub fn event_type(event: &impl Serialize) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("unknown")
        .to_owned()
}

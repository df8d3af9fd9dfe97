//! JSON Schemas, as a test holds output to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use boon::{Compiler, SchemaIndex, Schemas};
use lobuctl::report::schema::events_schema;
use serde_json::Value;

/// A schema that is ready to validate.
pub struct JsonValidator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl JsonValidator {
    /// Prepares a schema, whose formats are checked too.
    pub fn new(schema: Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("schema.json", schema).unwrap();
        let index = compiler.compile("schema.json", &mut schemas);
        let index = index.unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    /// Returns what is wrong with a value. Empty when nothing is.
    pub fn errors(&self, value: &Value) -> String {
        let result = self.schemas.validate(value, self.index);
        result.err().map(|error| format!("{error:#}\n")).unwrap_or_default()
    }

    /// Whether a value satisfies the schema.
    pub fn accepts(&self, value: &Value) -> bool {
        self.errors(value).is_empty()
    }
}

/// Returns a schema in which no object may have keys that the schema does not name.
pub fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(map) => {
            for value in map.values_mut() {
                *value = closed(value.take());
            }
            // A property may be called `properties`, but none of ours is.
            if map.contains_key("properties") {
                map.entry("additionalProperties").or_insert(Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = closed(item.take())),
        _ => {}
    }
    schema
}

/// The schema of each type of line, closed.
static LINES: Mutex<BTreeMap<String, Arc<JsonValidator>>> = Mutex::new(BTreeMap::new());

/// Returns the validator of a type of line. One for each type, because its error says more than that no alternative holds.
fn of_type(kind: &str) -> Arc<JsonValidator> {
    let mut lines = LINES.lock().unwrap();
    if lines.is_empty() {
        let schema = closed(events_schema());
        for alternative in schema["oneOf"].as_array().unwrap() {
            let mut alternative = alternative.clone();
            alternative["$schema"] = schema["$schema"].clone();
            alternative["definitions"] = schema["definitions"].clone();
            let kind = alternative["properties"]["type"]["const"].as_str().unwrap().to_owned();
            lines.insert(kind, Arc::new(JsonValidator::new(alternative)));
        }
    }
    lines.get(kind).unwrap_or_else(|| panic!("no schema of {kind}")).clone()
}

/// Checks that a line has the keys that the schema of its type names, and no others.
pub fn check_line(line: &Value) {
    let errors = of_type(line["type"].as_str().unwrap_or_default()).errors(line);
    assert!(errors.is_empty(), "{errors}{line}");
}

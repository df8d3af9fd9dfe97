//! The JSON Schemas of what `--format json` prints, as draft 07.
//!
//! Objects may have more keys than a schema names: keys are only ever added, so a reader has to ignore those that it does
//! not know. A test validates what each command prints, and there unknown keys are errors.

mod line;
mod shape;

use serde_json::{Value, json};

/// Returns the schema of a plan: the object that `lobuctl plan --format json` prints.
pub fn plan_schema() -> Value {
    let description = "The object that `lobuctl plan --format json` prints";
    document("A plan", description, line::PLAN.schema())
}

/// Returns the schema of a line: any object that a command prints with `--format json`.
pub fn events_schema() -> Value {
    let lines: Vec<Value> = line::LINES.iter().map(line::LineSchema::schema).collect();
    let description = "One of the objects that commands print with `--format json`, each on a line of its own";
    document("A line of lobuctl", description, json!({ "oneOf": lines }))
}

fn document(title: &str, description: &str, schema: Value) -> Value {
    let mut document = json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "title": title, "description": description,
    });
    if let (Value::Object(document), Value::Object(schema)) = (&mut document, schema) {
        document.extend(schema);
        document.insert("definitions".to_owned(), shape::definitions());
    }
    document
}

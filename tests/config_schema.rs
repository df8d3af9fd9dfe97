//! The schema for editors and the reader agree on the keys.

use std::path::Path;

use lobuctl::config::schema::json_schema;
use serde_json::Value;

use crate::support::project::TempProject;
use crate::support::snapshot;

/// The schema that a node stands for.
fn resolved<'a>(schema: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(pointer) => schema.pointer(pointer.trim_start_matches('#')).unwrap(),
        None => node,
    }
}

/// Whether the schema allows a value, as far as types and keys go.
pub fn allows(schema: &Value, node: &Value, value: &Value) -> bool {
    let node = resolved(schema, node);
    if let Some(options) = node["anyOf"].as_array() {
        return options.iter().any(|option| allows(schema, option, value));
    }
    match value {
        Value::Object(map) => {
            map.iter().all(
                |(key, value)| match (&node["properties"][key], &node["additionalProperties"]) {
                    (Value::Null, Value::Bool(false)) => false,
                    (Value::Null, more) => allows(schema, more, value),
                    (known, _) => allows(schema, known, value),
                },
            )
        }
        Value::Array(items) => node["type"] == "array" && items.iter().all(|item| allows(schema, &node["items"], item)),
        Value::String(_) => node["type"] == "string" || node["enum"].as_array().is_some_and(|all| all.contains(value)),
        Value::Bool(_) => node["type"] == "boolean",
        _ => false,
    }
}

fn json(toml: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(toml).unwrap()).unwrap()
}

#[test]
fn real_files_satisfy_the_schema() {
    let schema = json_schema();
    let mut files = vec![Path::new("examples/support-desk/lobu.toml").to_owned()];
    if let Ok(entries) = std::fs::read_dir("../shared/examples") {
        files.extend(
            entries
                .map(|entry| entry.unwrap().path().join("lobu.toml"))
                .filter(|file| file.exists()),
        );
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(allows(&schema, &schema, &json(&text)), "{}", file.display());
    }
    assert!(!allows(&schema, &schema, &json("[agents.abc]\nnam = \"x\"\n")));
}

#[test]
fn every_key_of_the_schema_is_known_to_the_reader() {
    let schema = json_schema();
    for (table, definition) in [
        ("[agents.abc", "agent"),
        ("[[agents.abc.providers", "provider"),
        ("[[agents.abc.platforms", "platform"),
        ("[agents.abc.skills.mcp.x", "mcpServer"),
        ("[agents.abc.network", "network"),
        ("[memory", "memory"),
    ] {
        let close = if table.starts_with("[[") { "]]" } else { "]" };
        for key in schema["definitions"][definition]["properties"]
            .as_object()
            .unwrap()
            .keys()
        {
            let toml = format!("[agents]\n{table}{close}\n{key} = 1979-05-27\n");
            let loaded = TempProject::new(&[("lobu.toml", toml.as_str())]).load();
            assert!(loaded.diagnostics.iter().all(|one| one.code != "unknown-key"), "{toml}");
            assert!(loaded.diagnostics.iter().any(|one| one.code == "wrong-type"), "{toml}");
        }
    }
}

#[test]
fn the_schema_is_this() {
    snapshot::check("config_schema", &serde_json::to_string_pretty(&json_schema()).unwrap());
}

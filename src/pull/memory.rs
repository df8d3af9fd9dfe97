//! The types of the memory schema, in the files of the models folder.

use serde_json::{Map, Value, json};

use super::model_file::{ModelFiles, models_folder};
use super::project_files::ProjectFiles;
use super::yaml_text::YamlText;
use super::yaml_value::block_lines;
use crate::plan::{Change, Row, Verb};
use crate::resource::field_table::to_body;
use crate::resource::value::is_empty;
use crate::resource::{Address, EntityType, RelationshipType, State, normalize_entity_slug};

/// The keys that have a second spelling in files.
const SPELLINGS: [(&str, &str); 2] = [("inverse_type_slug", "inverse"), ("is_symmetric", "symmetric")];

/// The parts of a schema that a file may have beside the name of the type.
const TOP_LEVEL: [&str; 2] = ["properties", "required"];

/// Writes what differs of a type, or a file for a type that only the server has.
pub(super) fn pull(
    files: &mut ProjectFiles,
    models: &ModelFiles,
    row: &Row,
    changes: &[Change],
    remote: &State,
) -> Result<(), String> {
    let found = body(&row.address, remote).ok_or("the server has no such type")?;
    if row.verb == Verb::Drift {
        return add(files, &row.address, found);
    }
    let place = models.place(&row.address)?;
    let edited = place.edit(files, |yaml| {
        for change in changes {
            let name = change.path.top();
            let value = found.get(name).ok_or_else(|| format!("the server has no `{name}`"))?;
            set_field(yaml, name, value)?;
        }
        Ok(())
    });
    match edited {
        Err(why) if files.may_rewrite() => place
            .rewrite(files, |document| rewrite(document, changes, &found))
            .ok_or(why),
        edited => edited,
    }
}

/// Brings the fields of a type to the server's values, in a document that is written anew.
fn rewrite(document: &mut Map<String, Value>, changes: &[Change], found: &Map<String, Value>) {
    for change in changes {
        let name = change.path.top();
        let spelling = SPELLINGS
            .iter()
            .find(|(known, other)| *known == name && document.contains_key(*other));
        let key = spelling.map_or(name, |(_, other)| other);
        let own = document.get(key);
        let value = found.get(name).unwrap_or(&Value::Null);
        let value = match name {
            "metadata_schema" | "event_kinds" => over(own, value),
            "rules" => rules_over(own, value),
            _ => value.clone(),
        };
        document.insert(key.to_owned(), value);
    }
}

/// Brings one field of a type to the server's value.
fn set_field(yaml: &mut YamlText, name: &str, value: &Value) -> Result<(), String> {
    let spelling = SPELLINGS
        .iter()
        .find(|(known, other)| *known == name && yaml.get(other).is_some());
    let key = spelling.map_or(name, |(_, other)| other);
    match key {
        "metadata_schema" if TOP_LEVEL.iter().any(|key| yaml.get(key).is_some()) => set_top_level(yaml, value),
        "metadata_schema" | "event_kinds" => yaml.set(key, &over(yaml.get(key), value)),
        "rules" => yaml.set(key, &rules_over(yaml.get(key), value)),
        _ => yaml.set(key, value),
    }
}

/// Brings the schema of a type that has its parts beside its name to the server's schema.
fn set_top_level(yaml: &mut YamlText, schema: &Value) -> Result<(), String> {
    let is_implied = |key: &str, value: &Value| key == "type" && value == "object";
    let entries = schema.as_object().ok_or("the server's schema is no table")?;
    for (key, value) in entries.iter().filter(|(key, value)| !is_implied(key, value)) {
        if !TOP_LEVEL.contains(&key.as_str()) {
            let why =
                format!("`{key}` of the schema has no place beside `properties`; move them into `metadata_schema`");
            return Err(why);
        }
        yaml.set(key, &over(yaml.get(key), value))?;
    }
    Ok(())
}

/// Returns a value of the server, with the keys that only the file has.
pub(super) fn over(own: Option<&Value>, remote: &Value) -> Value {
    let (Some(Value::Object(own)), Value::Object(remote)) = (own, remote) else {
        return remote.clone();
    };
    let mut all = own.clone();
    for (key, value) in remote {
        let value = over(own.get(key), value);
        all.insert(key.clone(), value);
    }
    Value::Object(all)
}

/// Returns a type as a file declares it, without `type` and `slug`.
fn body(address: &Address, remote: &State) -> Option<Map<String, Value>> {
    match address {
        Address::EntityType { slug } => Some(to_body(EntityType::FIELDS, remote.entity_types.get(&**slug)?)),
        Address::RelationshipType { slug } => {
            let found = remote.relationship_types.get(&**slug)?;
            let mut body = to_body(RelationshipType::FIELDS, found);
            let rules = found.rules.iter().flat_map(|rules| rules.keys());
            let rules: Vec<Value> = rules
                .map(|rule| json!({ "source": rule.source, "target": rule.target }))
                .collect();
            if found.rules.is_some() {
                body.insert("rules".to_owned(), Value::Array(rules));
            }
            Some(body)
        }
        _ => None,
    }
}

/// Returns the rules of the file in its words, then the others that the server has.
fn rules_over(own: Option<&Value>, remote: &Value) -> Value {
    let rules = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |rule: &Value, keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| rule.get(key)?.as_str());
        found.map(normalize_entity_slug).unwrap_or_default()
    };
    let ends = |rule: &Value| {
        let source = text(rule, ["source", "source_entity_type_slug"]);
        (source, text(rule, ["target", "target_entity_type_slug"]))
    };
    let (own, remote) = (rules(own), rules(Some(remote)));
    let new = remote
        .iter()
        .filter(|rule| !own.iter().any(|other| ends(other) == ends(rule)));
    own.iter().chain(new).cloned().collect()
}

fn add(files: &mut ProjectFiles, address: &Address, mut body: Map<String, Value>) -> Result<(), String> {
    let kind = match address {
        Address::EntityType { .. } => "entity",
        _ => "relationship",
    };
    // What the server says of every type, and what means the same as no value.
    let is_default = |name: &str, value: &Value| {
        is_empty(value) || (name == "status" && value == "active") || (name == "is_symmetric" && value == false)
    };
    body.retain(|name, value| !is_default(name, value));
    let mut document = Map::new();
    document.insert("type".to_owned(), json!(kind));
    document.insert("slug".to_owned(), json!(address.id()));
    document.extend(body);
    let is_plain = |character: char| character.is_alphanumeric() || "-_".contains(character);
    if !address.id().chars().all(is_plain) {
        return Err("its slug cannot be the name of a file".to_owned());
    }
    let path = models_folder(files)?.join(format!("{}.yaml", address.id()));
    if files.text(&path).is_some() {
        return Err(format!("the file `{}` is there already", path.display()));
    }
    files.set_text(path, format!("{}\n", block_lines(&Value::Object(document), 0)));
    Ok(())
}

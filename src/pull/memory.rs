//! The types of the memory schema, in the files of the models folder.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::project_files::{ProjectFiles, inside};
use super::yaml_text::YamlText;
use super::yaml_value::block_lines;
use crate::plan::{Change, Row, Verb};
use crate::resource::field_table::to_body;
use crate::resource::value::is_empty;
use crate::resource::{Address, EntityType, RelationshipType, State, normalize_entity_slug};

/// The keys that have a second spelling in files.
const SPELLINGS: [(&str, &str); 2] = [("inverse_type_slug", "inverse"), ("is_symmetric", "symmetric")];

/// Writes what differs of a type, or a file for a type that only the server has.
pub(super) fn pull(files: &mut ProjectFiles, row: &Row, changes: &[Change], remote: &State) -> Result<(), String> {
    let found = body(&row.address, remote).ok_or("the server has no such type")?;
    if row.verb == Verb::Drift {
        return add(files, &row.address, found);
    }
    let (path, mut yaml) = declaring_file(files, &row.address)?;
    for change in changes {
        let name = change.path.top();
        let value = found.get(name).ok_or_else(|| format!("the server has no `{name}`"))?;
        let spelling = SPELLINGS
            .iter()
            .find(|(known, other)| *known == name && yaml.get(other).is_some());
        let key = spelling.map_or(name, |(_, other)| other);
        if key == "metadata_schema" && (yaml.get("properties").is_some() || yaml.get("required").is_some()) {
            return Err("the schema is written as `properties` of the type; edit it there".to_owned());
        }
        if key == "rules" {
            yaml.set(key, &in_file_order(yaml.get(key), value))?;
        } else {
            yaml.set(key, value)?;
        }
    }
    files.set_text(path, yaml.text().to_owned());
    Ok(())
}

/// Returns a type as a file declares it, without `type` and `slug`.
fn body(address: &Address, remote: &State) -> Option<Map<String, Value>> {
    match address {
        Address::EntityType { slug } => Some(to_body(EntityType::FIELDS, remote.entity_types.get(slug)?)),
        Address::RelationshipType { slug } => {
            let found = remote.relationship_types.get(slug)?;
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

/// Returns the rules of the server: those that the file has in its order and words, then the others.
fn in_file_order(own: Option<&Value>, remote: &Value) -> Value {
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
    let has = |list: &[Value], rule: &Value| list.iter().any(|other| ends(other) == ends(rule));
    let kept = own.iter().filter(|rule| has(&remote, rule));
    kept.chain(remote.iter().filter(|rule| !has(&own, rule)))
        .cloned()
        .collect()
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

/// Returns the file that declares a type, and its text.
fn declaring_file(files: &ProjectFiles, address: &Address) -> Result<(PathBuf, YamlText), String> {
    let folder = models_folder(files)?;
    let declares = |yaml: &YamlText| {
        let kind = yaml.get("type").and_then(Value::as_str).unwrap_or_default();
        let slug = yaml.get("slug").and_then(Value::as_str).unwrap_or_default();
        match address {
            Address::EntityType { slug: own } => kind.starts_with("entity") && normalize_entity_slug(slug) == *own,
            Address::RelationshipType { slug: own } => kind.starts_with("relationship") && slug == own,
            _ => false,
        }
    };
    let parsed = files
        .below(&folder)
        .filter_map(|(path, text)| Some((path.to_owned(), YamlText::parse(text)?)));
    let mut found: Vec<_> = parsed.filter(|(_, yaml)| declares(yaml)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(file), true) => Ok(file),
        _ => Err("it is declared in a file with several types; edit it there".to_owned()),
    }
}

/// Returns the folder of the model files, relative to the project's folder.
fn models_folder(files: &ProjectFiles) -> Result<PathBuf, String> {
    let memory = files.get(&["memory".into()]).unwrap_or_default();
    let named = memory["owletto"]["models"]
        .as_str()
        .or_else(|| memory["models"].as_str());
    let named = named.ok_or("`lobu.toml` names no folder of models")?;
    inside(named).ok_or_else(|| format!("the folder `{named}` is outside the project"))
}

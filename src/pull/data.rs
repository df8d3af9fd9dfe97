//! Entities and relationships, in the files of the data folder.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::data_files::DataFiles;
use super::memory::over;
use super::model_file::memory_folder;
use super::project_files::ProjectFiles;
use super::yaml_value::block_lines;
use crate::plan::{Change, Row, Verb};
use crate::resource::field_table::to_body;
use crate::resource::value::is_empty;
use crate::resource::{Address, Entity, EntityPath, Relationship, Resource, State};

/// Writes what differs of an entity or a relationship, or a file for one that only the server has.
pub(super) fn pull(
    files: &mut ProjectFiles,
    data: &DataFiles,
    row: &Row,
    changes: &[Change],
    remote: &State,
) -> Result<(), String> {
    let found = match remote.get(&row.address) {
        Some(Resource::Entity(entity)) => to_body(Entity::FIELDS, &entity),
        Some(Resource::Relationship(relationship)) => to_body(Relationship::FIELDS, &relationship),
        _ => return Err("the server has no such data".to_owned()),
    };
    if row.verb == Verb::Drift {
        return add(files, &row.address, found, remote);
    }
    data.place(&row.address)?.edit(files, |yaml| {
        for change in changes {
            let name = change.path.top();
            let value = found.get(name).ok_or_else(|| format!("the server has no `{name}`"))?;
            let value = match (name, change.path.segments().get(1)) {
                (Entity::METADATA, Some(key)) => with_key(yaml.get(name), key, value),
                (Entity::METADATA, None) => over(yaml.get(name), value),
                _ => value.clone(),
            };
            yaml.set(name, &value)?;
        }
        Ok(())
    })
}

/// Returns the metadata of the file with one key as the server has it: what differs elsewhere is none of this change.
fn with_key(own: Option<&Value>, key: &str, remote: &Value) -> Value {
    let mut metadata = own.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(value) = remote.get(key) {
        let value = over(metadata.get(key), value);
        metadata.insert(key.to_owned(), value);
    }
    Value::Object(metadata)
}

fn add(files: &mut ProjectFiles, address: &Address, body: Map<String, Value>, remote: &State) -> Result<(), String> {
    let (head, file) = match address {
        Address::Entity { entity_type, path } => entity_head(entity_type, path, &body, remote),
        Address::Relationship { key } => {
            let head = json!({
                "type": "relationship",
                "relationship_type": *key.kind,
                "from": name_of(&key.from, remote),
                "to": name_of(&key.to, remote),
            });
            (head, vec![key.kind.to_string(), joined(&key.from), joined(&key.to)])
        }
        _ => return Err("it is no data".to_owned()),
    };
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let is_file_name =
        |part: &String| part.starts_with(|it: char| it.is_ascii_alphanumeric()) && part.chars().all(is_plain);
    if !file.iter().all(is_file_name) {
        return Err("its slugs cannot be the name of a file".to_owned());
    }
    let mut document = head.as_object().cloned().unwrap_or_default();
    // What the server says of every relationship, and what means the same as no value.
    let is_default = |name: &str, value: &Value| {
        let is_usual = (name == "confidence" && value.as_f64() == Some(1.0)) || (name == "source" && value == "api");
        is_empty(value) || (matches!(address, Address::Relationship { .. }) && is_usual)
    };
    document.extend(body.into_iter().filter(|(name, value)| !is_default(name, value)));
    let path: PathBuf = memory_folder(files, "data")?.join(file.join("/") + ".yaml");
    if files.text(&path).is_some() {
        return Err(format!("the file `{}` is there already", path.display()));
    }
    files.set_text(path, format!("{}\n", block_lines(&Value::Object(document), 0)));
    Ok(())
}

/// Returns the first keys of a new entity, and the parts of the path of its file.
fn entity_head(
    entity_type: &str,
    path: &EntityPath,
    body: &Map<String, Value>,
    remote: &State,
) -> (Value, Vec<String>) {
    let mut head = json!({
        "type": "entity",
        "entity_type": entity_type,
        "slug": path.slug(),
        "name": body.get("name"),
    });
    if let Some(parent) = path.parent() {
        head["parent"] = json!(name_of(&parent, remote));
    }
    (head, vec![entity_type.to_owned(), joined(path)])
}

/// Returns the name of an entity in a file: a slug alone could be that of another one below some parent.
fn name_of(path: &EntityPath, remote: &State) -> String {
    match remote.facts.data.types.get(path) {
        Some(entity_type) if path.depth() == 1 => format!("{entity_type}:{path}"),
        _ => path.to_string(),
    }
}

/// Returns a path as a part of the name of a file. No slug in a file has a dot.
fn joined(path: &EntityPath) -> String {
    path.to_string().replace('/', ".")
}

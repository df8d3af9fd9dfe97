//! Agents: their names and descriptions, and whole agents that only the server has.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::project_files::{ProjectFiles, agent_path};
use super::toml_array::Order;
use super::{platform, settings};
use crate::plan::Change;
use crate::resource::field_table::Field;
use crate::resource::{Agent, State};

/// Writes the fields of a declared agent that the server has another value of.
pub(super) fn update(files: &mut ProjectFiles, id: &str, changes: &[Change], remote: &State) -> Result<(), String> {
    let agent = remote.agents.get(id).ok_or("the server has no such agent")?;
    let differs = |field: &&Field<Agent>| changes.iter().any(|change| change.path.top() == field.name);
    for field in Agent::FIELDS.iter().filter(differs) {
        let path = agent_path(id, &[field.name]);
        if let Some(value) = field.get(agent) {
            files.set(&path, &value, Order::Given)?;
        }
    }
    Ok(())
}

/// Adds an agent that only the server has, with its folder, settings and platforms.
pub(super) fn add(files: &mut ProjectFiles, id: &str, remote: &State) -> Result<(), String> {
    let agent = remote.agents.get(id).ok_or("the server has no such agent")?;
    let is_plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    if !id.chars().all(is_plain) {
        return Err("its id cannot be the name of a folder".to_owned());
    }
    let folder = new_folder(files, id);
    if let Some(other) = files.agent_in(&folder) {
        return Err(format!("agent {other} has the folder `{}`", folder.display()));
    }
    if files.has_folder(&folder) {
        return Err(format!(
            "the folder `{}` is there already, and no agent uses it",
            folder.display()
        ));
    }
    let mut table = Map::new();
    for field in Agent::FIELDS {
        table.extend(field.get(agent).map(|value| (field.name.to_owned(), value)));
    }
    table.insert("dir".to_owned(), Value::from(format!("./{}", folder.display())));
    files.add_section(&agent_path(id, &[]), &Value::Object(table))?;
    if let Some(settings) = remote.settings.get(id) {
        settings::add(files, settings)?;
    }
    if !files.has_folder(&folder) {
        // Git keeps no empty folder, and a blank text counts as none.
        files.set_text(folder.join("IDENTITY.md"), String::new());
    }
    remote
        .platforms_of(id)
        .try_for_each(|found| platform::add(files, found))
}

/// Returns the folder for a new agent: beside those of the others, or else in `agents`.
fn new_folder(files: &ProjectFiles, id: &str) -> PathBuf {
    let others = files.agents();
    let beside = others
        .filter_map(|other| files.agent_folder(other).ok())
        .find_map(|folder| Some(folder.parent()?.to_owned()));
    beside.unwrap_or_else(|| Path::new("agents").to_owned()).join(id)
}

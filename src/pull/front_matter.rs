//! The front matter of a skill's file: what a skill adds to its agent's settings.

use serde_json::{Map, Value, json};

use super::file_list::ListForm;
use super::yaml_text::YamlText;
use crate::resource::value::same;

/// A list of the front matter.
struct FrontList {
    /// The keys in the file.
    file: &'static [&'static str],
    /// The path in the skill as the server has it.
    wire: &'static [&'static str],
    form: ListForm,
}

const LISTS: [FrontList; 4] = [
    FrontList {
        file: &["nixPackages"],
        wire: &["nixPackages"],
        form: ListForm::Texts,
    },
    FrontList {
        file: &["network", "allow"],
        wire: &["networkConfig", "allowedDomains"],
        form: ListForm::Domains,
    },
    FrontList {
        file: &["network", "deny"],
        wire: &["networkConfig", "deniedDomains"],
        form: ListForm::Domains,
    },
    FrontList {
        file: &["network", "judge"],
        wire: &["networkConfig", "judgedDomains"],
        form: ListForm::JudgedDomains,
    },
];

/// The keys of an MCP server that a skill's file can express.
const SERVER_KEYS: [&str; 4] = ["url", "type", "command", "args"];

/// Returns the front matter that a file needs to say what the server has of a skill, over what the file has now.
///
/// # Errors
/// When no front matter says it.
pub(super) fn wanted(own: &Map<String, Value>, skill: &Value) -> Result<Map<String, Value>, String> {
    let mut wanted = own.clone();
    wanted.extend(
        skill
            .get("description")
            .map(|text| ("description".to_owned(), text.clone())),
    );
    for list in &LISTS {
        let Some(remote) = at(skill, list.wire).and_then(Value::as_array) else {
            continue;
        };
        let before = list.file.iter().try_fold(&Value::Null, |value, key| match value {
            Value::Null => own.get(*key),
            value => value.get(key),
        });
        let before = before.and_then(Value::as_array).cloned().unwrap_or_default();
        let items = Value::Array(list.form.wanted(&before, &[], remote)?);
        match list.file {
            [key] => drop(wanted.insert((*key).to_owned(), items)),
            [table, key] => {
                let table = table_of(&mut wanted, table)?;
                table.insert((*key).to_owned(), items);
            }
            _ => {}
        }
    }
    if let Some(remote) = at(skill, &["networkConfig", "judges"]).and_then(Value::as_object) {
        let judges = table_of(&mut wanted, "judges")?;
        // What is no text is no judge, and is left alone.
        judges.retain(|name, text| remote.contains_key(name) || !text.is_string());
        judges.extend(remote.clone());
    }
    if let Some(remote) = skill.get("mcpServers").and_then(Value::as_array) {
        let servers = table_of(&mut wanted, "mcpServers")?;
        merge_servers(servers, remote);
    }
    Ok(wanted)
}

/// Brings the MCP servers of a file to what the server has, in its order. Keys that only the file knows stay.
fn merge_servers(servers: &mut Map<String, Value>, remote: &[Value]) {
    let mut before = std::mem::take(servers);
    for server in remote {
        let id = server.get("id").and_then(Value::as_str);
        let (Some(id), Some(entries)) = (id, server.as_object()) else {
            continue;
        };
        let own = before.remove(id).unwrap_or_else(|| json!({}));
        let own = servers.entry(id).or_insert(own);
        let Some(own) = own.as_object_mut() else { continue };
        own.retain(|key, _| entries.contains_key(key) || !SERVER_KEYS.contains(&key.as_str()));
        let known = entries.iter().filter(|(key, _)| *key != "id");
        own.extend(known.map(|(key, value)| (key.clone(), value.clone())));
    }
}

/// Brings the front matter in a text to what the server has of a skill.
///
/// # Errors
/// When the text does not have it in a form that can be changed.
pub(super) fn edit(yaml: &mut YamlText, skill: &Value) -> Result<(), String> {
    let own = yaml.document().as_object().cloned().unwrap_or_default();
    for (key, value) in wanted(&own, skill)? {
        if own.get(&key).is_none_or(|own| !same(own, &value)) {
            yaml.set(&key, &value)?;
        }
        // The server has a list where the file has a mapping, and compares its order.
        if key == "mcpServers"
            && let Some(servers) = value.as_object()
        {
            yaml.order(&key, &servers.keys().map(String::as_str).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

/// Returns the keys of a skill on the server that only front matter can say.
pub(super) fn needed(skill: &Value) -> Vec<&'static str> {
    let keys = ["description", "nixPackages", "networkConfig", "mcpServers"];
    keys.into_iter().filter(|key| skill.get(key).is_some()).collect()
}

fn table_of<'a>(front: &'a mut Map<String, Value>, key: &str) -> Result<&'a mut Map<String, Value>, String> {
    let table = front.entry(key).or_insert_with(|| json!({}));
    table
        .as_object_mut()
        .ok_or_else(|| format!("`{key}` of the skill's front matter is no mapping; edit it there"))
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

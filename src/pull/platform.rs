//! Chat platforms: values that differ, and whole platforms that only the server has.

use serde_json::{Map, Value, json};

use super::project_files::{ProjectFiles, agent_path};
use super::secret_name::new_reference;
use super::toml_array::Order;
use super::toml_tree::TomlKey;
use crate::config::referenced_secret;
use crate::plan::{Change, Row, Verb};
use crate::resource::{ConfigValue, Platform, State, is_secret_key, server_secret_name, stable_platform_id};

/// Writes what differs of a platform, or the whole platform when only the server has it.
pub(super) fn pull(
    files: &mut ProjectFiles,
    row: &Row,
    changes: &[Change],
    desired: &State,
    remote: &State,
) -> Result<(), String> {
    let agent = row.address.agent_id().unwrap_or_default();
    let found = remote
        .platforms_of(agent)
        .find(|platform| platform.address() == row.address);
    let found = found.ok_or("the server has no such platform")?;
    if row.verb == Verb::Drift {
        return add(files, found);
    }
    let declared = desired
        .platforms
        .get(&found.key())
        .ok_or("no file declares the platform")?;
    let index =
        position(files, declared).ok_or("`lobu.toml` does not have the platform in a form that can be changed")?;
    if declared.kind != found.kind {
        return Err(format!("the server has it as a platform of type {}", found.kind));
    }
    for change in changes {
        let [section, key] = change.path.segments() else {
            continue;
        };
        let Some(value) = found.config.get(key).filter(|_| section == "config") else {
            continue;
        };
        let mut path = agent_path(&found.agent, &["platforms"]);
        path.extend([TomlKey::Index(index), "config".into(), key.as_str().into()]);
        let old = files.get(&path);
        // Whatever the server answers, a value that the file keeps elsewhere never comes into it.
        let is_secret = is_secret_key(key)
            || old
                .as_ref()
                .and_then(Value::as_str)
                .and_then(referenced_secret)
                .is_some();
        if old.is_some() && is_secret {
            continue;
        }
        let text = config_text(found, key, value)?;
        files.set(&path, &json!(text), Order::Given)?;
    }
    Ok(())
}

/// Adds a platform that only the server has.
pub(super) fn add(files: &mut ProjectFiles, platform: &Platform) -> Result<(), String> {
    let name = platform.name.as_deref();
    // The server keeps the id that was built from the names, not the names.
    if stable_platform_id(&platform.agent, &platform.kind, name) != platform.stable_id {
        return Err(format!("no name gives a platform the id {}", platform.stable_id));
    }
    let mut config = Map::new();
    for (key, value) in &platform.config {
        config.insert(key.clone(), json!(config_text(platform, key, value)?));
    }
    let mut table = Map::from_iter([("type".to_owned(), json!(platform.kind))]);
    table.extend(name.map(|name| ("name".to_owned(), json!(name))));
    table.insert("config".to_owned(), Value::Object(config));
    files.push(&agent_path(&platform.agent, &["platforms"]), &Value::Object(table))
}

/// Returns a value as `lobu.toml` has it: a text, and a reference in the place of a secret.
fn config_text(platform: &Platform, key: &str, value: &ConfigValue) -> Result<String, String> {
    match value {
        ConfigValue::Plain(Value::String(text)) if server_secret_name(text).is_some() => {
            Ok(format!("${}", server_secret_name(text).unwrap_or_default()))
        }
        // In the file it would be a secret of this machine, which the next apply would send.
        ConfigValue::Plain(Value::String(text)) if referenced_secret(text).is_some() => Err(format!(
            "the server's value of `{key}` would be taken for the name of a secret"
        )),
        ConfigValue::Plain(Value::String(text)) if !is_secret_key(key) => Ok(text.clone()),
        ConfigValue::Plain(_) if !is_secret_key(key) => Err(format!("the value of `{key}` is no text")),
        _ => {
            let name = platform.name.as_deref().unwrap_or_default();
            Ok(new_reference(&[&platform.agent, &platform.kind, name, key]))
        }
    }
}

/// Returns the position of a declared platform in the agent's list.
fn position(files: &ProjectFiles, declared: &Platform) -> Option<usize> {
    let list = files.get(&agent_path(&declared.agent, &["platforms"]))?;
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    list.as_array()?.iter().position(|item| {
        let kind = text(item, "type").unwrap_or_default();
        let name = text(item, "name");
        stable_platform_id(&declared.agent, &kind, name.as_deref()) == declared.stable_id
    })
}

//! MCP servers, value by value.

use serde_json::{Map, Value, json};

use super::project_files::{ProjectFiles, agent_path};
use super::secret_name::new_reference;
use super::skill_additions::SkillAdditions;
use super::toml_array::Order;
use super::toml_tree::TomlKey;
use crate::config::referenced_secret;
use crate::resource::value::same;
use crate::resource::{Settings, field};

/// The keys that have another name on the wire.
const NAMES: [(&str, &str); 6] = [
    ("authScope", "auth_scope"),
    ("authUrl", "auth_url"),
    ("tokenUrl", "token_url"),
    ("clientId", "client_id"),
    ("clientSecret", "client_secret"),
    ("tokenEndpointAuthMethod", "token_endpoint_auth_method"),
];

/// Writes the servers that differ.
pub(super) fn write(
    files: &mut ProjectFiles,
    remote: &Settings,
    skills: &SkillAdditions,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(), String> {
    let servers = |settings: &Settings| settings.get(field::MCP_SERVERS).and_then(Value::as_object).cloned();
    for (id, server) in servers(remote)
        .unwrap_or_default()
        .iter()
        .filter(|(id, _)| is_wanted(id))
    {
        let path = agent_path(&remote.agent, &["skills", "mcp", id]);
        // `lobu.toml` comes before the skills.
        let provided = skills.server(id).filter(|_| files.get(&path).is_none());
        match provided {
            Some(provided) if same(&provided, server) => continue,
            Some(_) => return Err(format!("a skill provides the MCP server `{id}`; edit the skill")),
            None => {}
        }
        let server = server.as_object().ok_or("the server's MCP server is no table")?;
        write_table(files, &path, server, &remote.agent, id)?;
    }
    Ok(())
}

/// Writes the values of one table of a server, and of the tables in it.
fn write_table(
    files: &mut ProjectFiles,
    path: &[TomlKey],
    table: &Map<String, Value>,
    agent: &str,
    id: &str,
) -> Result<(), String> {
    // Below these, any name is allowed and every value may be secret.
    let is_hidden = path
        .last()
        .is_some_and(|key| [TomlKey::from("env"), TomlKey::from("headers")].contains(key));
    for (wire, value) in table.iter().filter(|(_, value)| !value.is_null()) {
        let known = NAMES.iter().find(|(known, _)| known == wire && !is_hidden);
        let name = known.map_or(wire.as_str(), |(_, name)| name);
        let path: Vec<_> = path.iter().cloned().chain([name.into()]).collect();
        let old = files.get(&path);
        match value {
            Value::Object(entries) => write_table(files, &path, entries, agent, id)?,
            _ if old.as_ref() == Some(value) => {}
            // The server has references to secrets as they were written.
            Value::String(text) if (is_hidden || wire == "clientSecret") && referenced_secret(text).is_none() => {
                let known = old.as_ref().and_then(Value::as_str);
                if known.and_then(referenced_secret).is_some() {
                    continue;
                }
                if known.is_some() {
                    return Err(format!("the value of `{wire}` differs, and may be secret"));
                }
                files.set(&path, &json!(new_reference(&[agent, id, wire])), Order::Given)?;
            }
            _ => files.set(&path, value, Order::Given)?,
        }
    }
    Ok(())
}

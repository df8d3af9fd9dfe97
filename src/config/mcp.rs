//! `[agents.ID.skills.mcp.SERVER]`: MCP servers. References are sent as they are written, without their values.

use serde_json::{Map, Value};

use super::draft::SettingsDraft;
use super::source::Text;
use super::table::Table;
use crate::resource::{FieldPath, field, is_secret_key};

const KEYS: [&str; 8] = [
    "type",
    "url",
    "command",
    "args",
    "env",
    "headers",
    "auth_scope",
    "oauth",
];
const OAUTH_KEYS: [&str; 6] = [
    "auth_url",
    "token_url",
    "client_id",
    "client_secret",
    "scopes",
    "token_endpoint_auth_method",
];

/// Reads all servers of an agent into `mcpServers`.
pub(super) fn read(agent: &Table<'_>, settings: &mut SettingsDraft) {
    let Some(skills) = agent.table("skills") else {
        return;
    };
    skills.check_keys(&["mcp"], &[]);
    let Some(servers) = skills.table("mcp") else {
        return;
    };
    let mut wire = Map::new();
    for (id, table) in servers.tables_by_key() {
        let path = FieldPath::of([field::MCP_SERVERS, &id.value]);
        settings.locations.push((path, id.span));
        wire.insert(id.value, read_server(&table));
    }
    if !wire.is_empty() {
        settings.set(field::MCP_SERVERS, Value::Object(wire), &skills, "mcp");
    }
}

fn read_server(table: &Table<'_>) -> Value {
    table.check_keys(&KEYS, &[]);
    let mut wire = Map::new();
    copy(table.string("url"), "url", &mut wire);
    copy(
        table.choice("type", &["streamable-http", "sse", "stdio"]),
        "type",
        &mut wire,
    );
    copy(table.string("command"), "command", &mut wire);
    if let Some(args) = table.strings("args") {
        wire.insert("args".to_owned(), args.into_iter().map(|text| text.value).collect());
    }
    for key in ["headers", "env"] {
        if let Some(entries) = table.string_map(key) {
            wire.insert(key.to_owned(), read_entries(table, key, entries));
        }
    }
    copy(table.choice("auth_scope", &["user", "channel"]), "authScope", &mut wire);
    if let Some(oauth) = table.table("oauth") {
        wire.insert("oauth".to_owned(), Value::Object(read_oauth(&oauth)));
    }
    Value::Object(wire)
}

/// Copies a string to the wire form and returns it. An empty one is left out, as the original CLI does.
fn copy(text: Option<Text>, name: &str, wire: &mut Map<String, Value>) -> Option<Text> {
    let text = text.filter(|text| !text.value.is_empty())?;
    wire.insert(name.to_owned(), Value::String(text.value.clone()));
    Some(text)
}

/// Converts `headers` or `env`, and records references and literal secrets.
fn read_entries(table: &Table<'_>, key: &str, entries: Vec<(Text, Text)>) -> Value {
    let mut wire = Map::new();
    for (name, value) in entries {
        let location = format!("{}.{}", table.key_path(Some(key)), name.value);
        // Only under a secret key: most variables and headers are ordinary text.
        if is_secret_key(&name.value) {
            table.reader.check_literal_secret(&location, &value);
        }
        table.reader.reference(location, &value, false);
        wire.insert(name.value, Value::String(value.value));
    }
    Value::Object(wire)
}

fn read_oauth(oauth: &Table<'_>) -> Map<String, Value> {
    oauth.check_keys(&OAUTH_KEYS, &[]);
    let mut wire = Map::new();
    for (key, name) in [("auth_url", "authUrl"), ("token_url", "tokenUrl")] {
        if let Some(url) = oauth.required_filled(key, "\"https://…\"") {
            wire.insert(name.to_owned(), Value::String(url.value));
        }
    }
    for (key, name) in [("client_id", "clientId"), ("client_secret", "clientSecret")] {
        if let Some(text) = copy(oauth.string(key), name, &mut wire) {
            let location = oauth.key_path(Some(key));
            if key == "client_secret" {
                oauth.reader.check_literal_secret(&location, &text);
            }
            oauth.reader.reference(location, &text, false);
        }
    }
    if let Some(scopes) = oauth.strings("scopes") {
        wire.insert("scopes".to_owned(), scopes.into_iter().map(|text| text.value).collect());
    }
    copy(
        oauth.string("token_endpoint_auth_method"),
        "tokenEndpointAuthMethod",
        &mut wire,
    );
    wire
}

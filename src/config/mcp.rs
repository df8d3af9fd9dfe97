//! `[agents.ID.skills.mcp.SERVER]`: MCP servers. References stay literal: the gateway resolves them (contract section 10.1).

use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Sink, tick};
use super::draft::{AgentDraft, Reference};
use super::reference;
use super::table::{Table, Text, listed};
use crate::resource::{FieldPath, field};

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

/// Reads all servers into `mcpServers`.
pub(super) fn read(agent: &Table<'_>, draft: &mut AgentDraft, references: &mut Vec<Reference>, sink: &mut Sink) {
    let Some(skills) = agent.table("skills", sink) else {
        return;
    };
    skills.check_keys(&["mcp"], &[], sink);
    let Some(servers) = skills.table("mcp", sink) else {
        return;
    };
    let mut wire = Map::new();
    for (id, table) in servers.tables_by_key(sink) {
        draft
            .places
            .push((FieldPath::of([field::MCP_SERVERS, &id.value]), id.span));
        wire.insert(id.value, server(&table, references, sink));
    }
    if !wire.is_empty() {
        draft.set(field::MCP_SERVERS, Value::Object(wire), &skills, "mcp");
    }
}

fn server(table: &Table<'_>, references: &mut Vec<Reference>, sink: &mut Sink) -> Value {
    table.check_keys(&KEYS, &[], sink);
    let mut wire = Map::new();
    string(table, "url", "url", &mut wire, sink);
    choice(table, "type", &["streamable-http", "sse", "stdio"], sink);
    string(table, "type", "type", &mut wire, sink);
    string(table, "command", "command", &mut wire, sink);
    if let Some(args) = table.strings("args", sink) {
        wire.insert("args".to_owned(), args.into_iter().map(|text| text.value).collect());
    }
    for key in ["headers", "env"] {
        if let Some(entries) = table.string_map(key, sink) {
            wire.insert(key.to_owned(), noted(table, key, entries, references, sink));
        }
    }
    choice(table, "auth_scope", &["user", "channel"], sink);
    string(table, "auth_scope", "authScope", &mut wire, sink);
    if let Some(oauth) = table.table("oauth", sink) {
        wire.insert(
            "oauth".to_owned(),
            Value::Object(oauth_client(&oauth, references, sink)),
        );
    }
    Value::Object(wire)
}

/// Copies a string that is not empty.
fn string(table: &Table<'_>, key: &str, name: &str, wire: &mut Map<String, Value>, sink: &mut Sink) -> Option<Text> {
    let text = table.string(key, sink).filter(|text| !text.value.is_empty())?;
    wire.insert(name.to_owned(), Value::String(text.value.clone()));
    Some(text)
}

fn choice(table: &Table<'_>, key: &str, choices: &[&str], sink: &mut Sink) {
    // A wrong type is said when the value is copied.
    let Some(text) = table.string(key, &mut Sink::new()) else {
        return;
    };
    if !text.value.is_empty() && !choices.contains(&text.value.as_str()) {
        sink.push(
            Diagnostic::error(
                "wrong-choice",
                format!("{} cannot be {}", tick(&table.name(Some(key))), tick(&text.value)),
            )
            .at(table.source, text.span)
            .help(format!("use one of {}", listed(choices))),
        );
    }
}

fn noted(
    table: &Table<'_>,
    key: &str,
    entries: Vec<(Text, Text)>,
    references: &mut Vec<Reference>,
    sink: &mut Sink,
) -> Value {
    let mut wire = Map::new();
    for (name, value) in entries {
        let place = format!("{}.{}", table.name(Some(key)), name.value);
        reference::note(table.source, place, &value, false, references, sink);
        wire.insert(name.value, Value::String(value.value));
    }
    Value::Object(wire)
}

fn oauth_client(oauth: &Table<'_>, references: &mut Vec<Reference>, sink: &mut Sink) -> Map<String, Value> {
    oauth.check_keys(&OAUTH_KEYS, &[], sink);
    let mut wire = Map::new();
    for (key, name) in [("auth_url", "authUrl"), ("token_url", "tokenUrl")] {
        if let Some(url) = oauth.required_filled(key, "\"https://…\"", sink) {
            wire.insert(name.to_owned(), Value::String(url.value));
        }
    }
    for (key, name) in [("client_id", "clientId"), ("client_secret", "clientSecret")] {
        if let Some(text) = string(oauth, key, name, &mut wire, sink) {
            reference::note(oauth.source, oauth.name(Some(key)), &text, false, references, sink);
        }
    }
    if let Some(scopes) = oauth.strings("scopes", sink) {
        wire.insert("scopes".to_owned(), scopes.into_iter().map(|text| text.value).collect());
    }
    string(
        oauth,
        "token_endpoint_auth_method",
        "tokenEndpointAuthMethod",
        &mut wire,
        sink,
    );
    wire
}

//! `[agents.ID]`: one agent, with its settings under their wire names.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::diagnostic::tick;
use super::draft::{AgentDraft, SettingsDraft};
use super::source::Text;
use super::table::Table;
use super::{mcp, network, platform, provider};
use crate::resource::field_table::Field;
use crate::resource::{Agent, FieldPath, field};

/// The keys of an agent's table beside [`Agent::FIELDS`].
const KEYS: [&str; 9] = [
    "dir",
    "providers",
    "platforms",
    "skills",
    "network",
    "egress",
    "tools",
    "guardrails",
    "worker",
];

/// The keys of later Lobu releases, with advice on what to do.
const LATER: [(&str, &str); 4] = [
    (
        "watchers",
        "watchers are left to the server: manage them there, or remove the table",
    ),
    ("guardrails_disabled", "the key belongs to a later Lobu release"),
    ("guardrails_inline", "the key belongs to a later Lobu release"),
    ("preview", "the key belongs to a later Lobu release"),
];

/// Reads one agent. `None` when the server would refuse its id; its table is checked all the same.
pub(super) fn read(id: Text, table: &Table<'_>) -> Option<AgentDraft> {
    let is_valid_id = check_id(table, &id);
    check_keys(table);
    let mut settings = SettingsDraft::default();
    let fields = read_fields(table);
    let dir = table.required_filled("dir", &format!("\"./agents/{}\"", id.value));
    let platforms = platform::read(table);
    provider::read(table, &mut settings);
    network::read(table, &mut settings);
    read_egress(table, &mut settings);
    read_tools(table, &mut settings);
    if let Some(guardrails) = table.strings("guardrails") {
        settings.set(field::GUARDRAILS, distinct(guardrails), table, "guardrails");
    }
    read_worker(table, &mut settings);
    mcp::read(table, &mut settings);
    is_valid_id.then_some(AgentDraft {
        id,
        fields,
        dir,
        settings,
        platforms,
    })
}

/// Reads [`Agent::FIELDS`], whose keys in the file are their names on the wire.
fn read_fields(table: &Table<'_>) -> Vec<(&'static str, Text)> {
    let read = |field: &Field<Agent>| {
        let text = if field.is_required() {
            table.required_filled(field.name, "\"Triage\"")
        } else {
            table.string(field.name)
        };
        text.map(|text| (field.name, text))
    };
    Agent::FIELDS.iter().filter_map(read).collect()
}

/// Returns the strings as JSON, each once, in order.
fn distinct(texts: Vec<Text>) -> Value {
    let mut seen = HashSet::new();
    let kept = texts
        .into_iter()
        .map(|text| text.value)
        .filter(|text| seen.insert(text.clone()));
    kept.map(Value::String).collect()
}

/// The form of an agent's id, in words.
pub const AGENT_ID_FORM: &str = "3 to 60 lower-case letters, digits and hyphens, starting with a letter";

/// Whether an id has the form that the server requires of an agent's (contract section 4).
pub fn is_agent_id(id: &str) -> bool {
    let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    (3..=60).contains(&id.len()) && id.starts_with(|first: char| first.is_ascii_lowercase()) && id.chars().all(allowed)
}

/// Whether an id has the form that the server requires. Reports it otherwise.
fn check_id(table: &Table<'_>, id: &Text) -> bool {
    let is_valid = is_agent_id(&id.value);
    if !is_valid {
        let message = format!("the server refuses the agent id {}", tick(&id.value));
        let help = format!("use {AGENT_ID_FORM}");
        table.reader.error("agent-id", message, id.span.clone(), &help);
    }
    is_valid
}

fn check_keys(table: &Table<'_>) {
    let mut known: Vec<&str> = Agent::FIELDS.iter().map(|field| field.name).chain(KEYS).collect();
    let Some(span) = table.key_span("connections") else {
        return table.check_keys(&known, &LATER);
    };
    let message = format!(
        "{} is now called `platforms`",
        tick(&table.key_path(Some("connections")))
    );
    let help = format!("rename it to `[[{}]]`", table.key_path(Some("platforms")));
    table.reader.error("renamed-key", message, span, &help);
    // Reported already, so it must not be reported as unknown too.
    known.push("connections");
    table.check_keys(&known, &LATER);
}

fn read_egress(table: &Table<'_>, settings: &mut SettingsDraft) {
    let Some(egress) = table.table("egress") else {
        return;
    };
    egress.check_keys(&["extra_policy", "judge_model"], &[]);
    let mut wire = Map::new();
    for (key, name) in [("extra_policy", "extraPolicy"), ("judge_model", "judgeModel")] {
        if let Some(text) = egress.string(key) {
            wire.insert(name.to_owned(), Value::String(text.value));
            settings.locate(FieldPath::of([field::EGRESS, name]), &egress, key);
        }
    }
    if !wire.is_empty() {
        settings.set(field::EGRESS, Value::Object(wire), table, "egress");
    }
}

fn read_tools(table: &Table<'_>, settings: &mut SettingsDraft) {
    let Some(tools) = table.table("tools") else {
        return;
    };
    tools.check_keys(&["pre_approved", "allowed", "denied", "strict"], &[]);
    if let Some(patterns) = tools.strings("pre_approved") {
        for pattern in &patterns {
            check_pattern(&tools, pattern);
        }
        settings.set(field::PRE_APPROVED, distinct(patterns), &tools, "pre_approved");
    }
    let mut wire = Map::new();
    for (key, name) in [("allowed", "allowedTools"), ("denied", "deniedTools")] {
        if let Some(names) = tools.strings(key) {
            wire.insert(name.to_owned(), distinct(names));
            settings.locate(FieldPath::of([field::TOOLS, name]), &tools, key);
        }
    }
    if let Some(strict) = tools.boolean("strict") {
        wire.insert("strictMode".to_owned(), Value::Bool(strict));
        settings.locate(FieldPath::of([field::TOOLS, "strictMode"]), &tools, "strict");
    }
    if !wire.is_empty() {
        settings.set(field::TOOLS, Value::Object(wire), table, "tools");
    }
}

fn check_pattern(tools: &Table<'_>, pattern: &Text) {
    let is_word = |text: &str| {
        let letter = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
        !text.is_empty() && text.chars().all(letter)
    };
    let parts = pattern
        .value
        .strip_prefix("/mcp/")
        .and_then(|rest| rest.split_once("/tools/"));
    if !parts.is_some_and(|(server, tool)| is_word(server) && (tool == "*" || is_word(tool))) {
        let message = format!("{} is not a tool pattern", tick(&pattern.value));
        let help = "write `/mcp/SERVER/tools/TOOL`, or `/mcp/SERVER/tools/*` for all of them";
        tools.reader.error("tool-pattern", message, pattern.span.clone(), help);
    }
}

fn read_worker(table: &Table<'_>, settings: &mut SettingsDraft) {
    let Some(worker) = table.table("worker") else {
        return;
    };
    worker.check_keys(&["nix_packages"], &[]);
    if let Some(packages) = worker.strings("nix_packages") {
        settings.set(field::NIX, json!({ "packages": distinct(packages) }), table, "worker");
        settings.locate(FieldPath::of([field::NIX, "packages"]), &worker, "nix_packages");
    }
}

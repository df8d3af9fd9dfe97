//! `[agents.ID]`: one agent, with its settings under their wire names (contract section 10).

use serde_json::{Map, Value, json};

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::draft::{AgentDraft, Reference};
use super::table::{Table, Text};
use super::{mcp, network, platform, reference};
use crate::resource::{FieldPath, field};

const KEYS: [&str; 11] = [
    "name",
    "description",
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

const LATER: [(&str, &str); 4] = [
    (
        "watchers",
        "watchers are left to the server: manage them there, or remove the table",
    ),
    ("guardrails_disabled", "the key belongs to a later Lobu release"),
    ("guardrails_inline", "the key belongs to a later Lobu release"),
    ("preview", "the key belongs to a later Lobu release"),
];

/// Reads one agent. `None` only when its id cannot be used.
pub(super) fn read(
    id: Text,
    table: &Table<'_>,
    references: &mut Vec<Reference>,
    sink: &mut Sink,
) -> Option<AgentDraft> {
    let usable = check_id(table.source, &id, sink);
    check_keys(table, sink);
    let mut draft = AgentDraft {
        name: table.required_filled("name", "\"Triage\"", sink),
        description: table.string("description", sink),
        dir: table.required_filled("dir", &format!("\"./agents/{}\"", id.value), sink),
        fields: Map::new(),
        places: Vec::new(),
        platforms: platform::read(table, references, sink),
        id,
    };
    providers(table, &mut draft, references, sink);
    network::read(table, &mut draft, sink);
    egress(table, &mut draft, sink);
    tools(table, &mut draft, sink);
    if let Some(guardrails) = table.strings("guardrails", sink) {
        draft.set(field::GUARDRAILS, distinct(guardrails), table, "guardrails");
    }
    worker(table, &mut draft, sink);
    mcp::read(table, &mut draft, references, sink);
    usable.then_some(draft)
}

impl AgentDraft {
    /// Sets a settings field and notes where it stands.
    pub(super) fn set(&mut self, name: &str, value: Value, table: &Table<'_>, key: &str) {
        self.fields.insert(name.to_owned(), value);
        self.place(FieldPath::root(name), table, key);
    }

    /// Notes where a field stands.
    pub(super) fn place(&mut self, path: FieldPath, table: &Table<'_>, key: &str) {
        self.places.extend(table.key_span(key).map(|span| (path, span)));
    }
}

/// The strings as JSON, each once, in order.
pub(super) fn distinct(texts: Vec<Text>) -> Value {
    let mut seen = std::collections::HashSet::new();
    let kept = texts
        .into_iter()
        .map(|text| text.value)
        .filter(|text| seen.insert(text.clone()));
    kept.map(Value::String).collect()
}

fn check_id(source: &Source, id: &Text, sink: &mut Sink) -> bool {
    let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    let good = (3..=60).contains(&id.value.len())
        && id.value.starts_with(|first: char| first.is_ascii_lowercase())
        && id.value.chars().all(allowed);
    if !good {
        sink.push(
            Diagnostic::error(
                "agent-id",
                format!("the server refuses the agent id {}", tick(&id.value)),
            )
            .at(source, id.span.clone())
            .help("use 3 to 60 lower-case letters, digits and hyphens, starting with a letter"),
        );
    }
    good
}

fn check_keys(table: &Table<'_>, sink: &mut Sink) {
    if let Some(span) = table.key_span("connections") {
        sink.push(
            Diagnostic::error(
                "renamed-key",
                format!("{} is now called `platforms`", tick(&table.name(Some("connections")))),
            )
            .at(table.source, span)
            .help(format!("rename it to `[[{}]]`", table.name(Some("platforms")))),
        );
    }
    let known: Vec<&str> = KEYS.into_iter().chain(["connections"]).collect();
    table.check_keys(
        if table.get("connections").is_some() {
            &known
        } else {
            &KEYS
        },
        &LATER,
        sink,
    );
}

fn providers(table: &Table<'_>, draft: &mut AgentDraft, references: &mut Vec<Reference>, sink: &mut Sink) {
    let Some(tables) = table.tables("providers", sink) else {
        return;
    };
    let mut installed: Vec<(Text, Option<Text>)> = Vec::new();
    for provider in &tables {
        let read = provider_entry(provider, references, sink);
        let Some((id, model)) = read else { continue };
        if let Some((first, _)) = installed.iter().find(|(other, _)| other.value == id.value) {
            sink.push(
                Diagnostic::error(
                    "duplicate-provider",
                    format!("provider {} is listed twice", tick(&id.value)),
                )
                .at(table.source, id.span.clone())
                .related(table.source, first.span.clone(), "first listed here")
                .help("remove one of them"),
            );
        }
        installed.push((id, model));
    }
    let ids: Vec<Value> = installed
        .iter()
        .map(|(id, _)| json!({ "providerId": id.value }))
        .collect();
    let some = !ids.is_empty();
    draft.set(field::PROVIDERS, Value::Array(ids), table, "providers");
    if some {
        draft.set(field::MODEL_SELECTION, json!({ "mode": "auto" }), table, "providers");
    }
    preferences(table, draft, installed);
}

fn preferences(table: &Table<'_>, draft: &mut AgentDraft, installed: Vec<(Text, Option<Text>)>) {
    let mut preferred = Map::new();
    for (id, model) in installed {
        let Some(model) = model.filter(|model| !model.value.trim().is_empty()) else {
            continue;
        };
        draft
            .places
            .push((FieldPath::of([field::MODEL_PREFERENCES, &id.value]), model.span));
        preferred.insert(id.value, Value::String(model.value.trim().to_owned()));
    }
    if !preferred.is_empty() {
        draft.set(field::MODEL_PREFERENCES, Value::Object(preferred), table, "providers");
    }
}

fn provider_entry(
    provider: &Table<'_>,
    references: &mut Vec<Reference>,
    sink: &mut Sink,
) -> Option<(Text, Option<Text>)> {
    provider.check_keys(&["id", "model", "key", "secret_ref"], &[], sink);
    let id = provider.required_filled("id", "\"anthropic\"", sink);
    let model = provider.string("model", sink);
    let filled = |text: &Text| !text.value.trim().is_empty();
    let key = provider.string("key", sink).filter(filled);
    let secret_ref = provider.string("secret_ref", sink).filter(filled);
    for (name, text) in [("key", &key), ("secret_ref", &secret_ref)] {
        if let Some(text) = text {
            reference::note(
                provider.source,
                provider.name(Some(name)),
                text,
                false,
                references,
                sink,
            );
        }
    }
    if let (Some(key), Some(other)) = (key, secret_ref) {
        sink.push(
            Diagnostic::error(
                "key-and-secret-ref",
                format!("{} has both `key` and `secret_ref`", tick(&provider.name(None))),
            )
            .at(provider.source, other.span)
            .related(provider.source, key.span, "`key` is set here")
            .help("keep one of them"),
        );
    }
    id.map(|id| (id, model))
}

fn egress(table: &Table<'_>, draft: &mut AgentDraft, sink: &mut Sink) {
    let Some(egress) = table.table("egress", sink) else {
        return;
    };
    egress.check_keys(&["extra_policy", "judge_model"], &[], sink);
    let mut wire = Map::new();
    for (key, name) in [("extra_policy", "extraPolicy"), ("judge_model", "judgeModel")] {
        if let Some(text) = egress.string(key, sink) {
            wire.insert(name.to_owned(), Value::String(text.value));
            draft.place(FieldPath::of([field::EGRESS, name]), &egress, key);
        }
    }
    if !wire.is_empty() {
        draft.set(field::EGRESS, Value::Object(wire), table, "egress");
    }
}

fn tools(table: &Table<'_>, draft: &mut AgentDraft, sink: &mut Sink) {
    let Some(tools) = table.table("tools", sink) else {
        return;
    };
    tools.check_keys(&["pre_approved", "allowed", "denied", "strict"], &[], sink);
    if let Some(patterns) = tools.strings("pre_approved", sink) {
        for pattern in &patterns {
            check_pattern(&tools, pattern, sink);
        }
        draft.set(field::PRE_APPROVED, distinct(patterns), &tools, "pre_approved");
    }
    let mut wire = Map::new();
    for (key, name) in [("allowed", "allowedTools"), ("denied", "deniedTools")] {
        if let Some(names) = tools.strings(key, sink) {
            wire.insert(name.to_owned(), distinct(names));
            draft.place(FieldPath::of([field::TOOLS, name]), &tools, key);
        }
    }
    if let Some(strict) = tools.boolean("strict", sink) {
        wire.insert("strictMode".to_owned(), Value::Bool(strict));
        draft.place(FieldPath::of([field::TOOLS, "strictMode"]), &tools, "strict");
    }
    if !wire.is_empty() {
        draft.set(field::TOOLS, Value::Object(wire), table, "tools");
    }
}

fn check_pattern(tools: &Table<'_>, pattern: &Text, sink: &mut Sink) {
    let word = |text: &str| {
        let letter = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
        !text.is_empty() && text.chars().all(letter)
    };
    let parts = pattern
        .value
        .strip_prefix("/mcp/")
        .and_then(|rest| rest.split_once("/tools/"));
    if !parts.is_some_and(|(server, tool)| word(server) && (tool == "*" || word(tool))) {
        sink.push(
            Diagnostic::error("tool-pattern", format!("{} is no tool pattern", tick(&pattern.value)))
                .at(tools.source, pattern.span.clone())
                .help("write `/mcp/SERVER/tools/TOOL`, or `/mcp/SERVER/tools/*` for all of them"),
        );
    }
}

fn worker(table: &Table<'_>, draft: &mut AgentDraft, sink: &mut Sink) {
    let Some(worker) = table.table("worker", sink) else {
        return;
    };
    worker.check_keys(&["nix_packages"], &[], sink);
    if let Some(packages) = worker.strings("nix_packages", sink) {
        draft.set(field::NIX, json!({ "packages": distinct(packages) }), table, "worker");
        draft.place(FieldPath::of([field::NIX, "packages"]), &worker, "nix_packages");
    }
}

//! `[[agents.ID.providers]]`: model providers, in order of preference. Their keys are checked for presence; no apply sends them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::diagnostic::{Diagnostic, tick};
use super::draft::SettingsDraft;
use super::reference;
use super::source::Text;
use super::table::Table;
use crate::resource::{FieldPath, field};

/// Reads the providers of an agent.
pub(super) fn read(agent: &Table<'_>, settings: &mut SettingsDraft) {
    let Some(tables) = agent.tables("providers") else {
        return;
    };
    let mut installed: Vec<(Text, Option<Text>)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for provider in &tables {
        let Some((id, model)) = read_entry(provider, settings) else {
            continue;
        };
        if let Some(first) = seen.get(&id.value) {
            report_duplicate(agent, &id, &installed[*first].0);
        }
        // Duplicates are kept here, because the error prevents a plan.
        seen.entry(id.value.clone()).or_insert(installed.len());
        installed.push((id, model));
    }
    let ids: Vec<Value> = installed
        .iter()
        .map(|(id, _)| json!({ "providerId": id.value }))
        .collect();
    let has_providers = !ids.is_empty();
    settings.set(field::PROVIDERS, Value::Array(ids), agent, "providers");
    // The mode follows from the providers (contract section 10), so it has their location.
    if has_providers {
        settings.set(field::MODEL_SELECTION, json!({ "mode": "auto" }), agent, "providers");
    }
    set_preferences(agent, settings, installed);
}

fn report_duplicate(agent: &Table<'_>, id: &Text, first: &Text) {
    let source = agent.reader.source;
    let message = format!("provider {} is listed twice", tick(&id.value));
    agent.reader.report(
        Diagnostic::error("duplicate-provider", message)
            .at(source, id.span.clone())
            .related(source, first.span.clone(), "first listed here")
            .help("remove one of them"),
    );
}

fn set_preferences(agent: &Table<'_>, settings: &mut SettingsDraft, installed: Vec<(Text, Option<Text>)>) {
    let mut preferred = Map::new();
    for (id, model) in installed {
        let Some(model) = model.filter(|model| !model.value.trim().is_empty()) else {
            continue;
        };
        let path = FieldPath::of([field::MODEL_PREFERENCES, &id.value]);
        settings.locations.push((path, model.span));
        preferred.insert(id.value, Value::String(model.value.trim().to_owned()));
    }
    if !preferred.is_empty() {
        settings.set(field::MODEL_PREFERENCES, Value::Object(preferred), agent, "providers");
    }
}

/// Reads one provider: its id and its preferred model, if it has one. `None` when there is no usable id.
fn read_entry(provider: &Table<'_>, settings: &mut SettingsDraft) -> Option<(Text, Option<Text>)> {
    provider.check_keys(&["id", "model", "key", "secret_ref"], &[]);
    let id = provider.required_filled("id", "\"anthropic\"");
    let model = provider.string("model");
    let filled = |text: &Text| !text.value.trim().is_empty();
    let key = provider.string("key").filter(filled);
    let secret_ref = provider.string("secret_ref").filter(filled);
    if let Some(key) = &key {
        provider
            .reader
            .check_literal_secret(&provider.key_path(Some("key")), key);
    }
    for (name, text) in [("key", &key), ("secret_ref", &secret_ref)] {
        if let Some(text) = text {
            provider.reader.reference(provider.key_path(Some(name)), text, false);
        }
    }
    if let (Some(id), Some(key)) = (&id, &key) {
        let name = reference::name(&key.value).map(|name| (id.value.clone(), name.to_owned()));
        settings.provider_keys.extend(name);
    }
    if let (Some(key), Some(secret_ref)) = (key, secret_ref) {
        let source = provider.reader.source;
        let message = format!("{} has both `key` and `secret_ref`", tick(&provider.key_path(None)));
        provider.reader.report(
            Diagnostic::error("key-and-secret-ref", message)
                .at(source, secret_ref.span)
                .related(source, key.span, "`key` is set here")
                .help("keep one of them"),
        );
    }
    id.map(|id| (id, model))
}

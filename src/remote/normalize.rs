//! Wire JSON becomes domain values here and nowhere else: what the server adds, renames or defaults is undone.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::resource::value::is_redacted;
use crate::resource::{
    Address, Agent, ConfigValue, EntityType, Platform, RelationshipType, Rule, Secret, Settings, field, is_secret_key,
};
use crate::wire;

/// An agent from a list or a get.
pub(super) fn agent(summary: wire::agent::AgentSummary) -> Agent {
    Agent {
        id: summary.agent_id,
        name: summary.name,
        description: summary.description.filter(|description| !description.is_empty()),
    }
}

/// An agent's config: the fields that a file can express; the others are the server's own.
pub(super) fn settings(agent: &str, config: wire::agent::AgentConfig) -> Settings {
    let fields = config
        .into_iter()
        .filter(|(key, value)| field::ALL.contains(&key.as_str()) && !value.is_null());
    Settings {
        agent: agent.to_owned(),
        fields: fields.collect(),
    }
}

/// A platform from a list or a get. The key `platform` in its config is the server's.
pub(super) fn platform(agent: &str, wire: wire::platform::Platform) -> Platform {
    let agent = wire.agent_id.unwrap_or_else(|| agent.to_owned());
    let address = Address::platform_from_id(&agent, &wire.platform, &wire.id);
    let name = match address {
        Address::Platform { name, .. } => name,
        _ => None,
    };
    let config = wire
        .config
        .into_iter()
        .filter(|(key, value)| key != "platform" && !value.is_null());
    Platform {
        agent,
        kind: wire.platform,
        name,
        stable_id: wire.id,
        config: config
            .map(|(key, value)| (key.clone(), config_value(&key, value)))
            .collect(),
        settings: wire.settings,
        status: Some((wire.status, wire.error_message)),
    }
}

/// Stars mean that the server does not tell; a secret-named key that it does tell is hidden from here on.
fn config_value(key: &str, value: Value) -> ConfigValue {
    match value {
        redacted if is_redacted(&redacted) => ConfigValue::Redacted,
        Value::String(text) if is_secret_key(key) => ConfigValue::Secret(Secret::new(text)),
        other => ConfigValue::Plain(other),
    }
}

/// An entity type from a list or a get.
pub(super) fn entity_type(wire: wire::schema::EntityType) -> EntityType {
    EntityType {
        slug: wire.slug,
        name: wire.name,
        description: filled(wire.description),
        icon: filled(wire.icon),
        color: filled(wire.color),
        metadata_schema: wire.metadata_schema,
        event_kinds: wire.event_kinds,
    }
}

/// A relationship type from a list or a get, with its rules from `list_rules`.
pub(super) fn relationship_type(
    wire: wire::schema::RelationshipType,
    rules: Vec<wire::schema::Rule>,
) -> RelationshipType {
    let auto_create_when = wire
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.get("autoCreateWhen"))
        .cloned();
    RelationshipType {
        slug: wire.slug,
        name: wire.name,
        description: filled(wire.description),
        metadata_schema: wire.metadata_schema,
        is_symmetric: Some(wire.is_symmetric),
        inverse_type_slug: filled(wire.inverse_type_slug),
        status: wire.status,
        auto_create_when: auto_create_when.filter(|value| !value.is_null()),
        rules: Some(rules_by_pair(rules)),
    }
}

/// A racy server may hold one rule in several rows: one rule here, with all its ids.
fn rules_by_pair(rows: Vec<wire::schema::Rule>) -> BTreeMap<Rule, Vec<Value>> {
    let mut rules: BTreeMap<Rule, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let rule = Rule {
            source: row.source_entity_type_slug,
            target: row.target_entity_type_slug,
        };
        rules.entry(rule).or_default().push(row.id);
    }
    rules
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

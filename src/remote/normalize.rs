//! Turns the JSON of responses into resources: what the server adds, renames or defaults is undone here and nowhere
//! else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
use crate::resource::field_table::{FieldMismatch, read_body};
use crate::resource::value::{is_empty, is_redacted};
use crate::resource::{
    Address, Agent, ConfigValue, EntityType, Platform, RelationshipType, Rule, Secret, Settings, field, is_secret_key,
    server_secret_name,
};
use crate::wire;

/// Returns the agent that a response describes.
pub(super) fn agent(body: wire::agent::WireAgent) -> Result<Agent, FieldMismatch> {
    let mut agent = Agent {
        id: body.agent_id,
        ..Agent::default()
    };
    read_body(Agent::FIELDS, &mut agent, &body.fields)?;
    Ok(agent)
}

/// Returns an entry of the list of agents.
pub(super) fn listed_agent(summary: wire::agent::AgentSummary) -> Result<ListedAgent, FieldMismatch> {
    Ok(ListedAgent {
        agent: agent(summary.agent)?,
        platforms: summary.connection_count,
    })
}

/// Returns the settings in an agent's config: the fields that a file can express. The others are the server's own.
pub(super) fn settings(agent: &str, config: wire::agent::AgentConfig) -> Settings {
    let fields = config
        .into_iter()
        .filter(|(key, value)| field::ALL.contains(&key.as_str()) && !value.is_null());
    Settings {
        agent: agent.to_owned(),
        fields: fields.collect(),
    }
}

/// The settings that only the web interface writes: no file can express them (contract section 5).
const WITHOUT_FILE: [&str; 5] = [
    "model",
    "templateAgentId",
    "pluginsConfig",
    "authProfiles",
    "verboseLogging",
];

/// Returns the names of the settings that no file can express and that differ from those of a new agent.
pub(super) fn settings_without_file(config: &wire::agent::AgentConfig) -> BTreeSet<String> {
    let is_set = |name: &&&str| {
        let value = config.get(**name).unwrap_or(&Value::Null);
        !is_empty(value) && *value != Value::Bool(false)
    };
    WITHOUT_FILE
        .iter()
        .filter(is_set)
        .map(|name| (*name).to_owned())
        .collect()
}

/// Returns the platform that a response describes. The key `platform` in its config is the server's own.
pub(super) fn platform(agent: &str, wire: wire::platform::WirePlatform) -> Platform {
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
        changed: (!wire.updated_at.is_null()).then(|| wire.updated_at.to_string()),
    }
}

/// Returns a value of a platform's config. Stars mark a redacted value. A value in clear under a key that names a secret
/// (local mode answers those) is a secret from here on; a reference to a secret on the server is none.
fn config_value(key: &str, value: Value) -> ConfigValue {
    match value {
        redacted if is_redacted(&redacted) => ConfigValue::Redacted,
        Value::String(text) if is_secret_key(key) && server_secret_name(&text).is_none() => {
            ConfigValue::Secret(Secret::new(text))
        }
        other => ConfigValue::Plain(other),
    }
}

/// Returns the entity type that a response describes.
pub(super) fn entity_type(body: wire::schema::WireEntityType) -> Result<ListedEntityType, FieldMismatch> {
    let mut entity_type = EntityType {
        slug: body.slug,
        ..EntityType::default()
    };
    read_body(EntityType::FIELDS, &mut entity_type, &body.fields)?;
    Ok(ListedEntityType {
        is_system: body.is_system || entity_type.slug.starts_with('$'),
        entity_type,
        organization: body.organization_slug,
    })
}

/// Returns the relationship type that a response describes, without its rules.
pub(super) fn relationship_type(
    body: wire::schema::WireRelationshipType,
) -> Result<ListedRelationshipType, FieldMismatch> {
    let mut relationship_type = RelationshipType {
        slug: body.slug,
        ..RelationshipType::default()
    };
    read_body(RelationshipType::FIELDS, &mut relationship_type, &body.fields)?;
    let count = body.relationship_count.as_ref();
    Ok(ListedRelationshipType {
        is_system: body.created_by.is_none() || relationship_type.slug.starts_with('$'),
        relationship_type,
        organization: body.organization_slug,
        uses: count
            .and_then(|count| count.as_u64().or(count.as_str()?.parse().ok()))
            .unwrap_or(0),
    })
}

/// Groups rules by source and target, with all their ids: a server may hold one rule in several rows, when calls to add
/// it overlapped.
pub(super) fn rules_by_pair(rows: Vec<wire::schema::WireRule>) -> BTreeMap<Rule, Vec<Value>> {
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

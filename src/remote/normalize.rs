//! Turns the JSON of responses into resources: what the server adds, renames or defaults is undone here and nowhere
//! else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::listed::{ListedAgent, ListedEntityType, ListedRelationshipType};
use crate::resource::field_table::{FieldMismatch, read_body};
use crate::resource::value::{is_empty, is_redacted};
use crate::resource::{
    Address, Agent, ConfigValue, Entity, EntityPath, EntityType, Platform, Relationship, RelationshipKey,
    RelationshipType, Rule, Rules, Secret, Settings, WatchedEntity, Watcher, is_secret_key, server_secret_name,
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
    Settings {
        agent: agent.to_owned(),
        fields: config.into_iter().filter(|(_, value)| !value.is_null()).collect(),
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
    let changed = wire.changed();
    let agent = wire.agent_id.unwrap_or_else(|| agent.to_owned());
    let address = Address::platform_from_id(&agent, &wire.platform, &wire.id);
    let name = match address {
        Address::Platform { name, .. } => name.map(|name| name.to_string()),
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
        changed,
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
        uses: count(body.entity_count.as_ref()),
    })
}

/// Returns a number that a response has as a number or as digits, 0 where it has none.
fn count(value: Option<&Value>) -> u64 {
    let digits = |value: &Value| value.as_str()?.parse().ok();
    value
        .and_then(|value| value.as_u64().or_else(|| digits(value)))
        .unwrap_or(0)
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
    Ok(ListedRelationshipType {
        is_system: body.created_by.is_none() || relationship_type.slug.starts_with('$'),
        relationship_type,
        organization: body.organization_slug,
        uses: count(body.relationship_count.as_ref()),
    })
}

/// Groups rules by source and target, with all their ids: a server may hold one rule in several rows, when calls to add
/// it overlapped.
pub(super) fn rules_by_pair(rows: Vec<wire::schema::WireRule>) -> Rules {
    let mut rules = Rules::new();
    for row in rows {
        let rule = Rule {
            source: row.source_entity_type_slug,
            target: row.target_entity_type_slug,
        };
        rules.entry(rule).or_default().push(row.id);
    }
    rules.sort_unstable_keys();
    rules.shrink_to_fit();
    rules
}

/// Returns the watcher that a row of the list describes, without its script.
pub(super) fn watcher(row: wire::watcher::WireWatcher) -> Result<Watcher, FieldMismatch> {
    let mut fields = row.fields;
    if let Some(tags) = fields.get_mut("tags") {
        *tags = text_list(tags);
    }
    // Lists have no script. Whatever is found under its name is none.
    fields.remove(Watcher::SCRIPT);
    let mut watcher = Watcher {
        slug: row.slug,
        id: Some(row.watcher_id),
        ..Watcher::default()
    };
    read_body(Watcher::FIELDS, &mut watcher, &fields)?;
    if let Some(id) = row.entity_id.as_ref().and_then(number) {
        watcher.entities.push(WatchedEntity {
            id: Some(id),
            entity_type: row.entity_type,
            slug: row.entity_slug,
        });
    }
    Ok(watcher)
}

/// Returns a list of texts as such: a recorded server answers the text of a PostgreSQL array, `{a,"b c"}`.
pub(super) fn text_list(tags: &Value) -> Value {
    let Some(inner) = tags.as_str().and_then(|text| text.strip_prefix('{')?.strip_suffix('}')) else {
        return tags.clone();
    };
    let mut items: Vec<String> = Vec::new();
    let mut item = String::new();
    let mut is_quoted = false;
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' => item.extend(characters.next()),
            ',' if !is_quoted => items.push(std::mem::take(&mut item)),
            other => item.push(other),
        }
    }
    if !inner.is_empty() {
        items.push(item);
    }
    items.into()
}

/// Returns the entity that a response describes, as a watcher's entity.
pub(super) fn watched_entity(entity: wire::entity::WireEntity) -> WatchedEntity {
    WatchedEntity {
        id: number(&entity.id),
        entity_type: Some(entity.entity_type),
        slug: Some(entity.slug),
    }
}

/// Returns an id that is a number, or a string of digits.
pub(super) fn number(id: &Value) -> Option<u64> {
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}

/// Returns the entity that a response describes. No response has its content.
pub(super) fn entity(row: wire::entity::WireEntity, path: EntityPath) -> Result<Entity, FieldMismatch> {
    let mut fields = row.fields;
    for name in Entity::HIDDEN {
        fields.remove(name);
    }
    let mut entity = Entity {
        path,
        entity_type: row.entity_type,
        id: number(&row.id),
        hides_content: true,
        ..Entity::default()
    };
    read_body(Entity::FIELDS, &mut entity, &fields)?;
    Ok(entity)
}

/// Returns an entity with its content, which only a query tells.
pub(super) fn with_content(entity: Entity, row: wire::entity::ContentRow) -> Entity {
    Entity {
        hides_content: false,
        content: row.content.filter(|content| !content.is_empty()),
        enabled_classifiers: row.enabled_classifiers.as_ref().map(text_list),
        ..entity
    }
}

/// Returns the relationship that a response describes. Of a symmetric one, `key` may have the ends swapped.
pub(super) fn relationship(
    row: &wire::entity::WireRelationship,
    key: RelationshipKey,
) -> Result<Relationship, FieldMismatch> {
    let mut relationship = Relationship {
        key,
        id: number(&row.id),
        ..Relationship::default()
    };
    read_body(Relationship::FIELDS, &mut relationship, &row.fields)?;
    Ok(relationship)
}

/// Returns the ids of the two entities of a relationship.
pub(super) fn ends(row: &wire::entity::WireRelationship) -> Option<(u64, u64)> {
    number(&row.from_entity_id).zip(number(&row.to_entity_id))
}

//! A resource as a journal keeps it: one entry for each part that a run can change by itself, without any secret.
//!
//! A part is as small as an undo can put back alone: `config.chatId`, `networkConfig.allowedDomains`,
//! `mcpServers.linear`, `rules.person.company`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::plan::masked;
use crate::redact::Redactor;
use crate::resource::field_table::{Field, to_body};
use crate::resource::value::{HIDDEN, is_redacted};
use crate::resource::{
    Address, Agent, ConfigValue, Entity, EntityType, FieldPath, Platform, Relationship, RelationshipType, Resource,
    Rule, Settings, Watcher, field,
};

/// The parts of a resource by their paths.
pub type ResourceParts = BTreeMap<FieldPath, Value>;

/// A resource without secrets: each is kept as the mark with which a server hides it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedResource {
    /// The address of the resource.
    pub address: Address,
    /// The parts of the resource by their paths.
    pub parts: ResourceParts,
    /// The parts in which a secret was found where none is expected. Their values are not whole.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub struck: BTreeSet<FieldPath>,
}

/// The settings whose keys are parts of their own.
const TABLES: [&str; 7] = [
    field::MODEL_SELECTION,
    field::MODEL_PREFERENCES,
    field::NETWORK,
    field::EGRESS,
    field::TOOLS,
    field::NIX,
    field::MCP_SERVERS,
];

/// The key of the list of local skills, which are parts of their own.
const SKILL_LIST: &str = "skills";

/// The key of a platform's type.
pub(super) const KIND: &str = "platform";

impl RecordedResource {
    /// Records a resource, without the secrets that its fields are known to hold.
    pub fn new(resource: &Resource) -> Self {
        let parts = parts(resource).into_iter();
        Self {
            address: resource.address(),
            parts: parts
                .map(|(path, value)| (path.clone(), masked(&path, &value)))
                .collect(),
            struck: BTreeSet::new(),
        }
    }

    /// Strikes out the secrets that the redactor finds anywhere else, and remembers where.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        for (path, value) in &mut self.parts {
            if redactor.json(value) {
                self.struck.insert(path.clone());
            }
        }
        self
    }

    /// Returns the resource. Its secrets are hidden, as a server hides them. `None` when a part is not what it should be.
    pub fn resource(&self) -> Option<Resource> {
        resource(&self.address, &self.parts)
    }
}

/// Returns the parts of a resource. Secrets of a platform's config are hidden; those of settings are not.
pub(super) fn parts(resource: &Resource) -> ResourceParts {
    match resource {
        Resource::Agent(agent) => of_fields(to_body(Agent::FIELDS, agent)),
        Resource::Settings(settings) => settings.fields.iter().flat_map(of_setting).collect(),
        Resource::Platform(platform) => of_platform(platform),
        Resource::EntityType(found) => of_fields(to_body(EntityType::FIELDS, found)),
        Resource::RelationshipType(found) => {
            let mut parts = of_fields(to_body(RelationshipType::FIELDS, found));
            for rule in found.rules.iter().flat_map(|rules| rules.keys()) {
                let path = FieldPath::of(["rules", &rule.source, &rule.target]);
                parts.insert(path, Value::Bool(true));
            }
            parts
        }
        Resource::Entity(entity) => of_fields(to_body(Entity::FIELDS, entity)),
        Resource::Relationship(relationship) => of_fields(to_body(Relationship::FIELDS, relationship)),
        Resource::Watcher(watcher) => of_fields(to_body(Watcher::FIELDS, watcher)),
    }
}

fn of_fields(body: Map<String, Value>) -> ResourceParts {
    body.into_iter()
        .map(|(name, value)| (FieldPath::root(name), value))
        .collect()
}

fn of_setting((name, value): (&str, &Value)) -> Vec<(FieldPath, Value)> {
    let path = FieldPath::root(name);
    match value {
        Value::Object(table) if TABLES.contains(&name) => {
            let entries = table.iter();
            entries.map(|(key, value)| (path.join(key), value.clone())).collect()
        }
        Value::Object(table) if name == field::SKILLS => of_skills(&path, table),
        other => vec![(path, other.clone())],
    }
}

fn of_skills(path: &FieldPath, table: &Map<String, Value>) -> Vec<(FieldPath, Value)> {
    let mut parts = Vec::new();
    for (key, value) in table {
        let path = path.join(key);
        match value.as_array().filter(|_| key == SKILL_LIST).map(Vec::as_slice) {
            Some(skills) if have_own_names(skills) => {
                parts.extend(skills.iter().map(|skill| (path.join(name(skill)), skill.clone())));
            }
            _ => parts.push((path, value.clone())),
        }
    }
    parts
}

fn name(skill: &Value) -> &str {
    skill.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn have_own_names(skills: &[Value]) -> bool {
    let names: BTreeSet<&str> = skills.iter().map(name).collect();
    names.len() == skills.len() && !names.contains("")
}

fn of_platform(platform: &Platform) -> ResourceParts {
    let config = platform.config.iter().map(|(key, value)| {
        let value = match value {
            ConfigValue::Plain(value) => value.clone(),
            ConfigValue::Secret(_) | ConfigValue::Redacted => json!(HIDDEN),
        };
        (FieldPath::of(["config", key]), value)
    });
    let settings = platform.settings.iter();
    let settings = settings.map(|(key, value)| (FieldPath::of(["settings", key]), value.clone()));
    let kind = (FieldPath::root(KIND), json!(platform.kind));
    config.chain(settings).chain([kind]).collect()
}

/// Builds a resource from its parts. `None` when a part is not what it should be.
pub(super) fn resource(address: &Address, parts: &ResourceParts) -> Option<Resource> {
    let body = body(parts);
    Some(match address {
        Address::Agent { id } => {
            let mut agent = Agent {
                id: id.to_string(),
                ..Agent::default()
            };
            set_all(Agent::FIELDS, &mut agent, &body)?;
            Resource::Agent(agent.into())
        }
        Address::Settings { agent } => settings(agent, parts),
        Address::Platform { agent, name, .. } => platform(address, agent, name.as_deref(), parts)?,
        Address::EntityType { slug } => {
            let mut found = EntityType {
                slug: slug.to_string(),
                ..EntityType::default()
            };
            set_all(EntityType::FIELDS, &mut found, &body)?;
            Resource::EntityType(found.into())
        }
        Address::RelationshipType { slug } => {
            let rules = parts.keys().filter(|path| path.top() == "rules").filter_map(rule);
            let mut found = RelationshipType {
                slug: slug.to_string(),
                rules: Some(rules.map(|rule| (rule, Vec::new())).collect()),
                ..RelationshipType::default()
            };
            set_all(RelationshipType::FIELDS, &mut found, &body)?;
            Resource::RelationshipType(found.into())
        }
        Address::Entity { entity_type, path } => {
            let mut found = Entity {
                path: path.clone(),
                entity_type: entity_type.to_string(),
                ..Entity::default()
            };
            set_all(Entity::FIELDS, &mut found, &body)?;
            Resource::Entity(found.into())
        }
        Address::Relationship { key } => {
            let mut found = Relationship {
                key: key.clone(),
                ..Relationship::default()
            };
            set_all(Relationship::FIELDS, &mut found, &body)?;
            Resource::Relationship(found.into())
        }
        Address::Watcher { slug } => {
            let mut found = Watcher {
                slug: slug.to_string(),
                ..Watcher::default()
            };
            set_all(Watcher::FIELDS, &mut found, &body)?;
            Resource::Watcher(found.into())
        }
    })
}

/// Returns the parts that are whole fields.
fn body(parts: &ResourceParts) -> Map<String, Value> {
    let whole = parts.iter().filter(|(path, _)| path.segments().len() == 1);
    whole
        .map(|(path, value)| (path.top().to_owned(), value.clone()))
        .collect()
}

fn set_all<T>(fields: &[Field<T>], resource: &mut T, body: &Map<String, Value>) -> Option<()> {
    fields
        .iter()
        .filter(|field| body.contains_key(field.name))
        .try_for_each(|field| field.set(resource, body.get(field.name).cloned()))
        .ok()
}

fn rule(path: &FieldPath) -> Option<Rule> {
    let [_, source, target] = path.segments() else {
        return None;
    };
    Some(Rule {
        source: source.clone(),
        target: target.clone(),
    })
}

fn settings(agent: &str, parts: &ResourceParts) -> Resource {
    let settings = Settings {
        agent: agent.to_owned(),
        fields: settings_body(parts).into(),
    };
    Resource::Settings(settings.into())
}

fn settings_body(parts: &ResourceParts) -> Map<String, Value> {
    let mut fields = Map::new();
    for (path, value) in parts {
        match path.segments() {
            [name] => drop(fields.insert(name.clone(), value.clone())),
            [name, key] => insert(&mut fields, name, key, value.clone()),
            [name, key, _] => {
                let table = fields.entry(name.clone()).or_insert_with(|| json!({}));
                if let Some(items) = table.as_object_mut().map(|table| table.entry(key).or_insert(json!([])))
                    && let Some(items) = items.as_array_mut()
                {
                    items.push(value.clone());
                }
            }
            _ => {}
        }
    }
    fields
}

fn insert(fields: &mut Map<String, Value>, name: &str, key: &str, value: Value) {
    let table = fields.entry(name).or_insert_with(|| json!({}));
    if let Some(table) = table.as_object_mut() {
        table.insert(key.to_owned(), value);
    }
}

fn platform(address: &Address, agent: &str, name: Option<&str>, parts: &ResourceParts) -> Option<Resource> {
    let below = |top: &'static str| {
        let parts = parts.iter().filter(move |(path, _)| path.top() == top);
        parts.map(|(path, value)| (path.leaf().to_owned(), value.clone()))
    };
    let config = below("config").map(|(key, value)| {
        let value = if is_redacted(&value) {
            ConfigValue::Redacted
        } else {
            ConfigValue::Plain(value)
        };
        (key, value)
    });
    let platform = Platform {
        agent: agent.to_owned(),
        kind: parts.get(&FieldPath::root(KIND))?.as_str()?.to_owned(),
        name: name.map(str::to_owned),
        stable_id: address.stable_id()?,
        config: config.collect(),
        settings: below("settings").collect(),
        status: None,
        changed: None,
    };
    Some(Resource::Platform(platform.into()))
}

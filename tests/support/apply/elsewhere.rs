//! Changes that somebody else makes to what a server has, value by value.

use lobuctl::resource::field_table::{Field, to_body};
use lobuctl::resource::{
    Address, Agent, ConfigValue, Entity, EntityType, Platform, Relationship, RelationshipType, Resource, Rule,
    Settings, State, Watcher,
};
use serde_json::{Map, Value};

/// Sets a value of a state, or removes it. A resource that is missing is created.
///
/// `path` leads into the resource by names on the wire, as `networkConfig.judges.strict`. An item of a list is found by its
/// name or its number.
pub fn set(state: &mut State, address: &Address, path: &str, value: Option<Value>) {
    let keys: Vec<&str> = path.split('.').collect();
    match address {
        Address::Agent { id } => {
            let new = || Agent {
                id: id.to_string(),
                name: id.to_string(),
                description: None,
            };
            let agent = state.agents.entry(id.to_string()).or_insert_with(|| new().into());
            set_field(Agent::FIELDS, agent, &keys, value);
            settings(state, id);
        }
        Address::Settings { agent } => {
            let settings = settings(state, agent);
            let mut fields = Value::Object(settings.fields.to_map());
            set_at(&mut fields, &keys, value);
            settings.fields = fields.as_object().cloned().unwrap().into();
        }
        Address::Platform { agent, kind, name, .. } => {
            let platform = Platform::declared(agent, kind, name.as_deref());
            let platform = state.platforms.entry(platform.key()).or_insert_with(|| platform.into());
            let value = value.map(ConfigValue::Plain);
            match value {
                Some(value) => drop(platform.config.insert(path.to_owned(), value)),
                None => drop(platform.config.remove(path)),
            }
        }
        Address::EntityType { slug } => {
            let new = || EntityType {
                slug: slug.to_string(),
                name: slug.to_string(),
                ..EntityType::default()
            };
            let found = state
                .entity_types
                .entry(slug.to_string())
                .or_insert_with(|| new().into());
            set_field(EntityType::FIELDS, found, &keys, value);
        }
        Address::RelationshipType { slug } => {
            let new = || RelationshipType {
                slug: slug.to_string(),
                name: slug.to_string(),
                ..RelationshipType::default()
            };
            let types = &mut state.relationship_types;
            let found = types.entry(slug.to_string()).or_insert_with(|| new().into());
            if path == "rules" {
                let rules: Option<Vec<Rule>> = value.map(|value| serde_json::from_value(value).unwrap());
                found.rules = rules.map(|rules| rules.into_iter().map(|rule| (rule, Vec::new())).collect());
            } else {
                set_field(RelationshipType::FIELDS, found, &keys, value);
            }
        }
        _ => set_data(state, address, &keys, value),
    }
}

/// Sets a value of data or of a watcher that is there, or removes it.
fn set_data(state: &mut State, address: &Address, keys: &[&str], value: Option<Value>) {
    match address {
        Address::Entity { path, .. } => {
            set_field(Entity::FIELDS, state.entities.get_mut(path).unwrap(), keys, value);
        }
        Address::Relationship { key } => {
            set_field(
                Relationship::FIELDS,
                state.relationships.get_mut(key).unwrap(),
                keys,
                value,
            );
        }
        Address::Watcher { slug } => set_field(Watcher::FIELDS, state.watchers.get_mut(&**slug).unwrap(), keys, value),
        other => panic!("{other} is no data"),
    }
}

/// Returns the value at a path of a resource. `None` when there is none.
pub fn get(state: &State, address: &Address, path: &str) -> Option<Value> {
    let fields = match state.get(address)? {
        Resource::Agent(found) => to_body(Agent::FIELDS, &found),
        Resource::Settings(found) => found.fields.to_map(),
        Resource::Platform(found) => {
            let shown = |value: &ConfigValue| value.exposed().unwrap_or_default();
            found
                .config
                .iter()
                .map(|(key, value)| (key.clone(), shown(value)))
                .collect()
        }
        Resource::EntityType(found) => to_body(EntityType::FIELDS, &found),
        Resource::RelationshipType(found) => {
            let mut body = to_body(RelationshipType::FIELDS, &found);
            let rules = found.into_inner().rules;
            let rules: Option<Vec<Rule>> = rules.map(|rules| rules.into_keys().collect());
            body.extend(rules.map(|rules| ("rules".to_owned(), serde_json::to_value(rules).unwrap())));
            body
        }
        Resource::Entity(found) => to_body(Entity::FIELDS, &found),
        Resource::Relationship(found) => to_body(Relationship::FIELDS, &found),
        Resource::Watcher(found) => to_body(Watcher::FIELDS, &found),
    };
    let step = |value: Value, key: &str| match &value {
        Value::Array(items) => position(items, key).map(|at| items[at].clone()),
        _ => value.get(key).cloned(),
    };
    path.split('.').try_fold(Value::Object(fields), step)
}

/// Removes a resource with everything below it.
pub fn remove(state: &mut State, address: &Address) {
    match address {
        Address::Agent { id } => {
            state.agents.remove(&**id);
            state.settings.remove(&**id);
            state.platforms.retain(|key, _| *key.agent != **id);
        }
        Address::Settings { agent } => drop(state.settings.remove(&**agent)),
        Address::Platform { .. } => state.platforms.retain(|_, platform| platform.address() != *address),
        Address::EntityType { slug } => drop(state.entity_types.remove(&**slug)),
        Address::RelationshipType { slug } => drop(state.relationship_types.remove(&**slug)),
        Address::Entity { path, .. } => drop(state.entities.remove(path)),
        Address::Relationship { key } => drop(state.relationships.remove(key)),
        Address::Watcher { slug } => drop(state.watchers.remove(&**slug)),
    }
}

/// Returns the settings of an agent, which every agent has.
fn settings<'a>(state: &'a mut State, agent: &str) -> &'a mut Settings {
    let new = || Settings {
        agent: agent.to_owned(),
        ..Settings::default()
    };
    state.settings.entry(agent.to_owned()).or_insert_with(|| new().into())
}

fn set_field<T>(fields: &[Field<T>], resource: &mut T, keys: &[&str], value: Option<Value>) {
    let field = fields.iter().find(|field| field.name == keys[0]).unwrap();
    let mut whole = field.get(resource).unwrap_or_default();
    set_at(&mut whole, &keys[1..], value);
    field.set(resource, Some(whole)).unwrap();
}

/// Returns the position of the item of a list with this name or number.
fn position(items: &[Value], key: &str) -> Option<usize> {
    let names = |item: &Value| ["name", "providerId", "domain"].iter().any(|name| item[name] == *key);
    let number = key.parse().ok().filter(|number| *number < items.len());
    items.iter().position(names).or(number)
}

/// Sets or removes the value at a path.
fn set_at(whole: &mut Value, keys: &[&str], value: Option<Value>) {
    let Some((key, rest)) = keys.split_first() else {
        *whole = value.unwrap_or_default();
        return;
    };
    if let Value::Array(items) = whole {
        match position(items, key) {
            Some(found) if rest.is_empty() && value.is_none() => drop(items.remove(found)),
            Some(found) => set_at(&mut items[found], rest, value),
            None => items.extend(value),
        }
        return;
    }
    if !whole.is_object() {
        *whole = Value::Object(Map::new());
    }
    let entries = whole.as_object_mut().unwrap();
    if rest.is_empty() && value.is_none() {
        entries.shift_remove(*key);
        return;
    }
    set_at(entries.entry(*key).or_insert(Value::Null), rest, value);
}

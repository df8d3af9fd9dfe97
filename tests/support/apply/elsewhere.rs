//! Changes that somebody else makes to what a server has, value by value.

use lobuctl::resource::field_table::Field;
use lobuctl::resource::{Address, Agent, ConfigValue, EntityType, Platform, RelationshipType, Rule, Settings, State};
use serde_json::{Map, Value};

/// Sets a value of a state, or removes it. A resource that is missing is created.
///
/// `path` leads into the resource by names on the wire, as `networkConfig.judges.strict`. An item of a list is found by its
/// name or its number.
pub fn set(state: &mut State, address: &Address, path: &str, value: Option<Value>) {
    let keys: Vec<&str> = path.split('.').collect();
    match address {
        Address::Agent { id } => {
            let agent = state.agents.entry(id.clone()).or_insert_with(|| Agent {
                id: id.clone(),
                name: id.clone(),
                description: None,
            });
            set_field(Agent::FIELDS, agent, &keys, value);
            settings(state, id);
        }
        Address::Settings { agent } => {
            let settings = settings(state, agent);
            let mut fields = Value::Object(std::mem::take(&mut settings.fields));
            set_at(&mut fields, &keys, value);
            settings.fields = fields.as_object().cloned().unwrap();
        }
        Address::Platform { agent, kind, name, .. } => {
            let platform = Platform::declared(agent, kind, name.as_deref());
            let platform = state.platforms.entry(platform.key()).or_insert(platform);
            let value = value.map(ConfigValue::Plain);
            match value {
                Some(value) => drop(platform.config.insert(path.to_owned(), value)),
                None => drop(platform.config.remove(path)),
            }
        }
        Address::EntityType { slug } => {
            let found = state.entity_types.entry(slug.clone()).or_insert_with(|| EntityType {
                slug: slug.clone(),
                name: slug.clone(),
                ..EntityType::default()
            });
            set_field(EntityType::FIELDS, found, &keys, value);
        }
        Address::RelationshipType { slug } => {
            let new = || RelationshipType {
                slug: slug.clone(),
                name: slug.clone(),
                ..RelationshipType::default()
            };
            let found = state.relationship_types.entry(slug.clone()).or_insert_with(new);
            if path == "rules" {
                let rules: Option<Vec<Rule>> = value.map(|value| serde_json::from_value(value).unwrap());
                found.rules = rules.map(|rules| rules.into_iter().map(|rule| (rule, Vec::new())).collect());
            } else {
                set_field(RelationshipType::FIELDS, found, &keys, value);
            }
        }
    }
}

/// Returns the settings of an agent, which every agent has.
fn settings<'a>(state: &'a mut State, agent: &str) -> &'a mut Settings {
    state.settings.entry(agent.to_owned()).or_insert_with(|| Settings {
        agent: agent.to_owned(),
        ..Settings::default()
    })
}

fn set_field<T>(fields: &[Field<T>], resource: &mut T, keys: &[&str], value: Option<Value>) {
    let field = fields.iter().find(|field| field.name == keys[0]).unwrap();
    let mut whole = field.get(resource).unwrap_or_default();
    set_at(&mut whole, &keys[1..], value);
    field.set(resource, Some(whole)).unwrap();
}

/// Sets or removes the value at a path.
fn set_at(whole: &mut Value, keys: &[&str], value: Option<Value>) {
    let Some((key, rest)) = keys.split_first() else {
        *whole = value.unwrap_or_default();
        return;
    };
    if let Value::Array(items) = whole {
        let names = |item: &Value| ["name", "providerId", "domain"].iter().any(|name| item[name] == **key);
        let found = items.iter().position(names).or_else(|| key.parse().ok()).unwrap();
        if rest.is_empty() && value.is_none() {
            items.remove(found);
        } else {
            set_at(&mut items[found], rest, value);
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

//! Puts recorded parts into a resource. Secrets are never taken from a record: they stay as the server has them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::recorded_resource::{RecordedResource, ResourceParts, parts, resource};
use crate::resource::value::is_redacted;
use crate::resource::{Address, ConfigValue, FieldPath, PlatformConfig, Resource, field};

/// A resource into which recorded parts were put.
pub(super) struct Restored {
    /// The resource. `None` when a part is not what it should be.
    pub(super) resource: Option<Resource>,
    /// The secrets that had to be left out.
    pub(super) unknown_secrets: BTreeSet<FieldPath>,
}

/// Returns what the server has now, with these parts as they were recorded.
pub(super) fn restored(
    address: &Address,
    wanted: &BTreeSet<FieldPath>,
    before: &RecordedResource,
    now: &Resource,
) -> Restored {
    let mut unknown_secrets = BTreeSet::new();
    let mut result = parts(now);
    for path in wanted {
        let put_back = before
            .parts
            .get(path)
            .and_then(|value| known(address, path, value, result.get(path), &mut unknown_secrets));
        match put_back {
            Some(value) => drop(result.insert(path.clone(), value)),
            // The value before was a secret that is gone: what is there now is better than nothing.
            None if before.parts.contains_key(path) => {}
            None => drop(result.remove(path)),
        }
    }
    let mut resource = resource(address, &result);
    match (&mut resource, now) {
        (Some(Resource::Platform(platform)), Resource::Platform(now)) => {
            keep_secrets(&mut platform.config, &now.config);
            // A write carries those of the server.
            platform.settings = serde_json::Map::new();
        }
        (Some(Resource::Settings(settings)), _) => {
            // A table that is empty now is declared to be so, or its keys would be left to the server.
            for path in wanted.iter().filter(|path| path.segments().len() > 1) {
                if settings.get(path.top()).is_none() {
                    settings.fields.insert(path.top(), json!({}));
                }
            }
        }
        _ => {}
    }
    Restored {
        resource,
        unknown_secrets,
    }
}

/// Returns a recorded resource without its secrets, to be created anew.
pub(super) fn without_secrets(gone: &RecordedResource) -> Restored {
    let mut unknown_secrets = BTreeSet::new();
    let known: ResourceParts = gone
        .parts
        .iter()
        .filter(|(path, _)| !gone.struck.contains(path))
        .filter_map(|(path, value)| {
            let value = known(&gone.address, path, value, None, &mut unknown_secrets)?;
            Some((path.clone(), value))
        })
        .collect();
    Restored {
        resource: resource(&gone.address, &known),
        unknown_secrets,
    }
}

/// Whether the server hides secrets in a part. Elsewhere stars are text like any other.
fn may_hide(address: &Address, path: &FieldPath) -> bool {
    match address {
        Address::Settings { .. } => [field::MCP_SERVERS, field::SKILLS].contains(&path.top()),
        Address::Platform { .. } => path.top() == "config",
        _ => false,
    }
}

/// Returns a recorded value with each hidden secret as the server has it now, or without it. `None` when nothing remains.
fn known(
    address: &Address,
    path: &FieldPath,
    value: &Value,
    now: Option<&Value>,
    unknown: &mut BTreeSet<FieldPath>,
) -> Option<Value> {
    if may_hide(address, path) {
        filled(path, value, now, unknown)
    } else {
        Some(value.clone())
    }
}

fn filled(path: &FieldPath, value: &Value, now: Option<&Value>, unknown: &mut BTreeSet<FieldPath>) -> Option<Value> {
    match value {
        Value::Object(map) => {
            let filled = map.iter().filter_map(|(key, value)| {
                let now = now.and_then(|now| now.get(key));
                Some((key.clone(), filled(&path.join(key), value, now, unknown)?))
            });
            Some(Value::Object(filled.collect()))
        }
        Value::Array(items) => {
            let filled = items.iter().enumerate().filter_map(|(index, value)| {
                let now = now.and_then(|now| now.get(index));
                filled(path, value, now, unknown)
            });
            Some(Value::Array(filled.collect()))
        }
        hidden if is_redacted(hidden) => {
            if now.is_none() {
                unknown.insert(path.clone());
            }
            now.cloned()
        }
        other => Some(other.clone()),
    }
}

/// Gives each hidden value of a config the value that the server has now.
fn keep_secrets(config: &mut PlatformConfig, now: &PlatformConfig) {
    let hidden = |(key, value): (&String, &ConfigValue)| (*value == ConfigValue::Redacted).then(|| key.clone());
    let hidden: Vec<String> = config.iter().filter_map(hidden).collect();
    config.extend(hidden.into_iter().filter_map(|key| {
        let found = now.get(&key)?.clone();
        Some((key, found))
    }));
}

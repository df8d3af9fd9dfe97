//! A watcher: what is changed in place, what becomes a new version, and its script.

use serde_json::{Map, Value, json};

use super::comparison::Comparison;
use super::fields::compare_fields;
use crate::plan::change::Change;
use crate::plan::operation::{Operation, WatcherUpdate};
use crate::plan::undeclared::Undeclared;
use crate::resource::field_table::to_body;
use crate::resource::value::same;
use crate::resource::{FieldPath, SharedValue, Shown, Watcher};

/// Compares a watcher with the one on the server, if it exists there. The entity is no difference: a watcher of another
/// entity is a problem, and no plan has it.
pub(super) fn compare(
    desired: &SharedValue<Watcher>,
    remote: Option<&SharedValue<Watcher>>,
    undeclared: Undeclared,
) -> Comparison {
    let Some(remote) = remote else {
        let mut changes = compare_fields(Watcher::FIELDS, desired, None, undeclared).changes;
        changes.extend(desired.entities.first().map(|entity| {
            let entity = Shown::from(json!(entity.to_string()));
            Change::between(FieldPath::root("entity"), None, Some(entity))
        }));
        return Comparison {
            changes,
            operation: Some(Operation::CreateWatcher(desired.clone())),
            ..Comparison::default()
        };
    };
    let found = without_default_sources(desired, remote);
    let differences = compare_fields(Watcher::FIELDS, desired, Some(&found), undeclared);
    let operation = (!differences.body.is_empty()).then(|| {
        Operation::UpdateWatcher(Box::new(WatcherUpdate {
            id: remote.id.clone().unwrap_or_default(),
            ..update(&desired.slug, remote, differences.body)
        }))
    });
    Comparison {
        changes: differences.changes,
        operation,
        ..Comparison::default()
    }
}

/// The sources that the server gives to a watcher without any are no drift.
fn without_default_sources(desired: &Watcher, remote: &Watcher) -> Watcher {
    let is_default =
        |sources: &Value| same(sources, &Watcher::default_sources()) || sources.as_array().is_some_and(Vec::is_empty);
    let mut found = remote.clone();
    if desired.sources.is_none() {
        found.sources = found.sources.filter(|sources| !is_default(sources));
    }
    found
}

/// Divides the fields that change among the requests that change them.
fn update(slug: &str, remote: &Watcher, body: Map<String, Value>) -> WatcherUpdate {
    let mut update = WatcherUpdate {
        slug: slug.to_owned(),
        ..WatcherUpdate::default()
    };
    let mut version = Map::new();
    for (name, value) in body {
        if name == Watcher::SCRIPT {
            update.script = value.as_str().map(str::to_owned);
        } else if Watcher::SETTINGS.contains(&name.as_str()) {
            update.settings.insert(name, value);
        } else {
            version.insert(name, value);
        }
    }
    if !version.is_empty() {
        // A version takes over what its request leaves out from the highest version, which need not be the current one.
        update.version = version_fields(remote);
        update.version.extend(version);
    }
    update
}

fn version_fields(watcher: &Watcher) -> Map<String, Value> {
    let mut fields = to_body(Watcher::FIELDS, watcher);
    fields.retain(|name, _| name != Watcher::SCRIPT && !Watcher::SETTINGS.contains(&name.as_str()));
    fields
}

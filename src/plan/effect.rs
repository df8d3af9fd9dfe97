//! What a write leaves on the server, worked out without asking it.

use serde_json::{Map, Value};

use super::compare::default_settings;
use super::operation::{Operation, PlatformWrite, WatcherUpdate};
use super::settings_patch::SettingsPatch;
use crate::resource::field_table::Field;
use crate::resource::{
    Entity, EntityType, Platform, Relationship, RelationshipType, Resource, Rule, Settings, Watcher,
};

/// Returns the resource that a write leaves on the server when it is carried out. `before` is what the server has just before
/// it. Returns `None` when the write deletes the resource.
///
/// Values that the server adds by itself are not part of it.
pub fn effect(operation: &Operation, before: Option<&Resource>) -> Option<Resource> {
    match operation {
        Operation::CreateAgent(agent) => Some(Resource::Agent(agent.clone())),
        Operation::PatchAgent { body, .. } => {
            let mut agent = before.and_then(Resource::as_agent)?.clone();
            set_fields(crate::resource::Agent::FIELDS, &mut agent, body);
            Some(Resource::Agent(agent))
        }
        Operation::PatchSettings(patch) => Some(Resource::Settings(settings(patch, before).into())),
        Operation::UpsertPlatform(write) => Some(Resource::Platform(merged(write, before).into())),
        Operation::ReplacePlatform(write) => Some(Resource::Platform(with_settings(write, before).into())),
        Operation::CreateEntityType(wanted) => Some(Resource::EntityType(wanted.clone())),
        Operation::UpdateEntityType { slug, fields } => {
            let known = before.and_then(Resource::as_entity_type).cloned();
            let mut found = known.unwrap_or_else(|| {
                let entity_type = EntityType {
                    slug: slug.clone(),
                    ..EntityType::default()
                };
                entity_type.into()
            });
            set_fields(EntityType::FIELDS, &mut found, fields);
            Some(Resource::EntityType(found))
        }
        Operation::CreateRelationshipType(write) | Operation::ReplaceRelationshipType(write) => {
            Some(Resource::RelationshipType(write.relationship_type.clone()))
        }
        Operation::UpdateRelationshipType {
            slug,
            fields,
            add,
            remove,
        } => Some(Resource::RelationshipType(
            updated(slug, fields, (add, remove), before).into(),
        )),
        Operation::CreateEntity(wanted) => Some(Resource::Entity(wanted.clone())),
        Operation::UpdateEntity(update) => {
            let mut entity = before.and_then(Resource::as_entity)?.clone();
            set_fields(Entity::FIELDS, &mut entity, &without_nulls(&update.fields));
            Some(Resource::Entity(entity))
        }
        Operation::Link(wanted) => Some(Resource::Relationship(wanted.clone())),
        Operation::UpdateLink(update) => {
            let mut relationship = before.and_then(Resource::as_relationship)?.clone();
            set_fields(Relationship::FIELDS, &mut relationship, &update.fields);
            Some(Resource::Relationship(relationship))
        }
        Operation::CreateWatcher(wanted) => Some(Resource::Watcher(wanted.clone())),
        Operation::UpdateWatcher(update) => Some(Resource::Watcher(updated_watcher(update, before).into())),
        Operation::DeleteAgent { .. }
        | Operation::DeletePlatform { .. }
        | Operation::DeleteEntityType { .. }
        | Operation::DeleteRelationshipType { .. }
        | Operation::DeleteEntity { .. }
        | Operation::Unlink { .. }
        | Operation::ArchiveWatcher { .. } => None,
    }
}

/// Sets the fields that a body names. A body that was built from the same table always fits.
fn set_fields<T>(fields: &[Field<T>], resource: &mut T, body: &Map<String, Value>) {
    for field in fields {
        if let Some(value) = body.get(field.name) {
            let value = Some(value.clone()).filter(|value| !field.is_absent(value));
            let _ = field.set(resource, value);
        }
    }
}

fn settings(patch: &SettingsPatch, before: Option<&Resource>) -> Settings {
    let known = before.and_then(Resource::as_settings).map(|it| Settings::clone(it));
    let mut settings = known.unwrap_or_else(|| Settings {
        agent: patch.agent().to_owned(),
        ..Settings::default()
    });
    // `null` resets a field to its default (contract section 5).
    let defaults = default_settings();
    let reset = |name: &String| defaults.get(name).cloned().unwrap_or_default();
    for (name, value) in patch.body() {
        let value = if value.is_null() { reset(&name) } else { value };
        settings.fields.insert(&name, value);
    }
    settings
}

/// A PUT merges the config: keys that it does not name stay.
fn merged(write: &PlatformWrite, before: Option<&Resource>) -> Platform {
    let mut platform = with_settings(write, before);
    if let Some(before) = before.and_then(Resource::as_platform) {
        let sent = std::mem::replace(&mut platform.config, before.config.clone());
        platform.config.extend(sent);
    }
    platform
}

fn with_settings(write: &PlatformWrite, before: Option<&Resource>) -> Platform {
    let mut platform = Platform::clone(&write.platform);
    let known = before.and_then(Resource::as_platform).map(|it| it.settings.clone());
    platform.settings = write.settings.clone().or(known).unwrap_or_default();
    platform
}

fn updated(
    slug: &str,
    fields: &Map<String, Value>,
    (add, remove): (&[Rule], &[Value]),
    before: Option<&Resource>,
) -> RelationshipType {
    let known = before
        .and_then(Resource::as_relationship_type)
        .map(|it| RelationshipType::clone(it));
    let mut found = known.unwrap_or_else(|| RelationshipType {
        slug: slug.to_owned(),
        ..RelationshipType::default()
    });
    set_fields(RelationshipType::FIELDS, &mut found, fields);
    if !(add.is_empty() && remove.is_empty()) {
        let rules = found.rules.get_or_insert_default();
        rules.retain(|_, rows| rows.is_empty() || !rows.iter().all(|id| remove.contains(id)));
        rules.extend(add.iter().map(|rule| (rule.clone(), Vec::new())));
        rules.sort_unstable_keys();
    }
    found
}

fn updated_watcher(update: &WatcherUpdate, before: Option<&Resource>) -> Watcher {
    let known = before.and_then(Resource::as_watcher).map(|it| Watcher::clone(it));
    let mut watcher = known.unwrap_or_else(|| Watcher {
        slug: update.slug.clone(),
        ..Watcher::default()
    });
    set_fields(Watcher::FIELDS, &mut watcher, &update.version);
    set_fields(Watcher::FIELDS, &mut watcher, &update.settings);
    if let Some(script) = &update.script {
        watcher.reaction_script = Some(script.clone()).filter(|script| !script.is_empty());
    }
    watcher
}

/// Returns fields whose metadata lacks the keys that go.
fn without_nulls(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = fields.clone();
    if let Some(metadata) = fields.get_mut(Entity::METADATA).and_then(Value::as_object_mut) {
        metadata.retain(|_, value| !value.is_null());
    }
    fields
}

//! Whether a resource is still what a plan saw.

use serde_json::Value;

use crate::resource::field_table::have_same_fields;
use crate::resource::value::same;
use crate::resource::{
    Agent, Entity, EntityType, Platform, Relationship, RelationshipType, Resource, Settings, Watcher, field,
};

/// Whether two readings of a resource are the same, as far as a plan depends on them.
pub fn is_unchanged(seen: Option<&Resource>, fresh: Option<&Resource>) -> bool {
    match (seen, fresh) {
        (None, None) => true,
        (Some(Resource::Agent(seen)), Some(Resource::Agent(fresh))) => have_same_fields(Agent::FIELDS, seen, fresh),
        (Some(Resource::Settings(seen)), Some(Resource::Settings(fresh))) => are_same_settings(seen, fresh),
        (Some(Resource::Platform(seen)), Some(Resource::Platform(fresh))) => are_same_platforms(seen, fresh),
        (Some(Resource::EntityType(seen)), Some(Resource::EntityType(fresh))) => {
            have_same_fields(EntityType::FIELDS, seen, fresh)
        }
        (Some(Resource::RelationshipType(seen)), Some(Resource::RelationshipType(fresh))) => {
            // Writing the other side of a pair of inverse types changes this side too, perhaps in this very run.
            let fields = RelationshipType::FIELDS.iter();
            let fields = fields.filter(|field| field.name != RelationshipType::INVERSE);
            have_same_fields(fields, seen, fresh) && seen.rules == fresh.rules
        }
        (Some(Resource::Entity(seen)), Some(Resource::Entity(fresh))) => {
            // A single reading does not tell the content.
            let hides = seen.hides_content || fresh.hides_content;
            let fields = Entity::FIELDS.iter();
            let fields = fields.filter(|field| !hides || !Entity::HIDDEN.contains(&field.name));
            seen.id == fresh.id && have_same_fields(fields, seen, fresh)
        }
        (Some(Resource::Relationship(seen)), Some(Resource::Relationship(fresh))) => {
            seen.id == fresh.id && have_same_fields(Relationship::FIELDS, seen, fresh)
        }
        (Some(Resource::Watcher(seen)), Some(Resource::Watcher(fresh))) => {
            seen.id == fresh.id && have_same_fields(Watcher::FIELDS, seen, fresh)
        }
        _ => false,
    }
}

fn are_same_settings(seen: &Settings, fresh: &Settings) -> bool {
    field::ALL.iter().all(|name| {
        let [seen, fresh] = [seen, fresh].map(|settings| settings.get(name).unwrap_or(&Value::Null));
        same(seen, fresh)
    })
}

/// The status is left out: a platform that stopped since the plan was made is still the same platform.
fn are_same_platforms(seen: &Platform, fresh: &Platform) -> bool {
    seen.kind == fresh.kind && seen.config == fresh.config && seen.settings == fresh.settings
}

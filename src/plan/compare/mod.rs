//! Compares a declared resource with the one on the server.
//!
//! One comparison gives both the differences that are shown and the write that removes them, so that they cannot
//! disagree (semantics, law 2).

mod agent;
mod comparison;
mod entity;
mod entity_type;
mod fields;
mod json;
mod platform;
mod relationship;
mod relationship_type;
mod settings;
mod skills;
mod table;
mod unchanged;
mod watcher;

pub use comparison::Comparison;
pub(super) use json::leaves;
pub use json::masked;
pub use relationship_type::creation_fields;
pub(super) use settings::defaults as default_settings;
pub use settings::without_injected;
pub use unchanged::is_unchanged;

use super::undeclared::Undeclared;
use crate::resource::Resource;

/// Compares a declared resource with what the server has.
///
/// Resources of different kinds compare as a creation.
pub fn compare(desired: &Resource, remote: Option<&Resource>, undeclared: Undeclared) -> Comparison {
    match desired {
        Resource::Agent(desired) => agent::compare(desired, remote.and_then(Resource::as_agent), undeclared),
        Resource::Settings(desired) => settings::compare(
            desired,
            remote.and_then(Resource::as_settings).map(|it| &**it),
            undeclared,
        ),
        Resource::Platform(desired) => platform::compare(desired, remote.and_then(Resource::as_platform), undeclared),
        Resource::EntityType(desired) => {
            entity_type::compare(desired, remote.and_then(Resource::as_entity_type), undeclared)
        }
        Resource::RelationshipType(desired) => {
            relationship_type::compare(desired, remote.and_then(Resource::as_relationship_type), undeclared)
        }
        Resource::Entity(desired) => entity::compare(desired, remote.and_then(Resource::as_entity), undeclared),
        Resource::Relationship(desired) => {
            relationship::compare(desired, remote.and_then(Resource::as_relationship), undeclared)
        }
        Resource::Watcher(desired) => watcher::compare(desired, remote.and_then(Resource::as_watcher), undeclared),
    }
}

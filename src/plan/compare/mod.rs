//! One resource against its other side: the differences a person sees, and the write that makes them go away.
//!
//! Both come out of the same comparison, so that they cannot disagree (semantics, law 2).

mod agent;
mod entity_type;
mod json;
mod platform;
mod relationship_type;
mod settings;
mod skills;
mod table;

pub use relationship_type::creation_fields;

use super::change::Change;
use super::operation::Operation;
use super::row::{Impact, Verb};
use crate::resource::Resource;

/// What became of comparing one resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Every difference, in reading order.
    pub changes: Vec<Change>,
    /// The write that carries out those that change the server; nothing when none does.
    pub operation: Option<Operation>,
    /// What the write does beyond the stored row.
    pub impact: Option<Impact>,
    /// The write is sent though nothing is known to differ.
    pub recheck: bool,
    /// Sentences that belong to the row.
    pub warnings: Vec<String>,
}

impl Comparison {
    /// The verb of a row on which both sides have the resource.
    pub fn verb(&self) -> Verb {
        if self.operation.is_some() && !self.recheck {
            Verb::Update
        } else {
            Verb::Noop
        }
    }
}

/// Compares a declared resource with what the server has. `clear` makes fields that only the server has go away.
/// Two resources of different kinds have nothing in common and compare as a creation.
pub fn compare(desired: &Resource, remote: Option<&Resource>, clear: bool) -> Comparison {
    match desired {
        Resource::Agent(desired) => agent::compare(desired, remote.and_then(as_agent), clear),
        Resource::Settings(desired) => settings::compare(desired, remote.and_then(as_settings), clear),
        Resource::Platform(desired) => platform::compare(desired, remote.and_then(as_platform), clear),
        Resource::EntityType(desired) => entity_type::compare(desired, remote.and_then(as_entity_type), clear),
        Resource::RelationshipType(desired) => {
            relationship_type::compare(desired, remote.and_then(as_relationship_type), clear)
        }
    }
}

macro_rules! project {
    ($name:ident, $variant:ident, $type:ty) => {
        fn $name(resource: &Resource) -> Option<&$type> {
            match resource {
                Resource::$variant(value) => Some(value),
                _ => None,
            }
        }
    };
}

project!(as_agent, Agent, crate::resource::Agent);
project!(as_settings, Settings, crate::resource::Settings);
project!(as_platform, Platform, crate::resource::Platform);
project!(as_entity_type, EntityType, crate::resource::EntityType);
project!(
    as_relationship_type,
    RelationshipType,
    crate::resource::RelationshipType
);

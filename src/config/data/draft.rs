//! What data files declare, with other entities by name.

use std::sync::Arc;

use serde_json::Value;

use crate::config::source::{Source, Text};
use crate::config::yaml::YamlNode;
use crate::resource::{Relationship, ResourceOrigins};

/// An entity as its file declares it, with its parent by name.
#[derive(Debug)]
pub(in crate::config) struct EntityDraft {
    /// The text of its file.
    pub source: Arc<Source>,
    /// The slug of the type, as the server stores it.
    pub entity_type: Text,
    /// The slug.
    pub slug: Text,
    /// The display name.
    pub name: String,
    /// The name of the parent.
    pub parent: Option<Text>,
    /// The metadata, a mapping.
    pub metadata: Option<MetadataDraft>,
    /// A text about the entity.
    pub content: Option<String>,
    /// The list of classifiers.
    pub enabled_classifiers: Option<Value>,
    /// The locations of its slug or type and of its keys, by wire name.
    pub origins: Arc<ResourceOrigins>,
}

/// A relationship as its file declares it, with its ends by name.
#[derive(Debug)]
pub(in crate::config) struct RelationshipDraft {
    /// The text of its file.
    pub source: Arc<Source>,
    /// The slug of the type.
    pub kind: Text,
    /// The name of the entity that it comes from.
    pub from: Text,
    /// The name of the entity that it leads to.
    pub to: Text,
    /// The fields, without the key.
    pub fields: Relationship,
    /// The metadata, a mapping.
    pub metadata: Option<MetadataDraft>,
    /// The locations of its slug or type and of its keys, by wire name.
    pub origins: Arc<ResourceOrigins>,
}

/// Metadata, with the locations of its keys.
#[derive(Debug)]
pub(in crate::config) struct MetadataDraft {
    /// The mapping in the file.
    pub node: YamlNode,
    /// The same without locations.
    pub json: Value,
}

/// What a data file declares.
#[derive(Debug, Default)]
pub(in crate::config) struct DataDrafts {
    /// The entities, in file order.
    pub entities: Vec<EntityDraft>,
    /// The relationships, in file order.
    pub relationships: Vec<RelationshipDraft>,
}

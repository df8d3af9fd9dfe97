//! What data files declare, with other entities by name.

use std::ops::Range;

use crate::config::source::Text;
use crate::config::yaml::YamlNode;
use crate::resource::{FieldPath, Relationship};

/// An entity as its file declares it, with its parent by name.
#[derive(Debug)]
pub(in crate::config) struct EntityDraft {
    /// The index of its source among the model and data files.
    pub file: usize,
    /// The slug of the type, as the server stores it.
    pub entity_type: Text,
    /// The slug.
    pub slug: Text,
    /// The display name.
    pub name: String,
    /// The name of the parent.
    pub parent: Option<Text>,
    /// The metadata, a mapping.
    pub metadata: Option<YamlNode>,
    /// A text about the entity.
    pub content: Option<String>,
    /// The list of classifiers.
    pub enabled_classifiers: Option<serde_json::Value>,
    /// The locations of its keys, by wire name.
    pub locations: Vec<(FieldPath, Range<usize>)>,
}

/// A relationship as its file declares it, with its ends by name.
#[derive(Debug)]
pub(in crate::config) struct RelationshipDraft {
    /// The index of its source among the model and data files.
    pub file: usize,
    /// The slug of the type.
    pub kind: Text,
    /// The name of the entity that it comes from.
    pub from: Text,
    /// The name of the entity that it leads to.
    pub to: Text,
    /// The fields, without the key.
    pub fields: Relationship,
    /// The metadata, a mapping.
    pub metadata: Option<YamlNode>,
    /// The locations of its keys, by wire name.
    pub locations: Vec<(FieldPath, Range<usize>)>,
}

/// Everything that the data files declare.
#[derive(Debug, Default)]
pub(in crate::config) struct DataDrafts {
    /// The entities, in file order.
    pub entities: Vec<EntityDraft>,
    /// The relationships, in file order.
    pub relationships: Vec<RelationshipDraft>,
}

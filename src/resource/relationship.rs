//! A relationship between two entities of the memory.

use std::sync::Arc;

use serde_json::Value;

use super::EntityPath;
use super::field_table::{Absent, Field};

/// The identity of a relationship. Of a symmetric one the two ends may be swapped on the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationshipKey {
    /// The slug of the relationship type.
    pub kind: Arc<str>,
    /// The path of the entity that it comes from.
    pub from: EntityPath,
    /// The path of the entity that it leads to.
    pub to: EntityPath,
}

impl RelationshipKey {
    /// Returns the key with its ends swapped.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

/// The resource at the address `relationship.TYPE.FROM.TO`. A field is `None` when the file does not mention it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relationship {
    /// The type and the two ends.
    pub key: RelationshipKey,
    /// The id on the server. `None` on the desired side.
    pub id: Option<u64>,
    /// The metadata, a table that is replaced as a whole.
    pub metadata: Option<Value>,
    /// How certain it is, from 0 to 1. The server has 1 where nothing else is said.
    pub confidence: Option<Value>,
    /// Where it comes from: `ui`, `llm`, `feed` or `api`.
    pub source: Option<String>,
}

impl Relationship {
    /// The values of `source` that the server knows.
    pub const SOURCES: [&'static str; 4] = ["ui", "llm", "feed", "api"];

    /// The fields that are compared.
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::json("metadata", |it| &it.metadata, |it| &mut it.metadata).cleared_by(Absent::Table),
        Field::<Self>::json("confidence", |it| &it.confidence, |it| &mut it.confidence).cleared_by(Absent::Never),
        Field::<Self>::text("source", |it| &it.source, |it| &mut it.source).cleared_by(Absent::Text("api")),
    ];
}

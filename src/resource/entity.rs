//! An entity of the memory, and the path that identifies it.

use std::fmt;

use serde_json::Value;

use super::field_table::{Absent, Field};

/// The slugs from an entity without a parent down to the entity. No two entities of an organization have one path, whatever
/// their types.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityPath(Vec<String>);

impl EntityPath {
    /// The maximum number of slugs in a path that the server accepts.
    pub const MAX_DEPTH: usize = 10;

    /// Creates the path of these slugs.
    pub fn of<S: Into<String>>(slugs: impl IntoIterator<Item = S>) -> Self {
        Self(slugs.into_iter().map(Into::into).collect())
    }

    /// Parses slugs that are separated by `/`.
    pub fn parse(text: &str) -> Self {
        Self::of(text.split('/'))
    }

    /// Returns the path of the parent. `None` for an entity without one.
    pub fn parent(&self) -> Option<Self> {
        match self.0.split_last() {
            Some((_, above)) if !above.is_empty() => Some(Self(above.to_vec())),
            _ => None,
        }
    }

    /// Returns the path of a child.
    #[must_use]
    pub fn child(&self, slug: &str) -> Self {
        Self::of(self.0.iter().map(String::as_str).chain([slug]))
    }

    /// Whether an entity is below this one.
    pub fn is_above(&self, other: &Self) -> bool {
        other.0.len() > self.0.len() && other.0.starts_with(&self.0)
    }

    /// Returns the slug of the entity itself.
    pub fn slug(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Returns the number of slugs.
    pub fn depth(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for EntityPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("/"))
    }
}

/// The resource at the address `entity.TYPE.PATH`. A field is `None` when the file does not mention it, or when the server
/// has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entity {
    /// The path.
    pub path: EntityPath,
    /// The slug of the type, fixed at creation.
    pub entity_type: String,
    /// The id on the server. `None` on the desired side.
    pub id: Option<u64>,
    /// Whether the server does not tell content and classifiers. Never true on the desired side.
    pub hides_content: bool,
    /// The display name; not empty when it comes from a file.
    pub name: String,
    /// The metadata, a table that is compared as a whole.
    pub metadata: Option<Value>,
    /// A text about the entity.
    pub content: Option<String>,
    /// The classifiers that run over its events, a list of texts.
    pub enabled_classifiers: Option<Value>,
}

impl Entity {
    /// The name of the metadata's field.
    pub const METADATA: &'static str = "metadata";

    /// The fields that no list of the server has.
    pub const HIDDEN: [&'static str; 2] = ["content", "enabled_classifiers"];

    /// The fields that are compared.
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::required("name", |it| &it.name, |it| &mut it.name),
        Field::<Self>::json(Self::METADATA, |it| &it.metadata, |it| &mut it.metadata),
        Field::<Self>::text("content", |it| &it.content, |it| &mut it.content).cleared_by(Absent::Text("")),
        Field::<Self>::json(
            "enabled_classifiers",
            |it| &it.enabled_classifiers,
            |it| &mut it.enabled_classifiers,
        )
        .cleared_by(Absent::List),
    ];
}

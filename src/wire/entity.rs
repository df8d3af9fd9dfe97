//! Entities: the tool `manage_entity`.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The tool, below `/api/:org/`.
pub const TOOL: &str = "manage_entity";

/// The maximum number of entities or relationships in one response.
pub const MAX_PAGE: usize = 500;

/// An entity in the response of a list or a get.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WireEntity {
    /// The id, a number or a string of digits.
    pub id: Value,
    /// The slug of the type.
    pub entity_type: String,
    /// The slug, unique below its parent.
    pub slug: String,
    /// The id of the parent.
    #[serde(default)]
    pub parent_id: Option<Value>,
    /// All other keys: the fields of the entity, and the server's own.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EntityPage {
    /// The entities of the page.
    pub entities: Vec<WireEntity>,
    /// What the page is of the whole list.
    pub metadata: PageInfo,
}

/// What a page is of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct PageInfo {
    /// Whether more follow.
    pub has_more: bool,
    /// The number of all elements; 0 where the server does not say it.
    #[serde(default)]
    pub total_count: usize,
}

/// A relationship in the response of a link or a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WireRelationship {
    /// The id, a number or a string of digits.
    pub id: Value,
    /// The id of the entity that it comes from. Of a symmetric one, the lower id.
    pub from_entity_id: Value,
    /// The id of the entity that it leads to.
    pub to_entity_id: Value,
    /// The slug of the type.
    pub relationship_type_slug: String,
    /// Whether the type reads the same both ways.
    #[serde(default)]
    pub is_symmetric: bool,
    /// All other keys: the fields of the relationship, and the server's own.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A page of the relationships of an entity.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RelationshipPage {
    /// The relationships of the page.
    pub relationships: Vec<WireRelationship>,
    /// What the page is of the whole list.
    pub metadata: LinksInfo,
}

/// What a page is of the relationships of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct LinksInfo {
    /// Whether more follow.
    pub has_more: bool,
    /// The number of all relationships; 0 where the server does not say it.
    #[serde(default)]
    pub total: usize,
}

/// A page of all relationships of an organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AllLinksPage {
    /// The relationships of the page, by id.
    pub relationships: Vec<WireRelationship>,
    /// What the page is of the whole list.
    pub metadata: AllLinksInfo,
}

/// What a page is of all relationships.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AllLinksInfo {
    /// Whether more follow.
    pub has_more: bool,
    /// The id behind which they begin, a number or a string of digits.
    #[serde(default)]
    pub next_after_id: Option<Value>,
}

/// The one query of entities that a client needs: it has what no list has, and the deleted entities too.
pub const CONTENT_QUERY: &str = "SELECT id, content, enabled_classifiers, deleted_at, slug, parent_id FROM entities";

/// A row of [`CONTENT_QUERY`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ContentRow {
    /// The id of the entity, a number or a string of digits.
    pub id: Value,
    /// The slug.
    pub slug: String,
    /// The id of the parent.
    #[serde(default)]
    pub parent_id: Option<Value>,
    /// The content.
    #[serde(default)]
    pub content: Option<String>,
    /// The classifiers, a list or the text of a PostgreSQL array.
    #[serde(default)]
    pub enabled_classifiers: Option<Value>,
    /// When the entity was deleted.
    #[serde(default)]
    pub deleted_at: Option<Value>,
}

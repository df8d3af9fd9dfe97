//! The memory schema tool `manage_entity_schema`: contract section 8.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `schema_type` of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaType {
    /// Entity types, section 8.1.
    EntityType,
    /// Relationship types and their rules, section 8.2.
    RelationshipType,
}

/// The route of the tool below `/api/:org/`.
pub const TOOL: &str = "manage_entity_schema";

/// An entity type as list and get answer it; unread keys are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityType {
    /// Unique in the organisation; normalised by the server.
    pub slug: String,
    /// The name that people see.
    pub name: String,
    /// Null when there is none.
    #[serde(default)]
    pub description: Option<String>,
    /// Null when there is none.
    #[serde(default)]
    pub icon: Option<String>,
    /// Null when there is none.
    #[serde(default)]
    pub color: Option<String>,
    /// Any JSON; null when there is none.
    #[serde(default)]
    pub metadata_schema: Option<Value>,
    /// Any JSON; null when there is none.
    #[serde(default)]
    pub event_kinds: Option<Value>,
    /// The organisation it belongs to: public ones of others are listed too.
    #[serde(default)]
    pub organization_slug: Option<String>,
    /// True when nobody created it.
    #[serde(default)]
    pub is_system: bool,
}

/// A relationship type as list and get answer it; unread keys are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelationshipType {
    /// Unique across organisations; stored verbatim.
    pub slug: String,
    /// The name that people see.
    pub name: String,
    /// Null when there is none.
    #[serde(default)]
    pub description: Option<String>,
    /// Any JSON; null when there is none.
    #[serde(default)]
    pub metadata_schema: Option<Value>,
    /// Fixed at creation.
    #[serde(default)]
    pub is_symmetric: bool,
    /// The slug of the inverse type.
    #[serde(default)]
    pub inverse_type_slug: Option<String>,
    /// `active` or `archived`.
    #[serde(default)]
    pub status: Option<String>,
    /// What the server keeps beside the row; `autoCreateWhen` in it is what `auto_create_when` was written as.
    #[serde(default)]
    pub metadata: Option<Value>,
    /// The organisation it belongs to.
    #[serde(default)]
    pub organization_slug: Option<String>,
    /// The user who created it; null for system types.
    #[serde(default)]
    pub created_by: Option<String>,
    /// How many relationships use it, a number or its digits; lists only.
    #[serde(default)]
    pub relationship_count: Option<Value>,
}

/// A rule of a relationship type, from `list_rules`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What `remove_rule` takes: a number, or a string of digits.
    pub id: Value,
    /// Source entity type.
    pub source_entity_type_slug: String,
    /// Target entity type.
    pub target_entity_type_slug: String,
}

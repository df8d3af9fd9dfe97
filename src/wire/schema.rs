//! The memory schema tool `manage_entity_schema`: contract section 8.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `schema_type` of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaType {
    /// Entity types, section 8.1.
    EntityType,
    /// Relationship types and their rules, section 8.2.
    RelationshipType,
}

/// `action` of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaAction {
    /// Reads all types, those of public organizations too.
    List,
    /// Reads one type.
    Get,
    /// Creates a type.
    Create,
    /// Changes fields of a type.
    Update,
    /// Deletes a type.
    Delete,
    /// Reads the rules of one relationship type.
    ListRules,
    /// Adds a rule to a relationship type.
    AddRule,
    /// Removes a rule of a relationship type.
    RemoveRule,
}

/// The route of the tool below `/api/:org/`.
pub const TOOL: &str = "manage_entity_schema";

/// An entity type in the response of a list or a get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireEntityType {
    /// The slug, unique in the organization and normalized by the server.
    pub slug: String,
    /// The organization that the type belongs to. Public types of other organizations are listed too.
    #[serde(default)]
    pub organization_slug: Option<String>,
    /// Whether the server created the type itself.
    #[serde(default)]
    pub is_system: bool,
    /// The number of entities of the type, as a number or as digits. Only lists have it.
    #[serde(default)]
    pub entity_count: Option<Value>,
    /// All other keys: the fields of the type, and the server's own.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A relationship type in the response of a list or a get, without its rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireRelationshipType {
    /// The slug, unique across organizations and not normalized (contract section 8.2).
    pub slug: String,
    /// The organization that the type belongs to.
    #[serde(default)]
    pub organization_slug: Option<String>,
    /// The user who created the type; null for system types.
    #[serde(default)]
    pub created_by: Option<String>,
    /// The number of relationships that use the type, as a number or as digits. Only lists have it.
    #[serde(default)]
    pub relationship_count: Option<Value>,
    /// All other keys: the fields of the type, and the server's own.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A rule of a relationship type, from `list_rules`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireRule {
    /// The id that `remove_rule` takes: a number, or a string of digits.
    pub id: Value,
    /// The source entity type.
    pub source_entity_type_slug: String,
    /// The target entity type.
    pub target_entity_type_slug: String,
}

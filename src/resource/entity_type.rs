//! An entity type of the memory schema.

use serde_json::Value;

/// What `entity-type.SLUG` addresses. `None` means that the file does not mention it, or that the server has null.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityType {
    /// Normalised as the server does.
    pub slug: String,
    /// The name that people see.
    pub name: String,
    /// See the type.
    pub description: Option<String>,
    /// See the type.
    pub icon: Option<String>,
    /// See the type.
    pub color: Option<String>,
    /// A JSON Schema; compared as a value, path by path.
    pub metadata_schema: Option<Value>,
    /// Any JSON.
    pub event_kinds: Option<Value>,
}

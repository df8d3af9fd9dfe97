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

impl EntityType {
    /// The maximum number of table columns. The server refuses to create or update a type with more.
    pub const MAX_TABLE_COLUMNS: usize = 4;
}

/// Returns the names of the properties that a metadata schema shows as table columns (`x-table-column: true`).
pub fn table_columns(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter(|(_, property)| property.get("x-table-column") == Some(&Value::Bool(true)))
        .map(|(name, _)| name.as_str())
        .collect()
}

//! An entity type of the memory schema.

use serde_json::Value;

use super::field_table::{Absent, Field};

/// The resource at the address `entity-type.SLUG`. A field is `None` when the file does not mention it, or when the server
/// has null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntityType {
    /// The slug, normalized as the server does it.
    pub slug: String,
    /// The display name; not empty when it comes from a file.
    pub name: String,
    /// A text about the entities of the type.
    pub description: Option<String>,
    /// The name of an icon, or an emoji. Neither side checks it.
    pub icon: Option<String>,
    /// A color in any notation. Neither side checks it.
    pub color: Option<String>,
    /// The JSON Schema of an entity's metadata. It is compared as a value, path by path.
    pub metadata_schema: Option<Value>,
    /// The kinds of events of such an entity, as any JSON.
    pub event_kinds: Option<Value>,
}

impl EntityType {
    /// The maximum number of table columns. The server refuses to create or update a type with more.
    pub const MAX_TABLE_COLUMNS: usize = 4;

    /// The fields that are compared and sent.
    ///
    /// The server ignores `null` for a text, so an empty text is sent to clear it (contract section 8.1).
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::required("name", |it| &it.name, |it| &mut it.name),
        Field::<Self>::text("description", |it| &it.description, |it| &mut it.description).cleared_by(Absent::Text("")),
        Field::<Self>::text("icon", |it| &it.icon, |it| &mut it.icon).cleared_by(Absent::Text("")),
        Field::<Self>::text("color", |it| &it.color, |it| &mut it.color).cleared_by(Absent::Text("")),
        Field::<Self>::json(
            "metadata_schema",
            |it| &it.metadata_schema,
            |it| &mut it.metadata_schema,
        ),
        Field::<Self>::json("event_kinds", |it| &it.event_kinds, |it| &mut it.event_kinds),
    ];
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

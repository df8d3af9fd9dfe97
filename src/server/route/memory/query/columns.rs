//! The tables that may be asked for, and their columns with the names of their types.

/// A table that may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryTable {
    Entities,
    Watchers,
}

const ENTITIES: [(&str, &str); 14] = [
    ("id", "bigint"),
    ("entity_type", "text"),
    ("entity_type_id", "integer"),
    ("parent_id", "bigint"),
    ("name", "text"),
    ("slug", "text"),
    ("metadata", "jsonb"),
    ("enabled_classifiers", "unknown"),
    ("created_at", "timestamptz"),
    ("updated_at", "timestamptz"),
    ("organization_id", "text"),
    ("created_by", "text"),
    ("content", "text"),
    ("deleted_at", "timestamptz"),
];
const WATCHERS: [(&str, &str); 13] = [
    ("id", "integer"),
    ("slug", "text"),
    ("name", "text"),
    ("status", "text"),
    ("version", "integer"),
    ("schedule", "text"),
    ("agent_id", "text"),
    ("entity_ids", "unknown"),
    ("tags", "unknown"),
    ("reaction_script", "text"),
    ("created_at", "timestamptz"),
    ("updated_at", "timestamptz"),
    ("organization_id", "text"),
];

impl QueryTable {
    /// Returns the table with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "entities" => Some(Self::Entities),
            "watchers" => Some(Self::Watchers),
            _ => None,
        }
    }

    /// Returns the columns of the table, each with the name of its type.
    pub(super) fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Entities => &ENTITIES,
            Self::Watchers => &WATCHERS,
        }
    }
}

//! A relationship type of the memory schema, and its rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field_table::{Absent, Field};

/// Which entity types a relationship may join. Rules are a set: identity is the pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Slug of the source entity type.
    pub source: String,
    /// Slug of the target entity type.
    pub target: String,
}

/// What `relationship-type.SLUG` addresses. `None` means that the file does not mention it, or that the server has
/// null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RelationshipType {
    /// The slug, which the server stores as it is.
    pub slug: String,
    /// The display name.
    pub name: String,
    /// What a relationship of the type means.
    pub description: Option<String>,
    /// The JSON Schema of a relationship's metadata. It is compared as a value, path by path.
    pub metadata_schema: Option<Value>,
    /// Whether the relationship reads the same both ways. Fixed when the type is created.
    pub is_symmetric: Option<bool>,
    /// The slug of the inverse type. An empty one clears it.
    pub inverse_type_slug: Option<String>,
    /// `active` or `archived`.
    pub status: Option<String>,
    /// The conditions under which the server creates such relationships, as a list.
    pub auto_create_when: Option<Value>,
    /// `None` when the file does not mention rules. The values are the ids of the rows that `remove_rule` takes, empty
    /// on the desired side; a racy server may hold one rule in several rows.
    pub rules: Option<BTreeMap<Rule, Vec<Value>>>,
}

impl RelationshipType {
    /// The fields that are compared and sent; rules have requests of their own.
    pub const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::required("name", |it| &it.name, |it| &mut it.name),
        Field::<Self>::text("description", |it| &it.description, |it| &mut it.description),
        Field::<Self>::json(
            "metadata_schema",
            |it| &it.metadata_schema,
            |it| &mut it.metadata_schema,
        ),
        Field::<Self>::text(
            Self::INVERSE,
            |it| &it.inverse_type_slug,
            |it| &mut it.inverse_type_slug,
        )
        .cleared_by(Absent::Text("")),
        Field::<Self>::text("status", |it| &it.status, |it| &mut it.status).cleared_by(Absent::Text("active")),
        Field::<Self>::json(
            "auto_create_when",
            |it| &it.auto_create_when,
            |it| &mut it.auto_create_when,
        )
        .cleared_by(Absent::List)
        .found_at(&["metadata", "autoCreateWhen"]),
        Field::<Self>::flag("is_symmetric", |it| &it.is_symmetric, |it| &mut it.is_symmetric).fixed(),
    ];

    /// The name of the field that names the inverse type. Writing one type of a pair changes it on the other.
    pub const INVERSE: &'static str = "inverse_type_slug";
}

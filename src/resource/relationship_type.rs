//! A relationship type of the memory schema, and its rules.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field_table::{Absent, Field};

/// Rules by their pairs, each with the ids of its rows on the server. Whoever makes a list of them sorts it.
// Not a tree: nearly every type has one or two rules, and a tree has room for eleven from the start.
pub type Rules = IndexMap<Rule, Vec<Value>>;

/// A pair of entity types that a relationship may join. The pair is the identity of the rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// The normalized slug of the source entity type, which need not exist.
    pub source: String,
    /// The normalized slug of the target entity type, which need not exist.
    pub target: String,
}

/// The resource at the address `relationship-type.SLUG`. A field is `None` when the file does not mention it, or when the
/// server has null.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RelationshipType {
    /// The slug, unique across organizations. The server does not normalize it.
    pub slug: String,
    /// The display name; not empty when it comes from a file.
    pub name: String,
    /// A text about the meaning of the relationship.
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
    /// The rules, each with the ids that `remove_rule` takes. `None` when the file does not mention rules.
    ///
    /// A rule has no id on the desired side, and may have several on the remote side, because concurrent requests can
    /// add it twice (contract section 8.2).
    pub rules: Option<Rules>,
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

    /// The wire name of the field that refers to the inverse type. Writing it to one type of a pair also changes the
    /// other type.
    pub const INVERSE: &'static str = "inverse_type_slug";
}

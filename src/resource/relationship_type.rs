//! A relationship type of the memory schema, and its rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
#[derive(Debug, Clone, PartialEq)]
pub struct RelationshipType {
    /// Stored verbatim by the server.
    pub slug: String,
    /// The name that people see.
    pub name: String,
    /// See the type.
    pub description: Option<String>,
    /// A JSON Schema; compared as a value, path by path.
    pub metadata_schema: Option<Value>,
    /// Fixed when the type is created.
    pub is_symmetric: Option<bool>,
    /// Slug of the inverse type; empty clears.
    pub inverse_type_slug: Option<String>,
    /// `active` or `archived`.
    pub status: Option<String>,
    /// A list of rules that the server applies by itself.
    pub auto_create_when: Option<Value>,
    /// `None` when the file does not mention rules. The values are the ids of the rows that `remove_rule` takes, empty
    /// on the desired side; a racy server may hold one rule in several rows.
    pub rules: Option<BTreeMap<Rule, Vec<Value>>>,
}

//! The results of the actions of `manage_entity_schema`.

use serde::Serialize;
use serde_json::Value;

use super::entity_type_row::{EntityTypeBody, EntityTypeEvent};
use super::relationship_row::RelationshipBody;
use super::rule_row::RuleBody;
use crate::server::precondition::Revision;

/// The result of an action. Its fields are those of the response, which has them beside `schema_type` and `action`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum SchemaResult {
    EntityTypes {
        entity_types: Vec<EntityTypeBody>,
    },
    EntityType {
        entity_type: Option<EntityTypeBody>,
    },
    EntityTypeEvents {
        audit: Vec<EntityTypeEvent>,
    },
    RelationshipTypes {
        relationship_types: Vec<RelationshipBody>,
    },
    RelationshipType {
        relationship_type: Option<RelationshipBody>,
    },
    Rules {
        rules: Vec<RuleBody>,
    },
    Rule {
        rule: RuleBody,
    },
    Deleted {
        success: bool,
        message: String,
    },
    /// The stored answer of an earlier create with the same idempotency key.
    Recorded {
        #[serde(flatten)]
        fields: Value,
        #[serde(skip)]
        updated_at: Option<i64>,
    },
}

impl SchemaResult {
    /// Returns the result of a deletion.
    pub(super) fn deleted(message: String) -> Self {
        Self::Deleted { success: true, message }
    }

    /// Returns the stored answer of an earlier create.
    pub(super) fn recorded(fields: Value, updated_at: Option<i64>) -> Self {
        Self::Recorded { fields, updated_at }
    }

    /// Returns the revision of the type in the result. `None` for a list, a rule or a deletion.
    pub(super) fn revision(&self) -> Option<Revision> {
        self.updated_at().map(Revision::of_row)
    }

    /// Returns when the type in the result was last written, in milliseconds since 1970. `None` as for
    /// [`SchemaResult::revision`].
    pub(super) fn updated_at(&self) -> Option<i64> {
        match self {
            Self::EntityType { entity_type } => entity_type.as_ref().map(|body| body.revision),
            Self::RelationshipType { relationship_type } => relationship_type.as_ref().map(|body| body.revision),
            Self::Recorded { updated_at, .. } => *updated_at,
            _ => None,
        }
    }
}

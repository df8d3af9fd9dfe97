//! A relationship between two entities.

use super::comparison::Comparison;
use super::fields::compare_fields;
use crate::plan::operation::{Operation, RelationshipUpdate};
use crate::plan::undeclared::Undeclared;
use crate::resource::{Relationship, SharedValue};

/// Compares a relationship with the one on the server, if it exists there.
pub(super) fn compare(
    desired: &SharedValue<Relationship>,
    remote: Option<&SharedValue<Relationship>>,
    undeclared: Undeclared,
) -> Comparison {
    let Some(remote) = remote else {
        return Comparison {
            changes: compare_fields(Relationship::FIELDS, desired, None, undeclared).changes,
            operation: Some(Operation::Link(desired.clone())),
            ..Comparison::default()
        };
    };
    let mut found = remote.clone();
    // The server has a confidence where none was given, and nothing clears it.
    if desired.confidence.is_none() {
        found.confidence = None;
    }
    let differences = compare_fields(Relationship::FIELDS, desired, Some(&found), undeclared);
    let operation = (!differences.body.is_empty()).then(|| {
        Operation::UpdateLink(Box::new(RelationshipUpdate {
            key: desired.key.clone(),
            id: remote.id,
            fields: differences.body,
        }))
    });
    Comparison {
        changes: differences.changes,
        operation,
        ..Comparison::default()
    }
}

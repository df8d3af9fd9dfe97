//! An entity type.

use super::comparison::Comparison;
use super::fields::compare_fields;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::EntityType;

/// Compares an entity type with the one on the server, if it exists there.
pub(super) fn compare(desired: &EntityType, remote: Option<&EntityType>, undeclared: Undeclared) -> Comparison {
    let fields = compare_fields(EntityType::FIELDS, desired, remote, undeclared);
    let operation = match remote {
        None => Some(Operation::CreateEntityType(desired.clone())),
        Some(_) if fields.body.is_empty() => None,
        Some(_) => Some(Operation::UpdateEntityType {
            slug: desired.slug.clone(),
            fields: fields.body,
        }),
    };
    Comparison {
        changes: fields.changes,
        operation,
        ..Comparison::default()
    }
}

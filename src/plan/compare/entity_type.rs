//! An entity type.

use super::comparison::Comparison;
use super::fields::compare_resource;
use crate::plan::operation::Operation;
use crate::plan::undeclared::Undeclared;
use crate::resource::{EntityType, SharedValue};

/// Compares an entity type with the one on the server, if it exists there.
pub(super) fn compare(
    desired: &SharedValue<EntityType>,
    remote: Option<&SharedValue<EntityType>>,
    undeclared: Undeclared,
) -> Comparison {
    let update = |body| Operation::UpdateEntityType {
        slug: desired.slug.clone(),
        fields: body,
    };
    let pair = (desired, remote);
    compare_resource(
        EntityType::FIELDS,
        pair,
        undeclared,
        Operation::CreateEntityType,
        update,
    )
}

//! The requests of entity types.

use serde_json::{Map, Value};

use super::confirm::create_type;
use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::remote::RemoteError;
use crate::resource::field_table::to_body;
use crate::resource::{EntityType, Resource, SharedValue};
use crate::wire::schema::SchemaType;

const KIND: SchemaType = SchemaType::EntityType;

/// Creates an entity type.
pub(super) async fn create(
    context: &StepContext<'_>,
    wanted: &SharedValue<EntityType>,
) -> Result<Outcome, RemoteError> {
    let resource = Resource::EntityType(wanted.clone());
    create_type(
        context,
        KIND,
        &wanted.slug,
        &to_body(EntityType::FIELDS, wanted),
        &resource,
    )
    .await
}

/// Changes these fields of an entity type.
pub(super) async fn update(
    context: &StepContext<'_>,
    slug: &str,
    fields: &Map<String, Value>,
) -> Result<Outcome, RemoteError> {
    context.client.update_type(KIND, slug, fields).await?;
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes an entity type.
pub(super) async fn delete(context: &StepContext<'_>, slug: &str) -> Result<Outcome, RemoteError> {
    context.client.delete_type(KIND, slug).await?;
    Ok(Outcome::Deleted)
}

//! The requests of entity types.

use serde_json::{Map, Value, json};

use super::confirm::create_type;
use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::remote::{RemoteError, write};
use crate::resource::{EntityType, Resource};
use crate::wire::schema::SchemaType;

const KIND: SchemaType = SchemaType::EntityType;

/// Creates an entity type.
pub(super) async fn create(context: &StepContext<'_>, wanted: &EntityType) -> Result<Outcome, RemoteError> {
    let resource = Resource::EntityType(wanted.clone());
    create_type(context, KIND, &wanted.slug, &creation_fields(wanted), &resource).await
}

/// Changes these fields of an entity type.
pub(super) async fn update(
    context: &StepContext<'_>,
    slug: &str,
    fields: &Map<String, Value>,
) -> Result<Outcome, RemoteError> {
    write::schema(&context.client, KIND, "update", slug, fields).await?;
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes an entity type.
pub(super) async fn delete(context: &StepContext<'_>, slug: &str) -> Result<Outcome, RemoteError> {
    write::schema(&context.client, KIND, "delete", slug, &Map::new()).await?;
    Ok(Outcome::Deleted)
}

fn creation_fields(entity_type: &EntityType) -> Map<String, Value> {
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let fields = [
        ("name", Some(json!(entity_type.name))),
        ("description", text(&entity_type.description)),
        ("icon", text(&entity_type.icon)),
        ("color", text(&entity_type.color)),
        ("metadata_schema", entity_type.metadata_schema.clone()),
        ("event_kinds", entity_type.event_kinds.clone()),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
        .collect()
}

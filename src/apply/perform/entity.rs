//! The requests of entities.

use super::confirm::confirm_creation;
use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::plan::EntityUpdate;
use crate::remote::RemoteError;
use crate::resource::field_table::to_body;
use crate::resource::{Entity, EntityPath, Resource, SharedValue};

/// Creates an entity below its parent, which is on the server by now.
pub(super) async fn create(context: &StepContext<'_>, wanted: &SharedValue<Entity>) -> Result<Outcome, RemoteError> {
    let client = &context.client;
    let parent = match wanted.path.parent() {
        None => None,
        Some(parent) => match client.entity_id(&parent).await? {
            Some(id) => Some(id),
            None => return Ok(missing(&parent)),
        },
    };
    let fields = to_body(Entity::FIELDS, wanted);
    let created = client
        .create_entity(&wanted.entity_type, &wanted.path, parent, &fields)
        .await;
    match created {
        Ok(()) => Ok(Outcome::Created),
        Err(error) => confirm_creation(context, error, &Resource::Entity(wanted.clone())).await,
    }
}

/// Changes fields of an entity.
pub(super) async fn update(context: &StepContext<'_>, update: &EntityUpdate) -> Result<Outcome, RemoteError> {
    let Some(id) = update.id else {
        return Ok(missing(&update.path));
    };
    context.client.update_entity(id, &update.path, &update.fields).await?;
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes an entity.
pub(super) async fn delete(
    context: &StepContext<'_>,
    path: &EntityPath,
    id: Option<u64>,
) -> Result<Outcome, RemoteError> {
    let Some(id) = id else { return Ok(missing(path)) };
    context.client.delete_entity(id).await?;
    Ok(Outcome::Deleted)
}

/// The outcome of a row that needs an entity that is not there.
pub(super) fn missing(path: &EntityPath) -> Outcome {
    Outcome::Failed {
        message: format!("the server has no entity `{path}`"),
        hint: Some("plan again".to_owned()),
        partly_written: false,
    }
}

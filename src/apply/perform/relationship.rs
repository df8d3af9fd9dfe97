//! The requests of relationships.

use super::confirm::confirm_creation;
use super::entity::missing;
use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::plan::RelationshipUpdate;
use crate::remote::RemoteError;
use crate::resource::field_table::to_body;
use crate::resource::{Relationship, RelationshipKey, Resource, SharedValue};

/// Creates a relationship between two entities, which are on the server by now.
pub(super) async fn link(
    context: &StepContext<'_>,
    wanted: &SharedValue<Relationship>,
) -> Result<Outcome, RemoteError> {
    let client = &context.client;
    let Some(from) = client.entity_id(&wanted.key.from).await? else {
        return Ok(missing(&wanted.key.from));
    };
    let Some(to) = client.entity_id(&wanted.key.to).await? else {
        return Ok(missing(&wanted.key.to));
    };
    let fields = to_body(Relationship::FIELDS, wanted);
    match client.link(&wanted.key.kind, (from, to), &fields).await {
        Ok(()) => Ok(Outcome::Created),
        Err(error) => confirm_creation(context, error, &Resource::Relationship(wanted.clone())).await,
    }
}

/// Changes fields of a relationship.
pub(super) async fn update(context: &StepContext<'_>, update: &RelationshipUpdate) -> Result<Outcome, RemoteError> {
    let Some(id) = update.id else {
        return Ok(gone(&update.key));
    };
    context.client.update_link(id, &update.key.kind, &update.fields).await?;
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes a relationship.
pub(super) async fn unlink(
    context: &StepContext<'_>,
    key: &RelationshipKey,
    id: Option<u64>,
) -> Result<Outcome, RemoteError> {
    let Some(id) = id else { return Ok(gone(key)) };
    context.client.unlink(id).await?;
    Ok(Outcome::Deleted)
}

fn gone(key: &RelationshipKey) -> Outcome {
    Outcome::Failed {
        message: format!("the server has no relationship from `{}` to `{}`", key.from, key.to),
        hint: Some("plan again".to_owned()),
        partly_written: false,
    }
}

//! The requests of watchers.

use serde_json::Value;

use super::confirm::confirm_creation;
use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::plan::WatcherUpdate;
use crate::remote::RemoteError;
use crate::resource::field_table::to_body;
use crate::resource::{Resource, SharedValue, Watcher};

/// Creates a watcher, then sets its script.
pub(super) async fn create(context: &StepContext<'_>, wanted: &SharedValue<Watcher>) -> Result<Outcome, RemoteError> {
    let Some(entity) = entity_id(context, wanted).await? else {
        return Ok(Outcome::Failed {
            message: "the entity that it names is not on the server, or not the only one of its name".to_owned(),
            hint: Some("plan again, and look at the entity".to_owned()),
            partly_written: false,
        });
    };
    let mut fields = to_body(Watcher::FIELDS, wanted);
    fields.remove(Watcher::SCRIPT);
    // Only a change says with an empty text that there is none.
    fields.retain(|_, value| value != "");
    let created = context.client.create_watcher(&wanted.slug, entity, &fields).await;
    match created {
        Ok(id) => {
            context.record_write(true);
            add_script(context, &id, wanted).await?;
            Ok(Outcome::Created)
        }
        Err(error) => {
            let confirmed = confirm_creation(context, error, &Resource::Watcher(wanted.clone())).await?;
            add_script_to_found(context, wanted, confirmed).await
        }
    }
}

/// Sets the script of a new watcher, if it has one. Returns whether it has.
async fn add_script(context: &StepContext<'_>, id: &Value, wanted: &Watcher) -> Result<bool, RemoteError> {
    let Some(script) = wanted.reaction_script.as_deref().filter(|script| !script.is_empty()) else {
        return Ok(false);
    };
    context.client.set_watcher_script(id, script).await?;
    Ok(true)
}

/// Goes on with a watcher whose creation no response confirmed, or that another run created: its script is still missing.
async fn add_script_to_found(
    context: &StepContext<'_>,
    wanted: &Watcher,
    confirmed: Outcome,
) -> Result<Outcome, RemoteError> {
    if !confirmed.succeeded() {
        return Ok(confirmed);
    }
    context.record_write(confirmed == Outcome::Created);
    let found = context.client.read(context.address()).await?;
    let found = found.as_ref().and_then(Resource::as_watcher);
    let id = found.and_then(|found| found.id.as_ref());
    let has_script = found.is_some_and(|found| found.reaction_script == wanted.reaction_script);
    match id {
        Some(id) if !has_script && add_script(context, id, wanted).await? => Ok(Outcome::Created),
        _ => Ok(confirmed),
    }
}

/// Returns the id of the entity that a watcher names. It is read again, because this run may have created the entity.
async fn entity_id(context: &StepContext<'_>, wanted: &Watcher) -> Result<Option<u64>, RemoteError> {
    let Some(name) = wanted.entities.first() else {
        return Ok(None);
    };
    match context.client.named_entities(name).await?.as_slice() {
        [entity] => Ok(entity.id),
        _ => Ok(None),
    }
}

/// Changes fields in place, then creates a version, then sets the script.
pub(super) async fn update(context: &StepContext<'_>, update: &WatcherUpdate) -> Result<Outcome, RemoteError> {
    let client = &context.client;
    if !update.settings.is_empty() {
        client.update_watcher(&update.id, &update.settings).await?;
        context.record_write(true);
    }
    if !update.version.is_empty() {
        client.create_watcher_version(&update.id, &update.version).await?;
        context.record_write(true);
    }
    if let Some(script) = &update.script {
        client.set_watcher_script(&update.id, script).await?;
    }
    Ok(Outcome::Updated { restarted: None })
}

/// Archives a watcher.
pub(super) async fn archive(context: &StepContext<'_>, id: &Value) -> Result<Outcome, RemoteError> {
    context.client.archive_watcher(id).await?;
    Ok(Outcome::Deleted)
}

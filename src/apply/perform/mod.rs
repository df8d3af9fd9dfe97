//! Carries out the requests of one row, in the order in which they are safe.

mod agent;
mod confirm;
mod entity;
mod entity_type;
mod platform;
mod relationship;
mod relationship_type;
mod watcher;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::context::StepContext;
use super::event::Outcome;
use super::prepare::Work;
use crate::plan::Operation;
use crate::remote::RemoteError;

/// Carries out a row's operation and returns its outcome.
///
/// # Errors
/// The first request that failed. What was certainly written before it is recorded in the context.
pub(super) async fn perform(context: &StepContext<'_>, work: &Work) -> Result<Outcome, RemoteError> {
    let performed: BoxFuture<'_, Result<Outcome, RemoteError>> = match &work.operation {
        Operation::CreateAgent(wanted) => agent::create(context, wanted).boxed(),
        Operation::PatchAgent { id, body } => agent::patch(context, id, body).boxed(),
        Operation::DeleteAgent { id, .. } => agent::delete(context, id).boxed(),
        Operation::PatchSettings(patch) => agent::patch_settings(context, patch).boxed(),
        Operation::UpsertPlatform(write) => platform::upsert(context, write, work.before.as_ref()).boxed(),
        Operation::ReplacePlatform(write) => platform::replace(context, write).boxed(),
        Operation::DeletePlatform { agent, id } => platform::delete(context, agent, id).boxed(),
        Operation::CreateEntityType(wanted) => entity_type::create(context, wanted).boxed(),
        Operation::UpdateEntityType { slug, fields } => entity_type::update(context, slug, fields).boxed(),
        Operation::DeleteEntityType { slug } => entity_type::delete(context, slug).boxed(),
        Operation::CreateRelationshipType(write) => relationship_type::create(context, write).boxed(),
        Operation::UpdateRelationshipType {
            slug,
            fields,
            add,
            remove,
        } => relationship_type::update(context, slug, fields, (add, remove)).boxed(),
        Operation::ReplaceRelationshipType(write) => relationship_type::replace(context, write).boxed(),
        Operation::DeleteRelationshipType { slug } => relationship_type::delete(context, slug).boxed(),
        Operation::CreateEntity(wanted) => entity::create(context, wanted).boxed(),
        Operation::UpdateEntity(update) => entity::update(context, update).boxed(),
        Operation::DeleteEntity { path, id } => entity::delete(context, path, *id).boxed(),
        Operation::Link(wanted) => relationship::link(context, wanted).boxed(),
        Operation::UpdateLink(update) => relationship::update(context, update).boxed(),
        Operation::Unlink { key, id } => relationship::unlink(context, key, *id).boxed(),
        Operation::CreateWatcher(wanted) => watcher::create(context, wanted).boxed(),
        Operation::UpdateWatcher(update) => watcher::update(context, update).boxed(),
        Operation::ArchiveWatcher { id, .. } => watcher::archive(context, id).boxed(),
    };
    performed.await
}

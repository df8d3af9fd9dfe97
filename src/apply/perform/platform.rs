//! The requests of platforms.

use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::plan::operation::PlatformWrite;
use crate::remote::{PutPlatform, RemoteError};
use crate::resource::{Platform, Resource};
use crate::wire::platform::UpsertReply;

/// Puts a platform, and starts it when it is in error.
pub(super) async fn upsert(
    context: &StepContext<'_>,
    write: &PlatformWrite,
    before: Option<&Resource>,
) -> Result<Outcome, RemoteError> {
    let client = &context.client;
    let sent = client.put_platform(&write.platform, write.settings.as_ref()).await;
    if sent.as_ref().is_err_and(|error| error.status() == Some(400)) && before.is_some() {
        // A platform that does not start with its new config is not stored, and does not run any more (contract section 7).
        context.note("the platform may have stopped: look at it on the server, and start it there");
    }
    let (put, reply) = sent?;
    context.record_write(put != PutPlatform::Unchanged);
    note_restart(context, put);
    let failed = start_if_in_error(context, &write.platform, &reply).await;
    // The values are stored even when the platform does not start with them.
    context.stored(changed(context, (put, &reply), write, before).await.as_deref());
    if let Some(failed) = failed {
        return Ok(failed);
    }
    Ok(match put {
        PutPlatform::Unchanged => Outcome::Unchanged,
        PutPlatform::Updated { restarts } if !context.creates() => Outcome::Updated { restarted: restarts },
        _ => Outcome::Created,
    })
}

/// Deletes a platform and puts it again, which is the only way to drop a key of its config.
///
/// Nothing is read in between: on a real server a reading brings the deleted platform back (contract section 7).
pub(super) async fn replace(context: &StepContext<'_>, write: &PlatformWrite) -> Result<Outcome, RemoteError> {
    let platform = &write.platform;
    let client = &context.client;
    let deleted = client.delete_platform(&platform.agent, &platform.stable_id).await;
    confirm_deletion(context, deleted).await?;
    context.record_write(true);
    let (put, reply) = client.put_platform(platform, write.settings.as_ref()).await?;
    let failed = start_if_in_error(context, platform, &reply).await;
    context.stored(changed(context, (put, &reply), write, None).await.as_deref());
    // The instance that ran went with the deletion, whatever the response to the PUT says of a restart.
    Ok(failed.unwrap_or(Outcome::Updated { restarted: Some(true) }))
}

/// Returns when the lists of the server say that it has changed the platform last. `None` where that is not known, or nothing
/// depends on it.
///
/// A server without revisions names other times in the replies to a creation and to a PUT that changes nothing (contract
/// section 7). Such a PUT proves that the platform has had these values since the reading `before`.
async fn changed(
    context: &StepContext<'_>,
    (put, reply): (PutPlatform, &UpsertReply),
    write: &PlatformWrite,
    before: Option<&Resource>,
) -> Option<String> {
    let has_secrets = write.platform.config.values().any(|value| value.secret().is_some());
    match put {
        _ if !has_secrets || !context.records() => None,
        _ if context.client.names_revisions() => reply.platform.changed(),
        PutPlatform::Updated { restarts: Some(_) } => reply.platform.changed(),
        PutPlatform::Unchanged => match before? {
            Resource::Platform(before) => before.changed.clone(),
            _ => None,
        },
        // The response to the request that changed it was lost.
        PutPlatform::Updated { restarts: None } => None,
        PutPlatform::Created => match context.client.beside().read(context.address()).await {
            Ok(Some(Resource::Platform(found))) => found.changed.clone(),
            _ => None,
        },
    }
}

/// Deletes a platform. A server may answer success and keep it (contract section 7), so only a reading proves it.
pub(super) async fn delete(context: &StepContext<'_>, agent: &str, id: &str) -> Result<Outcome, RemoteError> {
    context.client.delete_platform(agent, id).await?;
    let left = match context.client.platforms(agent).await {
        Ok(left) => left.unwrap_or_default(),
        Err(error) => {
            return Ok(Outcome::Unknown {
                message: format!("the server answered success; reading it again failed: {error}"),
            });
        }
    };
    if left.iter().all(|platform| platform.stable_id != id) {
        return Ok(Outcome::Deleted);
    }
    Ok(Outcome::Failed {
        message: "the server answered success and still has the platform".to_owned(),
        hint: Some("stop it on the server, or delete its agent".to_owned()),
        partly_written: false,
    })
}

async fn confirm_deletion(context: &StepContext<'_>, result: Result<(), RemoteError>) -> Result<(), RemoteError> {
    super::confirm::confirm(context, result, |fresh| fresh.is_none()).await
}

/// Notes a predicted restart that did not happen, and one that was not predicted.
fn note_restart(context: &StepContext<'_>, put: PutPlatform) {
    match (context.scheduled.restarts, put) {
        (true, PutPlatform::Updated { restarts: Some(false) } | PutPlatform::Unchanged) => {
            context.note("no restart: the server says so");
        }
        (false, PutPlatform::Updated { restarts: Some(true) }) => context.note("the server restarts the platform"),
        _ => {}
    }
}

/// Starts a platform that is in error: it stays so after a good PUT until it is started (contract section 7).
/// Returns the row's outcome when it does not start.
async fn start_if_in_error(context: &StepContext<'_>, platform: &Platform, reply: &UpsertReply) -> Option<Outcome> {
    if reply.platform.status != "error" {
        return None;
    }
    let started = context
        .client
        .start_platform(&platform.agent, &platform.stable_id)
        .await;
    let Err(error) = started else {
        context.note("it was in error and has been started");
        return None;
    };
    if error.maybe_applied() && runs(context).await {
        context.note(format!("{error}; it was in error, and runs now"));
        return None;
    }
    Some(Outcome::Failed {
        message: format!("stored, but it does not start: {error}"),
        hint: Some("check the platform's config and secrets".to_owned()),
        partly_written: true,
    })
}

async fn runs(context: &StepContext<'_>) -> bool {
    let Ok(Some(Resource::Platform(found))) = context.client.read(context.address()).await else {
        return false;
    };
    found.status.as_ref().is_some_and(|(status, _)| status == "active")
}

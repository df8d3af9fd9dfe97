//! Starting, stopping and deleting a platform, under the lock of its id. The agent in the path does not count, only the
//! organization.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::row::{PlatformBody, StoredPlatform, not_found};
use super::start::{start_resolved, stored_error};
use super::status::PlatformStatus;
use crate::server::app::{App, Shared};
use crate::server::audit;
use crate::server::auth::{Admin, Caller};
use crate::server::db::params;
use crate::server::lock::Held;
use crate::server::options::PlatformMode;
use crate::server::path::PathIds;
use crate::server::precondition::Precondition;
use crate::server::reply::{ApiError, ApiResult, success};
use crate::server::vault_use::{ResolvedInstance, resolve};

/// What to do with a platform.
#[derive(Clone, Copy)]
enum PlatformAction {
    Start,
    Stop,
    Delete,
}

/// The organization, the agent and the platform of a path.
type PlatformPath = PathIds<(String, String, String)>;

/// `POST …/platforms/:platform/start`: starts the platform. 400 when that fails.
pub(crate) async fn start(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, _, id)): PlatformPath,
    precondition: Precondition,
) -> ApiResult<Response> {
    perform(app, caller, id, precondition, PlatformAction::Start).await
}

/// `POST …/platforms/:platform/stop`: stops the platform, which keeps its row.
pub(crate) async fn stop(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, _, id)): PlatformPath,
    precondition: Precondition,
) -> ApiResult<Response> {
    perform(app, caller, id, precondition, PlatformAction::Stop).await
}

/// `DELETE …/platforms/:platform`: deletes the platform and stops it.
pub(crate) async fn delete(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, _, id)): PlatformPath,
    precondition: Precondition,
) -> ApiResult<Response> {
    perform(app, caller, id, precondition, PlatformAction::Delete).await
}

async fn perform(
    app: Shared,
    caller: Caller,
    id: String,
    precondition: Precondition,
    action: PlatformAction,
) -> ApiResult<Response> {
    let work = app.clone();
    app.run_to_completion(async move {
        let mut held = work.locks.hold(&work.db, format!("platform/{id}")).await?;
        let outcome = perform_locked(&work, &caller, &mut held, &id, &precondition, action).await;
        // Awaited, because dropping releases the lease a little later and the next request would wait for it.
        held.release().await;
        outcome
    })
    .await
}

async fn perform_locked(
    app: &App,
    caller: &Caller,
    held: &mut Held,
    id: &str,
    precondition: &Precondition,
    action: PlatformAction,
) -> ApiResult<Response> {
    let platform = StoredPlatform::find_in(app, &caller.organization.id, id).await?;
    precondition.check(&platform.revision())?;
    match action {
        PlatformAction::Start => start_locked(app, caller, held, platform).await,
        PlatformAction::Stop => stop_locked(app, caller, held, platform).await,
        PlatformAction::Delete => delete_locked(app, caller, held, platform).await,
    }
}

/// The response of a start or a stop.
#[derive(Serialize)]
struct ChangedPlatform {
    success: bool,
    platform: PlatformBody,
}

fn changed(platform: &StoredPlatform) -> Response {
    let body = ChangedPlatform {
        success: true,
        platform: platform.body(),
    };
    (platform.revision(), Json(body)).into_response()
}

async fn start_locked(
    app: &App,
    caller: &Caller,
    held: &mut Held,
    mut platform: StoredPlatform,
) -> ApiResult<Response> {
    platform.check_readable()?;
    let resolved = resolve(app, &caller.organization, &platform.instance).await?;
    // A platform that is active already is not started a second time, but answered in the same way.
    let mut failure = None;
    if app.mode == PlatformMode::Live && platform.status != PlatformStatus::Active {
        match start_resolved(app, None, &resolved).await {
            Ok(started) => platform.metadata = started.metadata,
            Err(error) => {
                // A start that timed out may still succeed in the runtime.
                app.runtime.stop(&platform.instance.id).await;
                failure = Some(error);
            }
        }
    }
    platform.error = failure.as_ref().map(stored_error);
    platform.status = if failure.is_some() {
        PlatformStatus::Error
    } else {
        PlatformStatus::Active
    };
    if let Err(error) = save(app, caller, held, &mut platform, ("platform.start", Some(&resolved))).await {
        // Stop it again, because in the row it is not running.
        app.runtime.stop(&platform.instance.id).await;
        return Err(error);
    }
    match failure {
        Some(error) => Err(ApiError::bad_request(error.message)),
        None => Ok(changed(&platform)),
    }
}

async fn stop_locked(app: &App, caller: &Caller, held: &mut Held, mut platform: StoredPlatform) -> ApiResult<Response> {
    // The row first: when it cannot be written, the platform keeps running as the row shows.
    platform.status = PlatformStatus::Stopped;
    platform.error = None;
    save(app, caller, held, &mut platform, ("platform.stop", None)).await?;
    app.runtime.stop(&platform.instance.id).await;
    Ok(changed(&platform))
}

/// Writes the row and its event. 404 when the row was deleted with its agent meanwhile, which the lock does not prevent.
async fn save(
    app: &App,
    caller: &Caller,
    held: &mut Held,
    platform: &mut StoredPlatform,
    (action, resolved): (&str, Option<&ResolvedInstance>),
) -> ApiResult<()> {
    let mut tx = held.begin(&app.db).await?;
    if let Some(resolved) = resolved {
        resolved.check_current(&mut tx).await?;
    }
    if !platform.update(&mut tx).await? {
        return Err(not_found());
    }
    audit::record(&mut tx, caller, action, &platform.instance.id, &[]).await?;
    Ok(tx.commit().await?)
}

async fn delete_locked(app: &App, caller: &Caller, held: &mut Held, platform: StoredPlatform) -> ApiResult<Response> {
    let id = &platform.instance.id;
    let mut tx = held.begin(&app.db).await?;
    if tx.execute("DELETE FROM platform WHERE id = $1", params![id]).await? == 0 {
        return Err(not_found());
    }
    audit::record(&mut tx, caller, "platform.delete", id, &[]).await?;
    tx.commit().await?;
    // After the commit, so that the platform keeps running when the delete fails.
    app.runtime.stop(id).await;
    Ok(success().into_response())
}

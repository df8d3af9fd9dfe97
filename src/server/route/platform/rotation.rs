//! Restarting the platforms that use a secret after it was rotated.

use std::collections::BTreeSet;

use super::row::StoredPlatform;
use super::start::{start_resolved, stored_error};
use super::status::PlatformStatus;
use crate::server::app::App;
use crate::server::audit;
use crate::server::auth::Caller;
use crate::server::lock::Held;
use crate::server::options::PlatformMode;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::runtime::RuntimeError;
use crate::server::vault_use::{VaultUses, resolve};

/// What was restarted.
pub(crate) struct Restarts {
    /// Which platforms use which secrets.
    pub(crate) uses: VaultUses,
    /// The ids of the platforms that run with the new values.
    pub(crate) restarted: BTreeSet<String>,
    /// The ids of the platforms that did not start with them.
    pub(crate) failed: BTreeSet<String>,
}

/// Restarts every active platform that uses one of these secrets. Called after the new values are stored: a platform that is
/// written at this moment has either been found here, or has found the new value (see
/// [`ResolvedInstance::check_current`](crate::server::vault_use::ResolvedInstance::check_current)).
pub(crate) async fn restart_users(app: &App, caller: &Caller, names: &BTreeSet<String>) -> ApiResult<Restarts> {
    let uses = VaultUses::read(&app.db, &caller.organization).await?;
    let mut restarts = Restarts {
        uses,
        restarted: BTreeSet::new(),
        failed: BTreeSet::new(),
    };
    if app.mode == PlatformMode::Stored {
        return Ok(restarts);
    }
    let users: BTreeSet<String> = names.iter().flat_map(|name| restarts.uses.of(name)).collect();
    for id in users {
        match restart(app, caller, &id, names).await {
            Ok(Some(true)) => drop(restarts.restarted.insert(id)),
            Ok(None) => {}
            Ok(Some(false)) => drop(restarts.failed.insert(id)),
            Err(error) => {
                tracing::warn!(
                    platform = id,
                    reason = error.message(),
                    "not restarted with a new secret"
                );
                restarts.failed.insert(id);
            }
        }
    }
    Ok(restarts)
}

/// Restarts one platform. Returns whether it runs with the new value, or `None` when it does not run at all.
async fn restart(app: &App, caller: &Caller, id: &str, names: &BTreeSet<String>) -> ApiResult<Option<bool>> {
    let mut held = app.locks.hold(&app.db, format!("platform/{id}")).await?;
    let outcome = restart_locked(app, caller, &mut held, id, names).await;
    held.release().await;
    outcome
}

async fn restart_locked(
    app: &App,
    caller: &Caller,
    held: &mut Held,
    id: &str,
    names: &BTreeSet<String>,
) -> ApiResult<Option<bool>> {
    let mut platform = match StoredPlatform::find_in(app, &caller.organization.id, id).await {
        Ok(platform) if platform.status == PlatformStatus::Active => platform,
        // It was stopped or deleted meanwhile.
        Ok(_) => return Ok(None),
        Err(error) if error.status() == axum::http::StatusCode::NOT_FOUND => return Ok(None),
        Err(error) => return Err(error),
    };
    let resolved = match resolve(app, &caller.organization, &platform.instance).await {
        Ok(resolved) => resolved,
        Err(error) => return record_failure(app, held, platform, &as_runtime_error(&error)).await,
    };
    match start_resolved(app, Some(&platform.instance), &resolved).await {
        Ok(started) => {
            (platform.metadata, platform.error) = (started.metadata, None);
            let mut tx = held.begin(&app.db).await?;
            if !platform.update(&mut tx).await? {
                return Ok(None);
            }
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            audit::record(&mut tx, caller, "platform.restart", id, &names).await?;
            tx.commit().await?;
            Ok(Some(true))
        }
        Err(error) => record_failure(app, held, platform, &error).await,
    }
}

/// Stores why the platform does not run with the new value; it goes on with the old one.
async fn record_failure(
    app: &App,
    held: &mut Held,
    mut platform: StoredPlatform,
    error: &RuntimeError,
) -> ApiResult<Option<bool>> {
    platform.error = Some(stored_error(error));
    let mut tx = held.begin(&app.db).await?;
    platform.update_error(&mut tx).await?;
    tx.commit().await?;
    Ok(Some(false))
}

fn as_runtime_error(error: &ApiError) -> RuntimeError {
    RuntimeError::new("SecretError", error.message())
}

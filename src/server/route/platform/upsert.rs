//! Creating and updating a platform by its stable id.
//!
//! The id's lock is held from the first read until the outcome is known. So a request that has waited for it reads the final
//! row of the request before, or none when that one failed. The row is written after the instance has started. When that
//! write fails, the runtime gets the instance of the row back.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Map;

use super::comparison::is_same;
use super::request::PlatformRequest;
use super::row::{StoredPlatform, unreadable_secret};
use super::start::{start_resolved, stored_error};
use super::status::PlatformStatus;
use super::upsert_body::{LocalPlatform, UpsertBody};
use crate::server::app::{Shared, now};
use crate::server::audit;
use crate::server::auth::{Admin, Caller};
use crate::server::body::JsonBody;
use crate::server::lock::Held;
use crate::server::options::PlatformMode;
use crate::server::path::PathIds;
use crate::server::precondition::{Precondition, Revision};
use crate::server::random::random_id;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::agent;
use crate::server::runtime::{Instance, RuntimeError, Started};
use crate::server::secret;
use crate::server::secret_field::SecretFields;
use crate::server::vault_use::{ResolvedInstance, resolve};

/// The maximum number of characters of a stable id.
const MAX_ID_CHARS: usize = 300;
/// The number of ids that a POST tries before it answers that the id is taken.
const MAX_POST_ATTEMPTS: usize = 20;

type UpsertResponse = (StatusCode, Revision, Json<UpsertBody>);

/// One request to create or update a platform.
struct PlatformUpsert {
    app: Shared,
    caller: Caller,
    agent: String,
    id: String,
    /// Whether the server has chosen the id. An existing platform with the id is then another one.
    must_create: bool,
    precondition: Precondition,
    request: PlatformRequest,
}

/// `PUT /api/:org/agents/:id/platforms/by-stable-id/:platform`: creates or updates the platform with this id.
pub(crate) async fn put(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, agent, id)): PathIds<(String, String, String)>,
    precondition: Precondition,
    mut body: JsonBody,
) -> ApiResult<UpsertResponse> {
    let request = PlatformRequest::from_fields(body.take_fields())?;
    // Clients and proxies remove these from a path, so such a platform could not be read again.
    if matches!(id.as_str(), "" | "." | "..") {
        return Err(ApiError::not_found("Not found"));
    }
    if id.chars().count() > MAX_ID_CHARS {
        return Err(ApiError::bad_request(format!(
            "a stable id has at most {MAX_ID_CHARS} characters"
        )));
    }
    let upsert = PlatformUpsert {
        app: app.clone(),
        caller,
        agent,
        id,
        must_create: false,
        precondition,
        request,
    };
    app.run_to_completion(Box::pin(upsert.run())).await
}

/// `POST /api/:org/agents/:id/platforms`: creates a platform with an id that the server chooses.
pub(crate) async fn post(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, agent)): PathIds<(String, String)>,
    mut body: JsonBody,
) -> ApiResult<UpsertResponse> {
    let request = PlatformRequest::from_fields(body.take_fields())?;
    for _ in 1..MAX_POST_ATTEMPTS {
        match create_with_new_id(&app, &caller, &agent, &request).await {
            // In the local mode, another server has used the same millisecond.
            Err(error) if error.status() == StatusCode::CONFLICT => {}
            done => return done,
        }
    }
    create_with_new_id(&app, &caller, &agent, &request).await
}

async fn create_with_new_id(
    app: &Shared,
    caller: &Caller,
    agent: &str,
    request: &PlatformRequest,
) -> ApiResult<UpsertResponse> {
    let id = match app.mode {
        PlatformMode::Live => random_id().map_err(|error| ApiError::internal(&error))?,
        PlatformMode::Stored => format!("{}-{agent}-{}", request.kind, unique_millisecond()),
    };
    let upsert = PlatformUpsert {
        app: app.clone(),
        caller: caller.clone(),
        agent: agent.to_owned(),
        id,
        must_create: true,
        precondition: Precondition::default(),
        request: request.clone(),
    };
    app.run_to_completion(Box::pin(upsert.run())).await
}

/// Returns the current time in milliseconds since 1970, or a later time if this process has returned that one before. Ids of
/// the local mode end in it.
fn unique_millisecond() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = now();
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(now.max(last + 1)));
    now.max(last.unwrap_or_default() + 1)
}

impl PlatformUpsert {
    /// Takes the lock of the id and runs the request.
    async fn run(self) -> ApiResult<UpsertResponse> {
        let name = format!("platform/{}", self.id);
        let mut held = self.app.locks.hold(&self.app.db, name).await?;
        let outcome = self.run_locked(&mut held).await;
        held.release().await;
        outcome
    }

    async fn run_locked(&self, held: &mut Held) -> ApiResult<UpsertResponse> {
        let organization = &self.caller.organization.id;
        if !agent::exists(&self.app.db, organization, &self.agent).await? {
            return Err(agent::not_found());
        }
        let Some(old) = StoredPlatform::find(&self.app, &self.id).await? else {
            self.precondition.check_missing()?;
            return self.create(held).await;
        };
        if self.must_create {
            return Err(id_taken());
        }
        if old.organization != *organization || old.instance.agent != self.agent {
            // The same message for both, so that it does not show whether another organization has the id.
            return Err(ApiError::conflict("Stable ID already used by a different agent"));
        }
        self.precondition.check(&old.revision())?;
        self.update(held, old).await
    }

    /// Returns the instance that the request asks for, merged with the stored one.
    fn instance(&self, old: Option<&StoredPlatform>) -> ApiResult<Instance> {
        let mode = self.app.mode;
        let empty = Map::new();
        let config = self
            .request
            .merged_config(old.map_or(&empty, |old| &old.instance.config), mode)?;
        let settings = self
            .request
            .merged_settings(old.map(|old| &old.instance.settings), mode);
        let mut declared = old.map(|old| old.secret_keys.clone()).unwrap_or_default();
        declared.extend_from_slice(&self.request.secret_keys);
        if secret::holds_redaction(SecretFields::Platform { declared: &declared }, &config) {
            return Err(unreadable_secret());
        }
        Ok(Instance {
            id: self.id.clone(),
            agent: self.agent.clone(),
            kind: self.request.kind.clone(),
            config,
            settings,
        })
    }

    /// Starts the instance and inserts its row.
    async fn create(&self, held: &mut Held) -> ApiResult<UpsertResponse> {
        let app = &*self.app;
        let instance = self.instance(None)?;
        let resolved = resolve(app, &self.caller.organization, &instance).await?;
        let (status, started) = match app.mode {
            PlatformMode::Stored => (PlatformStatus::Stopped, Started::default()),
            PlatformMode::Live => (PlatformStatus::Active, self.start(&resolved).await?),
        };
        let at = now();
        let mut platform = StoredPlatform {
            organization: self.caller.organization.id.clone(),
            instance,
            metadata: started.metadata,
            secret_keys: Vec::new(),
            status,
            error: None,
            created_at: at,
            updated_at: at,
            unreadable: None,
        };
        platform.declare_secret_keys(&self.request.secret_keys);
        // Without a row, nothing would ever stop the instance.
        if let Err(error) = self.insert_row(held, &platform, &resolved).await {
            app.runtime.stop(&self.id).await;
            return Err(error);
        }
        let body = match app.mode {
            PlatformMode::Live => UpsertBody::Created {
                platform: platform.body(),
            },
            PlatformMode::Stored => UpsertBody::CreatedLocally {
                platform: LocalPlatform {
                    id: self.id.clone(),
                    platform: self.request.kind.clone(),
                    status,
                },
            },
        };
        Ok((StatusCode::CREATED, platform.revision(), Json(body)))
    }

    async fn start(&self, resolved: &ResolvedInstance) -> ApiResult<Started> {
        match start_resolved(&self.app, None, resolved).await {
            Ok(started) => Ok(started),
            Err(error) => {
                // A start that timed out may still succeed in the runtime.
                self.app.runtime.stop(&self.id).await;
                Err(ApiError::bad_request(error.message))
            }
        }
    }

    async fn insert_row(
        &self,
        held: &mut Held,
        platform: &StoredPlatform,
        resolved: &ResolvedInstance,
    ) -> ApiResult<()> {
        let mut tx = held.begin(&self.app.db).await?;
        resolved.check_current(&mut tx).await?;
        if !platform.insert(&mut tx).await? {
            return Err(id_taken());
        }
        let names = self.request.names();
        audit::record(&mut tx, &self.caller, "platform.create", &self.id, &names).await?;
        Ok(tx.commit().await?)
    }

    /// Replaces the instance and writes its row.
    async fn update(&self, held: &mut Held, mut platform: StoredPlatform) -> ApiResult<UpsertResponse> {
        let new = self.instance(Some(&platform))?;
        let new_secret_keys = platform.declare_secret_keys(&self.request.secret_keys);
        if is_same(&platform.instance, &new) {
            return self.leave_unchanged(held, platform, new_secret_keys).await;
        }
        let organization = &self.caller.organization;
        let resolved = resolve(&self.app, organization, &new).await?;
        // `None` when one of its secrets is gone: it could not be started again.
        let former = resolve(&self.app, organization, &platform.instance).await.ok();
        let started = match self.apply_to_runtime(&platform, former.as_ref(), &resolved).await {
            Ok(started) => started,
            Err(error) => return Err(self.record_refused_update(held, platform, &error).await?),
        };
        let was_active = platform.status == PlatformStatus::Active;
        platform.instance = new;
        // A former config with a secret that does not open could not be started again.
        let restartable = platform.unreadable.take().is_none();
        if let Some(started) = started {
            (platform.metadata, platform.error) = (started.metadata, None);
            platform.status = PlatformStatus::Active;
        }
        let stored = self.write_row(held, &mut platform, Some(&resolved)).await;
        // A row that is gone (`Ok(false)`) has no instance: what was started is stopped, and nothing is started in its place.
        if !matches!(stored, Ok(true)) {
            let former = former.filter(|_| was_active && restartable && stored.is_err());
            self.restore_runtime(&resolved, former.as_ref()).await;
            return Err(stored.err().unwrap_or_else(agent::not_found));
        }
        let body = UpsertBody::Updated {
            updated: true,
            will_restart: true,
            platform: platform.body(),
        };
        Ok((StatusCode::OK, platform.revision(), Json(body)))
    }

    /// Answers a PUT that changes nothing. Clears the error that a refused update may have left, and seals the values of keys
    /// that were declared secret just now.
    async fn leave_unchanged(
        &self,
        held: &mut Held,
        mut platform: StoredPlatform,
        new_secret_keys: bool,
    ) -> ApiResult<UpsertResponse> {
        let had_error = platform.status == PlatformStatus::Active && platform.error.take().is_some();
        if new_secret_keys {
            if !self.write_row(held, &mut platform, None).await? {
                return Err(agent::not_found());
            }
        } else if had_error {
            let mut tx = held.begin(&self.app.db).await?;
            platform.update_error(&mut tx).await?;
            tx.commit().await?;
        }
        let body = UpsertBody::Unchanged {
            noop: true,
            platform: platform.body(),
        };
        Ok((StatusCode::OK, platform.revision(), Json(body)))
    }

    /// Restarts an active platform with its new config, starts one whose last start failed, and only checks the config of a
    /// stopped one. Returns the result of a start. `None` when nothing was started.
    async fn apply_to_runtime(
        &self,
        old: &StoredPlatform,
        former: Option<&ResolvedInstance>,
        new: &ResolvedInstance,
    ) -> Result<Option<Started>, RuntimeError> {
        let app = &*self.app;
        if app.mode == PlatformMode::Stored {
            return Ok(None);
        }
        match old.status {
            PlatformStatus::Active => {
                let running = former.map_or(&old.instance, |former| &former.instance);
                start_resolved(app, Some(running), new).await.map(Some)
            }
            PlatformStatus::Error => start_resolved(app, None, new).await.map(Some),
            PlatformStatus::Stopped => {
                let checked = app.runtime.check(&new.instance);
                new.without_values(checked.map(|()| Started::default())).map(|_| None)
            }
        }
    }

    /// Stores the error of a refused update; the old config stays stored and keeps running. Returns the response.
    async fn record_refused_update(
        &self,
        held: &mut Held,
        mut platform: StoredPlatform,
        error: &RuntimeError,
    ) -> ApiResult<ApiError> {
        if platform.status != PlatformStatus::Stopped {
            platform.error = Some(stored_error(error));
            let mut tx = held.begin(&self.app.db).await?;
            platform.update_error(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(ApiError::bad_request(error.message.clone()))
    }

    /// Writes the row and its event. Returns false when the row was deleted with its agent meanwhile.
    async fn write_row(
        &self,
        held: &mut Held,
        platform: &mut StoredPlatform,
        resolved: Option<&ResolvedInstance>,
    ) -> ApiResult<bool> {
        let mut tx = held.begin(&self.app.db).await?;
        if let Some(resolved) = resolved {
            resolved.check_current(&mut tx).await?;
        }
        if !platform.update(&mut tx).await? {
            return Ok(false);
        }
        let names = self.request.names();
        audit::record(&mut tx, &self.caller, "platform.update", &self.id, &names).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Gives the runtime the former instance back after the row could not be written. Stops the new one when there is none or it
    /// does not start.
    async fn restore_runtime(&self, new: &ResolvedInstance, former: Option<&ResolvedInstance>) {
        let restarted = match former {
            Some(former) => start_resolved(&self.app, Some(&new.instance), former).await.is_ok(),
            None => false,
        };
        if !restarted {
            self.app.runtime.stop(&self.id).await;
        }
    }
}

fn id_taken() -> ApiError {
    ApiError::conflict("the platform's id was taken meanwhile, try again")
}

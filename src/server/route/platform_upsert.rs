//! Creating and updating a platform by its stable id.
//!
//! The id's lock is held from the first read until the outcome is known: whoever waited sees the final row, or none when
//! the one before it failed, and makes an attempt of its own with a verdict of its own. A row is written after the
//! instance runs; when the write fails, the instance is put back to what the row says.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::agent;
use super::platform_row::{ACTIVE, ERROR, Platform, STOPPED};
use crate::server::app::{App, Shared, now};
use crate::server::audit;
use crate::server::auth::{Admin, Caller};
use crate::server::lock::Held;
use crate::server::options::PlatformMode;
use crate::server::reply::{Body, Failure, Ids, Reply};
use crate::server::runtime::{Answer, Instance, RuntimeError, Started};
use crate::server::secret;
use crate::server::token::random_id;

const LONGEST_ID: usize = 300;

type Outcome = (StatusCode, Json<Value>);

/// A checked body of PUT or POST.
struct Wanted {
    kind: String,
    config: Map<String, Value>,
    allow_groups: Option<bool>,
    allow_from: Option<Value>,
}

impl Wanted {
    fn from_fields(mut fields: Map<String, Value>) -> Reply<Self> {
        let kind = match fields.get("platform") {
            None | Some(Value::Null) => return Err(Failure::bad_request("platform is required")),
            Some(Value::String(kind)) if kind.is_empty() => return Err(Failure::bad_request("platform is required")),
            Some(Value::String(kind)) => kind.clone(),
            Some(_) => return Err(Failure::bad_request("platform must be a string")),
        };
        let config = object(fields.swap_remove("config"), "config")?;
        let mut settings = object(fields.swap_remove("settings"), "settings")?;
        let allow_groups = match settings.swap_remove("allowGroups") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(value)) => Some(value),
            Some(_) => return Err(Failure::bad_request("settings.allowGroups must be true or false")),
        };
        let allow_from = settings.swap_remove("allowFrom");
        let texts = |list: &Vec<Value>| list.iter().all(Value::is_string);
        if allow_from
            .as_ref()
            .is_some_and(|value| !value.is_null() && !value.as_array().is_some_and(texts))
        {
            return Err(Failure::bad_request("settings.allowFrom must be a list of strings"));
        }
        Ok(Self {
            kind,
            config,
            allow_groups,
            allow_from,
        })
    }

    /// What is stored when this is laid over `old`: redactions keep, everything else replaces by key.
    fn config_over(&self, old: &Map<String, Value>, mode: PlatformMode) -> Reply<Map<String, Value>> {
        if let Some(Value::String(other)) = self.config.get("platform")
            && mode == PlatformMode::Live
            && *other != self.kind
        {
            let sentence = format!("Config platform mismatch: expected {}, got {other}", self.kind);
            return Err(Failure::bad_request(sentence));
        }
        let mut sent = Value::Object(self.config.clone());
        let stored = Value::Object(old.clone());
        secret::restore(&mut sent, Some(&stored));
        let mut config = old.clone();
        config.insert("platform".to_owned(), json!(self.kind));
        if let Value::Object(sent) = sent {
            config.extend(sent.into_iter().filter(|(key, _)| key != "platform"));
        }
        Ok(config)
    }

    /// Live, a PUT that says nothing about groups allows them again; stored only, it leaves them.
    fn settings_over(&self, old: Option<&Map<String, Value>>, mode: PlatformMode) -> Map<String, Value> {
        let mut settings = old.cloned().unwrap_or_default();
        let default = (mode == PlatformMode::Live || old.is_none()).then_some(true);
        if let Some(allow) = self.allow_groups.or(default) {
            settings.insert("allowGroups".to_owned(), json!(allow));
        }
        match &self.allow_from {
            None => {}
            Some(Value::Null) => drop(settings.shift_remove("allowFrom")),
            Some(list) => drop(settings.insert("allowFrom".to_owned(), list.clone())),
        }
        settings
    }
}

fn object(value: Option<Value>, name: &str) -> Reply<Map<String, Value>> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(Failure::bad_request(format!("{name} must be an object"))),
    }
}

/// One attempt to upsert, under the lock.
struct Attempt {
    app: Shared,
    caller: Caller,
    agent: String,
    id: String,
    wanted: Wanted,
}

/// `PUT /api/:org/agents/:id/platforms/by-stable-id/:platform`
pub(crate) async fn put(
    State(app): State<Shared>,
    Admin(caller): Admin,
    Ids((_, agent, id)): Ids<(String, String, String)>,
    body: Body,
) -> Reply<Outcome> {
    let wanted = Wanted::from_fields(body.fields())?;
    if matches!(id.as_str(), "" | "." | "..") {
        return Err(Failure::not_found("Not found"));
    }
    if id.chars().count() > LONGEST_ID {
        return Err(Failure::bad_request(format!(
            "a stable id has at most {LONGEST_ID} characters"
        )));
    }
    let attempt = Attempt {
        app: app.clone(),
        caller,
        agent,
        id,
        wanted,
    };
    app.finish(Box::pin(attempt.run())).await
}

/// `POST /api/:org/agents/:id/platforms`: the server chooses the id.
pub(crate) async fn post(
    State(app): State<Shared>,
    Admin(caller): Admin,
    Ids((_, agent)): Ids<(String, String)>,
    body: Body,
) -> Reply<Outcome> {
    let wanted = Wanted::from_fields(body.fields())?;
    let id = match app.mode {
        PlatformMode::Live => random_id().map_err(|error| Failure::internal(&error))?,
        PlatformMode::Stored => format!("{}-{agent}-{}", wanted.kind, now()),
    };
    let attempt = Attempt {
        app: app.clone(),
        caller,
        agent,
        id,
        wanted,
    };
    app.finish(Box::pin(attempt.run())).await
}

impl Attempt {
    async fn run(self) -> Reply<Outcome> {
        let mut held = self
            .app
            .locks
            .hold(&self.app.db, format!("platform/{}", self.id))
            .await?;
        let outcome = self.decide(&mut held).await;
        held.release().await;
        outcome
    }

    async fn decide(&self, held: &mut Held) -> Reply<Outcome> {
        let organization = &self.caller.organization.id;
        if !agent::exists(&self.app.db, organization, &self.agent).await? {
            return Err(agent::not_found());
        }
        match Platform::find(&self.app, &self.id).await? {
            None => self.create(held).await,
            Some(old) if old.organization != *organization || old.instance.agent != self.agent => {
                Err(Failure::conflict("Stable ID already used by a different agent"))
            }
            Some(old) => self.update(held, old).await,
        }
    }

    fn instance(&self, old: Option<&Instance>) -> Reply<Instance> {
        let mode = self.app.mode;
        let nothing = Map::new();
        let config = self.wanted.config_over(old.map_or(&nothing, |old| &old.config), mode)?;
        let settings = self.wanted.settings_over(old.map(|old| &old.settings), mode);
        Ok(Instance {
            id: self.id.clone(),
            agent: self.agent.clone(),
            kind: self.wanted.kind.clone(),
            config,
            settings,
        })
    }

    async fn create(&self, held: &mut Held) -> Reply<Outcome> {
        let app = &*self.app;
        let instance = self.instance(None)?;
        let (status, started) = match app.mode {
            PlatformMode::Stored => (STOPPED, Started::default()),
            PlatformMode::Live => (ACTIVE, self.start(&instance).await?),
        };
        let at = now();
        let platform = Platform {
            organization: self.caller.organization.id.clone(),
            instance,
            metadata: started.metadata,
            status: status.to_owned(),
            error: None,
            created_at: at,
            updated_at: at,
        };
        if let Err(failure) = self.insert(held, &platform).await {
            app.runtime.stop(&self.id).await;
            return Err(failure);
        }
        let answer = match app.mode {
            PlatformMode::Live => platform.answer(),
            PlatformMode::Stored => json!({ "id": self.id, "platform": self.wanted.kind, "status": STOPPED }),
        };
        Ok((StatusCode::CREATED, Json(json!({ "platform": answer }))))
    }

    async fn start(&self, instance: &Instance) -> Reply<Started> {
        match in_time(&self.app, self.app.runtime.start(instance)).await {
            Ok(started) => Ok(started),
            Err(error) => {
                self.app.runtime.stop(&self.id).await;
                Err(Failure::bad_request(error.message))
            }
        }
    }

    async fn insert(&self, held: &mut Held, platform: &Platform) -> Reply<()> {
        let mut tx = held.begin(&self.app.db).await?;
        if !platform.insert(&self.app, &mut tx).await? {
            return Err(Failure::conflict("the platform's id was taken meanwhile, try again"));
        }
        let names = self.names();
        audit::record(&mut tx, &self.caller, "platform.create", &self.id, &names).await?;
        Ok(tx.commit().await?)
    }

    fn names(&self) -> Vec<&str> {
        self.wanted.config.keys().map(String::as_str).collect()
    }

    async fn update(&self, held: &mut Held, mut old: Platform) -> Reply<Outcome> {
        let new = self.instance(Some(&old.instance))?;
        if same(&old.instance, &new) {
            return self.noop(held, old).await;
        }
        let started = match self.replace(&old, &new).await {
            Ok(started) => started,
            Err(error) => return Err(self.refused(held, old, error).await?),
        };
        let ran = old.status == ACTIVE;
        let former = std::mem::replace(&mut old.instance, new);
        if let Some(started) = started {
            (old.metadata, old.error) = (started.metadata, None);
            ACTIVE.clone_into(&mut old.status);
        }
        let stored = self.store(held, &mut old).await;
        if !matches!(stored, Ok(true)) {
            self.undo(&old.instance, &former, ran && stored.is_err()).await;
            return Err(stored.err().unwrap_or_else(agent::not_found));
        }
        Ok((
            StatusCode::OK,
            Json(json!({ "updated": true, "willRestart": true, "platform": old.answer() })),
        ))
    }

    /// Nothing differs. What an earlier, refused update left behind is over with that.
    async fn noop(&self, held: &mut Held, mut platform: Platform) -> Reply<Outcome> {
        if platform.status == ACTIVE && platform.error.take().is_some() {
            let mut tx = held.begin(&self.app.db).await?;
            platform.note(&mut tx).await?;
            tx.commit().await?;
        }
        Ok((
            StatusCode::OK,
            Json(json!({ "noop": true, "platform": platform.answer() })),
        ))
    }

    /// Lets the new config run where something should run; `None` where nothing does.
    async fn replace(&self, old: &Platform, new: &Instance) -> Result<Option<Started>, RuntimeError> {
        let app = &*self.app;
        match (app.mode, old.status.as_str()) {
            (PlatformMode::Stored, _) => Ok(None),
            (PlatformMode::Live, ACTIVE) => in_time(app, app.runtime.restart(&old.instance, new)).await.map(Some),
            (PlatformMode::Live, ERROR) => in_time(app, app.runtime.start(new)).await.map(Some),
            (PlatformMode::Live, _) => app.runtime.check(new).map(|()| None),
        }
    }

    /// The old config stays and runs on; the row says what happened.
    async fn refused(&self, held: &mut Held, mut old: Platform, error: RuntimeError) -> Reply<Failure> {
        if old.status != STOPPED {
            old.error = Some(format!("{}: {}", error.name, error.message));
            let mut tx = held.begin(&self.app.db).await?;
            old.note(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(Failure::bad_request(error.message))
    }

    /// False when the row went with its agent meanwhile.
    async fn store(&self, held: &mut Held, platform: &mut Platform) -> Reply<bool> {
        let mut tx = held.begin(&self.app.db).await?;
        if !platform.update(&self.app, &mut tx).await? {
            return Ok(false);
        }
        let names = self.names();
        audit::record(&mut tx, &self.caller, "platform.update", &self.id, &names).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Puts the runtime back to what the row says.
    async fn undo(&self, new: &Instance, former: &Instance, ran: bool) {
        let runtime = &self.app.runtime;
        if !ran || in_time(&self.app, runtime.restart(new, former)).await.is_err() {
            runtime.stop(&self.id).await;
        }
    }
}

/// Waits for the runtime, within the limit.
pub(crate) async fn in_time(
    app: &App,
    answer: Answer<'_, Result<Started, RuntimeError>>,
) -> Result<Started, RuntimeError> {
    match tokio::time::timeout(app.limits.start, answer).await {
        Ok(outcome) => outcome,
        Err(_) => Err(RuntimeError::new("TimeoutError", "the platform did not start in time")),
    }
}

fn same(old: &Instance, new: &Instance) -> bool {
    let equal = |left: &Map<String, Value>, right: &Map<String, Value>| {
        left.len() == right.len()
            && left
                .iter()
                .all(|(key, value)| right.get(key).is_some_and(|other| alike(value, other)))
    };
    old.kind == new.kind && equal(&old.config, &new.config) && equal(&old.settings, &new.settings)
}

/// Equal by value: numbers as numbers, keys in any order, lists in theirs.
fn alike(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        _ => left == right,
    }
}

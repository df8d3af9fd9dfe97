//! An agent's settings: contract section 5. A shallow merge by top-level key under the row's lock, where null resets.
//!
//! The row holds the keys that were set; what is missing has its default.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::agent::not_found;
use crate::server::app::{App, Shared, now};
use crate::server::audit;
use crate::server::auth::{Admin, Caller, Reader};
use crate::server::db::{Tx, params};
use crate::server::reply::{Body, Failure, Ids, Reply, success};
use crate::server::secret::{self, Names};

/// What a field may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    OptionalText,
    Flag,
    Object,
    Texts,
    Objects,
}

const FIELDS: [(&str, Shape); 20] = [
    ("model", Shape::OptionalText),
    ("modelSelection", Shape::Object),
    ("providerModelPreferences", Shape::Object),
    ("networkConfig", Shape::Object),
    ("egressConfig", Shape::Object),
    ("nixConfig", Shape::Object),
    ("mcpServers", Shape::Object),
    ("mcpInstallNotified", Shape::Object),
    ("soulMd", Shape::Text),
    ("userMd", Shape::Text),
    ("identityMd", Shape::Text),
    ("skillsConfig", Shape::Object),
    ("toolsConfig", Shape::Object),
    ("pluginsConfig", Shape::Object),
    ("authProfiles", Shape::Objects),
    ("installedProviders", Shape::Objects),
    ("verboseLogging", Shape::Flag),
    ("templateAgentId", Shape::OptionalText),
    ("preApprovedTools", Shape::Texts),
    ("guardrails", Shape::Texts),
];

impl Shape {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::OptionalText => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Self::Objects => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text | Self::OptionalText => "a string",
            Self::Flag => "true or false",
            Self::Object => "an object",
            Self::Texts => "a list of strings",
            Self::Objects => "a list of objects",
        }
    }

    fn default(self, field: &str) -> Option<Value> {
        match self {
            Self::OptionalText => None,
            Self::Text => Some(json!("")),
            Self::Flag => Some(json!(false)),
            Self::Object if field == "skillsConfig" => Some(json!({ "skills": [] })),
            Self::Object => Some(json!({})),
            Self::Texts | Self::Objects => Some(json!([])),
        }
    }
}

fn place(agent: &str) -> String {
    format!("agent/{agent}")
}

/// The settings as they are answered: every field, defaults filled in, secrets redacted.
pub(crate) fn answer(app: &App, agent: &str, stored: Value, updated_at: i64) -> Reply<Map<String, Value>> {
    let mut stored = opened(app, agent, stored)?;
    secret::redact(Names::Settings, &mut stored);
    let mut answer = Map::new();
    for (field, shape) in FIELDS {
        if let Some(value) = stored.remove(field).or_else(|| shape.default(field)) {
            answer.insert(field.to_owned(), value);
        }
    }
    answer.insert("updatedAt".to_owned(), json!(updated_at));
    Ok(answer)
}

fn opened(app: &App, agent: &str, stored: Value) -> Reply<Map<String, Value>> {
    let Value::Object(mut stored) = stored else {
        return Err(Failure::internal(&"settings are not an object"));
    };
    secret::open(Names::Settings, &mut stored, &app.crypto, &place(agent))?;
    Ok(stored)
}

/// `GET /api/:org/agents/:id/config`
pub(crate) async fn read(
    State(app): State<Shared>,
    Reader(caller): Reader,
    Ids((_, id)): Ids<(String, String)>,
) -> Reply {
    let sql = "SELECT settings, updated_at FROM agent WHERE id = $1 AND organization_id = $2";
    let row = app
        .db
        .optional(sql, params![&id, &caller.organization.id])
        .await?
        .ok_or_else(not_found)?;
    Ok(Json(Value::Object(answer(&app, &id, row.json(0)?, row.int(1)?)?)))
}

/// `PATCH /api/:org/agents/:id/config`
pub(crate) async fn patch(
    State(app): State<Shared>,
    Admin(caller): Admin,
    Ids((_, id)): Ids<(String, String)>,
    body: Body,
) -> Reply {
    let change = checked(body)?;
    let mut tx = app.db.begin().await?;
    merge(&app, &mut tx, &caller, &id, &change).await?;
    let names: Vec<&str> = change.keys().map(String::as_str).collect();
    audit::record(&mut tx, &caller, "settings.update", &id, &names).await?;
    tx.commit().await?;
    Ok(success())
}

/// The fields that are known, each of its shape or null.
fn checked(body: Body) -> Reply<Map<String, Value>> {
    let mut sent = body.fields();
    let mut change = Map::new();
    for (field, shape) in FIELDS {
        let Some(value) = sent.swap_remove(field) else { continue };
        if !value.is_null() && !shape.fits(&value) {
            return Err(Failure::bad_request(format!(
                "{field} must be {} or null",
                shape.words()
            )));
        }
        if field == "mcpServers" && value.as_object().is_some_and(|map| !map.values().all(Value::is_object)) {
            return Err(Failure::bad_request("mcpServers must hold an object for each server"));
        }
        change.insert(field.to_owned(), value);
    }
    Ok(change)
}

async fn merge(app: &App, tx: &mut Tx<'_>, caller: &Caller, id: &str, change: &Map<String, Value>) -> Reply<()> {
    // Writing first takes the row's lock: what is read here cannot change before the commit.
    let row = tx
        .optional(
            "UPDATE agent SET updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END \
             WHERE id = $2 AND organization_id = $3 RETURNING settings",
            params![now(), id, &caller.organization.id],
        )
        .await?
        .ok_or_else(not_found)?;
    let mut settings = opened(app, id, row.json(0)?)?;
    for (field, value) in change {
        let old = settings.swap_remove(field);
        if value.is_null() {
            continue;
        }
        if field == "templateAgentId" {
            template_exists(tx, caller, value).await?;
        }
        let mut value = value.clone();
        if Names::Settings.covers(field) {
            secret::restore(&mut value, old.as_ref());
        }
        settings.insert(field.clone(), value);
    }
    secret::seal(Names::Settings, &mut settings, &app.crypto, &place(id))?;
    let text = Value::Object(settings).to_string();
    tx.execute("UPDATE agent SET settings = $1 WHERE id = $2", params![&text, id])
        .await?;
    Ok(())
}

async fn template_exists(tx: &mut Tx<'_>, caller: &Caller, value: &Value) -> Reply<()> {
    let template = value.as_str().unwrap_or_default();
    let sql = "SELECT id FROM agent WHERE id = $1 AND organization_id = $2";
    match tx.optional(sql, params![template, &caller.organization.id]).await? {
        Some(_) => Ok(()),
        None => Err(Failure::bad_request(
            "templateAgentId must be the id of an agent of this organization",
        )),
    }
}

//! A platform's row: opened after reading, sealed before writing, redacted before it is answered.

use serde_json::{Map, Value, json};

use crate::server::app::{App, now};
use crate::server::db::{DbResult, Row, Tx, params};
use crate::server::reply::{Failure, Reply};
use crate::server::runtime::Instance;
use crate::server::secret::{self, Names};

pub(crate) const ACTIVE: &str = "active";
pub(crate) const STOPPED: &str = "stopped";
pub(crate) const ERROR: &str = "error";

const BY_ID: &str = "SELECT id, organization_id, agent_id, kind, config, settings, metadata, status, error_message, \
    created_at, updated_at FROM platform WHERE id = $1";
const BY_AGENT: &str = "SELECT id, organization_id, agent_id, kind, config, settings, metadata, status, \
    error_message, created_at, updated_at FROM platform WHERE agent_id = $1 ORDER BY created_at DESC, id DESC";

/// A platform with its secrets in clear.
pub(crate) struct Platform {
    pub(crate) organization: String,
    pub(crate) instance: Instance,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) status: String,
    pub(crate) error: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

pub(crate) fn not_found() -> Failure {
    Failure::not_found("Platform not found")
}

fn place(id: &str) -> String {
    format!("platform/{id}")
}

fn object(value: Value) -> Reply<Map<String, Value>> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(Failure::internal(&"a platform's column is not an object")),
    }
}

impl Platform {
    fn from_row(app: &App, row: &Row) -> Reply<Self> {
        let id = row.text(0)?;
        let mut config = object(row.json(4)?)?;
        secret::open(Names::Platform, &mut config, &app.crypto, &place(&id))?;
        let settings = object(row.json(5)?)?;
        Ok(Self {
            organization: row.text(1)?,
            instance: Instance {
                id,
                agent: row.text(2)?,
                kind: row.text(3)?,
                config,
                settings,
            },
            metadata: object(row.json(6)?)?,
            status: row.text(7)?,
            error: row.opt_text(8)?,
            created_at: row.int(9)?,
            updated_at: row.int(10)?,
        })
    }

    /// The platform of that id, in whatever organisation.
    pub(crate) async fn find(app: &App, id: &str) -> Reply<Option<Self>> {
        let row = app.db.optional(BY_ID, params![id]).await?;
        row.map(|row| Self::from_row(app, &row)).transpose()
    }

    /// The platform of that id, of this organisation.
    pub(crate) async fn of(app: &App, organization: &str, id: &str) -> Reply<Self> {
        let found = Self::find(app, id).await?;
        found
            .filter(|platform| platform.organization == organization)
            .ok_or_else(not_found)
    }

    /// An agent's platforms, newest first.
    pub(crate) async fn list(app: &App, agent: &str) -> Reply<Vec<Self>> {
        let rows = app.db.fetch(BY_AGENT, params![agent]).await?;
        rows.iter().map(|row| Self::from_row(app, row)).collect()
    }

    /// The platform as list and get answer it.
    pub(crate) fn answer(&self) -> Value {
        let mut config = self.instance.config.clone();
        secret::redact(Names::Platform, &mut config);
        let mut answer = Map::new();
        answer.insert("id".into(), json!(self.instance.id));
        answer.insert("platform".into(), json!(self.instance.kind));
        answer.insert("templateAgentId".into(), json!(self.instance.agent));
        answer.insert("config".into(), Value::Object(config));
        answer.insert("settings".into(), json!(self.instance.settings));
        answer.insert("metadata".into(), json!(self.metadata));
        answer.insert("status".into(), json!(self.status));
        if let Some(error) = &self.error {
            answer.insert("errorMessage".into(), json!(error));
        }
        answer.insert("createdAt".into(), json!(self.created_at));
        answer.insert("updatedAt".into(), json!(self.updated_at));
        Value::Object(answer)
    }

    fn sealed_config(&self, app: &App) -> Reply<String> {
        let mut config = self.instance.config.clone();
        secret::seal(Names::Platform, &mut config, &app.crypto, &place(&self.instance.id))?;
        Ok(Value::Object(config).to_string())
    }

    /// Writes a new row; false when the id is taken after all.
    pub(crate) async fn insert(&self, app: &App, tx: &mut Tx<'_>) -> Reply<bool> {
        let instance = &self.instance;
        let done = tx
            .execute(
                "INSERT INTO platform (id, organization_id, agent_id, kind, config, settings, metadata, status, \
                 created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (id) DO NOTHING",
                params![
                    &instance.id,
                    &self.organization,
                    &instance.agent,
                    &instance.kind,
                    &self.sealed_config(app)?,
                    &json!(instance.settings).to_string(),
                    &json!(self.metadata).to_string(),
                    &self.status,
                    self.created_at
                ],
            )
            .await;
        match done {
            Ok(count) => Ok(count == 1),
            Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Err(super::agent::not_found()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the row again; false when it is gone.
    pub(crate) async fn update(&mut self, app: &App, tx: &mut Tx<'_>) -> Reply<bool> {
        self.updated_at = now().max(self.updated_at + 1);
        let done = tx
            .execute(
                "UPDATE platform SET kind = $1, config = $2, settings = $3, metadata = $4, status = $5, \
                 error_message = $6, updated_at = $7 WHERE id = $8 AND agent_id = $9",
                params![
                    &self.instance.kind,
                    &self.sealed_config(app)?,
                    &json!(self.instance.settings).to_string(),
                    &json!(self.metadata).to_string(),
                    &self.status,
                    self.error.as_deref(),
                    self.updated_at,
                    &self.instance.id,
                    &self.instance.agent
                ],
            )
            .await?;
        Ok(done == 1)
    }

    /// Writes only what the last attempt came to.
    pub(crate) async fn note(&self, tx: &mut Tx<'_>) -> DbResult<()> {
        let sql = "UPDATE platform SET error_message = $1, updated_at = updated_at + 1 WHERE id = $2";
        tx.execute(sql, params![self.error.as_deref(), &self.instance.id])
            .await?;
        Ok(())
    }
}

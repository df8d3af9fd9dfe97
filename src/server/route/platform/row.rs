//! A platform's row. Its secrets are opened after reading, sealed before writing, and redacted in responses.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::status::PlatformStatus;
use crate::server::app::{App, now};
use crate::server::db::{DbResult, Tx, params, table_row};
use crate::server::nesting;
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::runtime::Instance;
use crate::server::secret;
use crate::server::secret_field::SecretFields;

table_row! {
    /// A platform as it is stored, secrets sealed.
    pub(crate) struct PlatformRow, columns platform_columns {
        id: String = "id",
        organization_id: String = "organization_id",
        agent_id: String = "agent_id",
        kind: String = "kind",
        config: Value = "config",
        settings: Value = "settings",
        metadata: Value = "metadata",
        secret_keys: Value = "secret_keys",
        status: PlatformStatus = "status",
        error_message: Option<String> = "error_message",
        created_at: i64 = "created_at",
        updated_at: i64 = "updated_at",
    }
}

const BY_ID: &str = concat!("SELECT ", platform_columns!(), " FROM platform WHERE id = $1");
const BY_AGENT: &str = concat!(
    "SELECT ",
    platform_columns!(),
    " FROM platform WHERE agent_id = $1 ORDER BY created_at DESC, id DESC"
);

/// A platform with its secrets in clear. Times are in milliseconds since 1970.
pub(crate) struct StoredPlatform {
    /// The id of its organization.
    pub(crate) organization: String,
    pub(crate) instance: Instance,
    /// Facts that the last start has learned, such as the bot's name.
    pub(crate) metadata: Map<String, Value>,
    /// The config keys that clients have declared to hold secrets, sorted.
    pub(crate) secret_keys: Vec<String>,
    pub(crate) status: PlatformStatus,
    /// The error of the last start or restart, if it failed. An active platform has one when an update was refused.
    pub(crate) error: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// The sealed config as it is stored, when one of its secrets does not open. It is written back unchanged until a PUT has
    /// replaced such secrets. `None` when all of them open.
    pub(crate) unreadable: Option<Value>,
}

/// A platform in a response, with its secrets redacted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlatformBody {
    id: String,
    platform: String,
    template_agent_id: String,
    config: Map<String, Value>,
    settings: Map<String, Value>,
    metadata: Map<String, Value>,
    status: PlatformStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    created_at: i64,
    updated_at: i64,
}

/// Returns the 404 for a platform.
pub(crate) fn not_found() -> ApiError {
    ApiError::not_found("Platform not found")
}

/// Returns the name of the row that the sealed secrets of a platform are bound to.
fn row_name(id: &str) -> String {
    format!("platform/{id}")
}

/// Returns the 400 for a redaction without a stored value that can be read.
pub(crate) fn unreadable_secret() -> ApiError {
    ApiError::bad_request("a redacted secret has no stored value that can be read; send the secret itself")
}

/// Returns the object in a column that the server itself has written.
fn object(value: Value) -> ApiResult<Map<String, Value>> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(ApiError::internal(&"a platform's column is not an object")),
    }
}

impl StoredPlatform {
    fn from_row(app: &App, row: PlatformRow) -> ApiResult<Self> {
        let secret_keys: Vec<String> = serde_json::from_value(row.secret_keys).unwrap_or_default();
        // Opening replaces the sealed texts, which are needed once more when one of them does not open.
        let stored = row.config.clone();
        let mut config = object(row.config)?;
        let fields = SecretFields::Platform { declared: &secret_keys };
        let unreadable = secret::open(fields, &mut config, &app.keys, &row_name(&row.id)) > 0;
        if unreadable {
            tracing::warn!(
                platform = row.id,
                "a stored secret cannot be opened with this key; PUT its value again"
            );
        }
        Ok(Self {
            organization: row.organization_id,
            instance: Instance {
                id: row.id,
                agent: row.agent_id,
                kind: row.kind,
                config,
                settings: object(row.settings)?,
            },
            metadata: object(row.metadata)?,
            secret_keys,
            status: row.status,
            error: row.error_message,
            created_at: row.created_at,
            updated_at: row.updated_at,
            unreadable: unreadable.then_some(stored),
        })
    }

    /// Reads a platform of any organization. The caller has to check to which one it belongs.
    pub(crate) async fn find(app: &App, id: &str) -> ApiResult<Option<Self>> {
        let row = app.db.row(BY_ID, params![id]).await?;
        row.map(|row| Self::from_row(app, row)).transpose()
    }

    /// Reads a platform of an organization. 404 when another organization has it, as when it does not exist.
    pub(crate) async fn find_in(app: &App, organization: &str, id: &str) -> ApiResult<Self> {
        let found = Self::find(app, id).await?;
        found
            .filter(|platform| platform.organization == organization)
            .ok_or_else(not_found)
    }

    /// Reads an agent's platforms, newest first.
    pub(crate) async fn list(app: &App, agent: &str) -> ApiResult<Vec<Self>> {
        let rows = app.db.rows(BY_AGENT, params![agent]).await?;
        rows.into_iter().map(|row| Self::from_row(app, row)).collect()
    }

    fn secret_fields(&self) -> SecretFields<'_> {
        SecretFields::Platform {
            declared: &self.secret_keys,
        }
    }

    /// Returns the metadata with redactions in place of secrets. A start copies some values of the config, such as the
    /// name of a bot, and a client may have declared any of them secret.
    fn metadata_without_secrets(&self) -> Map<String, Value> {
        let mut metadata = self.metadata.clone();
        secret::redact_copies(self.secret_fields(), &self.instance.config, &mut metadata);
        metadata
    }

    /// Returns the platform for a response.
    pub(crate) fn body(&self) -> PlatformBody {
        let mut config = self.instance.config.clone();
        secret::redact(self.secret_fields(), &mut config);
        config.values_mut().for_each(nesting::cut);
        let mut settings = self.instance.settings.clone();
        settings.values_mut().for_each(nesting::cut);
        PlatformBody {
            id: self.instance.id.clone(),
            platform: self.instance.kind.clone(),
            template_agent_id: self.instance.agent.clone(),
            config,
            settings,
            metadata: self.metadata_without_secrets(),
            status: self.status,
            error_message: self.error.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// Refuses to start a platform with a secret that does not open.
    pub(crate) fn check_readable(&self) -> ApiResult<()> {
        match self.unreadable {
            Some(_) => Err(unreadable_secret()),
            None => Ok(()),
        }
    }

    /// Returns the platform's revision.
    pub(crate) fn revision(&self) -> Revision {
        Revision::of_row(self.updated_at)
    }

    /// Declares more config keys secret. Returns whether one of them is new. A key stays secret until the platform is deleted,
    /// or else a PUT that does not declare it would make its stored value readable.
    pub(crate) fn declare_secret_keys(&mut self, keys: &[String]) -> bool {
        let before = self.secret_keys.len();
        self.secret_keys.extend_from_slice(keys);
        self.secret_keys.sort();
        self.secret_keys.dedup();
        self.secret_keys.len() > before
    }

    /// Returns the config as it is stored.
    fn sealed_config(&self, tx: &Tx<'_>) -> ApiResult<String> {
        if let Some(stored) = &self.unreadable {
            return Ok(stored.to_string());
        }
        let mut config = self.instance.config.clone();
        let row = row_name(&self.instance.id);
        secret::seal(self.secret_fields(), &mut config, tx.key()?, &row)?;
        Ok(Value::Object(config).to_string())
    }

    /// Inserts the row. Returns false when the id is already taken.
    pub(crate) async fn insert(&self, tx: &mut Tx<'_>) -> ApiResult<bool> {
        let instance = &self.instance;
        let config = self.sealed_config(tx)?;
        let inserted = tx
            .execute(
                "INSERT INTO platform (id, organization_id, agent_id, kind, config, settings, metadata, secret_keys, \
                 status, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
                 ON CONFLICT (id) DO NOTHING",
                params![
                    &instance.id,
                    &self.organization,
                    &instance.agent,
                    &instance.kind,
                    &config,
                    &json!(instance.settings).to_string(),
                    &json!(self.metadata_without_secrets()).to_string(),
                    &json!(self.secret_keys).to_string(),
                    self.status.as_str(),
                    self.created_at
                ],
            )
            .await;
        match inserted {
            Ok(count) => Ok(count == 1),
            // The agent was deleted after it had been looked up. The lock of the platform's id does not prevent that.
            Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
                Err(crate::server::route::agent::not_found())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes every column that can change. Returns false when the row was deleted with its agent.
    pub(crate) async fn update(&mut self, tx: &mut Tx<'_>) -> ApiResult<bool> {
        // Larger than before even within one millisecond, because it is the revision.
        self.updated_at = now().max(self.updated_at + 1);
        let config = self.sealed_config(tx)?;
        let updated = tx
            .execute(
                "UPDATE platform SET kind = $1, config = $2, settings = $3, metadata = $4, secret_keys = $5, \
                 status = $6, error_message = $7, updated_at = $8 WHERE id = $9 AND agent_id = $10",
                params![
                    &self.instance.kind,
                    &config,
                    &json!(self.instance.settings).to_string(),
                    &json!(self.metadata_without_secrets()).to_string(),
                    &json!(self.secret_keys).to_string(),
                    self.status.as_str(),
                    self.error.as_deref(),
                    self.updated_at,
                    &self.instance.id,
                    &self.instance.agent
                ],
            )
            .await?;
        Ok(updated == 1)
    }

    /// Writes the error of the last start and nothing else.
    pub(crate) async fn update_error(&mut self, tx: &mut Tx<'_>) -> DbResult<()> {
        self.updated_at += 1;
        let sql = "UPDATE platform SET error_message = $1, updated_at = $2 WHERE id = $3";
        tx.execute(sql, params![self.error.as_deref(), self.updated_at, &self.instance.id])
            .await?;
        Ok(())
    }
}

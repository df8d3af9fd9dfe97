//! The clients that have registered: programs such as `lobuctl`, whose names are whatever they say.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::error::{refused, too_many};
use crate::server::app::now;
use crate::server::db::{Db, params, table_row};
use crate::server::error::ServerError;
use crate::server::random::random_text;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::token;

/// The maximum number of clients that are kept. Unused ones are deleted after an hour.
const MAX_CLIENTS: i64 = 10_000;
/// How long the secret of a client is valid, in milliseconds.
pub(crate) const SECRET_LIFETIME_MS: i64 = 365 * 24 * 60 * 60 * 1000;

table_row! {
    /// A registered client.
    pub(crate) struct RegisteredClient, columns client_columns {
        id: String = "id",
        secret_hash: String = "secret_hash",
        name: String = "name",
        public: bool = "public",
        device_grant: bool = "device_grant",
        created_at: i64 = "created_at",
    }
}

/// Whether a client has proven who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientProof {
    /// It needs no secret, or has sent it.
    Given,
    /// It has not sent its secret.
    Missing,
    /// It has sent another secret, or one that has expired.
    Wrong,
}

impl RegisteredClient {
    /// Finds a client by its id.
    pub(crate) async fn find(db: &Db, id: &str) -> ApiResult<Option<Self>> {
        let sql = concat!("SELECT ", client_columns!(), " FROM oauth_client WHERE id = $1");
        Ok(db.row(sql, params![id]).await?)
    }

    /// Checks the secret that was sent, if any.
    pub(crate) fn check_secret(&self, secret: Option<&str>) -> ClientProof {
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
            return if self.public {
                ClientProof::Given
            } else {
                ClientProof::Missing
            };
        };
        let hash = token::hash(secret);
        let matches: bool = hash.as_bytes().ct_eq(self.secret_hash.as_bytes()).into();
        if matches && now() < self.created_at + SECRET_LIFETIME_MS {
            ClientProof::Given
        } else {
            ClientProof::Wrong
        }
    }

    /// Finds the client of a request for tokens, which must prove who it is.
    pub(crate) async fn authenticated(db: &Db, id: &str, secret: Option<&str>) -> ApiResult<Self> {
        let client = Self::find(db, id).await?;
        let client = client.ok_or_else(|| invalid_client("Unknown client_id"))?;
        match client.check_secret(secret) {
            ClientProof::Given => Ok(client),
            ClientProof::Missing => Err(invalid_client("client_secret is required for this client")),
            ClientProof::Wrong => Err(invalid_client("Invalid client credentials")),
        }
    }
}

/// Creates the error for a client that is unknown or has not proven who it is.
pub(crate) fn invalid_client(message: &str) -> ApiError {
    refused("invalid_client", message)
}

/// A client that is to be registered.
pub(crate) struct NewClient<'a> {
    /// Its name, as it says.
    pub(crate) name: &'a str,
    /// Whether it has no secret to prove who it is with.
    pub(crate) public: bool,
    /// Whether it may ask for device codes.
    pub(crate) device_grant: bool,
}

/// Stores a client. Returns its id and its secret.
///
/// # Errors
/// 429 when too many clients are kept already.
pub(crate) async fn register(db: &Db, new: &NewClient<'_>) -> ApiResult<(String, SecretString)> {
    let text = || random_text().map_err(|error: ServerError| ApiError::internal(&error));
    let id = format!("mcp_client_{}", text()?);
    let secret = SecretString::from(format!("mcp_secret_{}", text()?));
    let mut tx = db.begin().await?;
    let count: Option<i64> = tx.value("SELECT COUNT(*) AS count FROM oauth_client", &[]).await?;
    if count.unwrap_or_default() >= MAX_CLIENTS {
        return Err(too_many("too many clients are registered; try again later"));
    }
    tx.execute(
        "INSERT INTO oauth_client (id, secret_hash, name, public, device_grant, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            &id,
            &token::hash(secret.expose_secret()),
            new.name,
            new.public,
            new.device_grant,
            now()
        ],
    )
    .await?;
    tx.commit().await?;
    Ok((id, secret))
}

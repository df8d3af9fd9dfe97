//! The tokens that a client receives.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::client::RegisteredClient;
use super::scope::ScopeSet;
use crate::server::app::now;
use crate::server::db::{Tx, params};
use crate::server::error::ServerError;
use crate::server::random::{random_id, random_text};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::token;

/// How long an access token is valid, in seconds.
const ACCESS_LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// A pair of tokens, of which the database has only hashes.
pub(crate) struct IssuedTokens {
    /// For requests, valid for a day.
    pub(crate) access: SecretString,
    /// For the next pair.
    pub(crate) refresh: SecretString,
    /// What the access token may do.
    pub(crate) scope: ScopeSet,
}

impl IssuedTokens {
    /// Returns the body of the response.
    pub(crate) fn body(&self) -> Value {
        json!({
            "access_token": self.access.expose_secret(),
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFETIME_SECONDS,
            "refresh_token": self.refresh.expose_secret(),
            "scope": self.scope.to_string(),
        })
    }
}

fn internal(error: &ServerError) -> ApiError {
    ApiError::internal(error)
}

/// Returns a new refresh token. It is not stored yet.
pub(crate) fn refresh_token() -> ApiResult<SecretString> {
    let text = random_text().map_err(|error| internal(&error))?;
    Ok(SecretString::from(format!("mcp_rt_{text}")))
}

/// Creates an access token of a grant, which is given by its id, its user and its organization.
pub(crate) async fn access_token(
    tx: &mut Tx<'_>,
    client: &RegisteredClient,
    (grant, account, organization): (&str, &str, Option<&str>),
    scope: ScopeSet,
) -> ApiResult<SecretString> {
    let text = random_text().map_err(|error| internal(&error))?;
    let access = SecretString::from(format!("mcp_at_{text}"));
    let id = format!("tok_{}", random_id().map_err(|error| internal(&error))?);
    tx.execute(
        "INSERT INTO token (id, hash, name, account_id, organization_id, scope, created_at, expires_at, grant_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            &id,
            &token::hash(access.expose_secret()),
            &client.name,
            account,
            organization,
            &scope.to_string(),
            now(),
            now() + ACCESS_LIFETIME_SECONDS * 1000,
            grant
        ],
    )
    .await?;
    Ok(access)
}

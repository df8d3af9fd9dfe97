//! Grants: what a person has allowed a client, until the client has not refreshed it for 30 days, it is revoked, or the
//! person leaves the organization.

use secrecy::{ExposeSecret, SecretString};

use super::client::RegisteredClient;
use super::decision::is_admin;
use super::device::ApprovedRequest;
use super::error::{invalid_grant, invalid_scope};
use super::issue::{IssuedTokens, access_token, refresh_token};
use super::scope::{self, ScopeSet};
use crate::server::app::now;
use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::error::ServerError;
use crate::server::random::random_id;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::token;

/// How long a refresh token is valid, in milliseconds.
const REFRESH_LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;

table_row! {
    /// A grant, with the role of its user in its organization, and whether the token that approved it was revoked.
    pub(crate) struct StoredGrant, columns grant_columns {
        id: String = "g.id",
        client_id: String = "g.client_id",
        account: String = "g.account_id",
        organization: Option<String> = "g.organization_id",
        scope: String = "g.scope",
        role: Option<String> = "m.role",
        token_revoked_at: Option<i64> = "t.revoked_at",
        token_expires_at: Option<i64> = "t.expires_at",
    }
}

const BY_REFRESH_TOKEN: &str = concat!(
    "SELECT ",
    grant_columns!(),
    " FROM oauth_grant g LEFT JOIN member m ON m.account_id = g.account_id AND m.organization_id = g.organization_id \
     LEFT JOIN token t ON t.id = g.token_id WHERE g.refresh_hash = $1 AND g.expires_at > $2"
);

/// Creates the grant of an approved request, with its first tokens.
pub(crate) async fn create(
    tx: &mut Tx<'_>,
    client: &RegisteredClient,
    approved: ApprovedRequest,
) -> ApiResult<IssuedTokens> {
    let internal = |error: ServerError| ApiError::internal(&error);
    let account = approved.account.ok_or_else(|| invalid_grant("Unknown device_code"))?;
    let scope = ScopeSet::parse(approved.scope.as_deref().unwrap_or_default());
    let id = format!("grant_{}", random_id().map_err(internal)?);
    let refresh = refresh_token()?;
    tx.execute(
        "INSERT INTO oauth_grant \
         (id, client_id, account_id, organization_id, scope, token_id, refresh_hash, created_at, refreshed_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
        params![
            &id,
            &client.id,
            &account,
            approved.organization.as_deref(),
            &scope.to_string(),
            approved.token.as_deref(),
            &token::hash(refresh.expose_secret()),
            now(),
            now() + REFRESH_LIFETIME_MS
        ],
    )
    .await?;
    let grant = (id.as_str(), account.as_str(), approved.organization.as_deref());
    let access = access_token(tx, client, grant, scope).await?;
    Ok(IssuedTokens { access, refresh, scope })
}

/// Replaces the refresh token of a grant and issues another access token. Access tokens of before stay valid, so that
/// requests under way do not fail. `asked` narrows the grant for good.
///
/// # Errors
/// `invalid_grant` for a refresh token that is unknown, was used before, or belongs to another client or to somebody who left
/// the organization; `invalid_scope` when `asked` has unknown or additional scopes.
pub(crate) async fn refresh(
    db: &Db,
    client: &RegisteredClient,
    refresh_text: &str,
    asked: Option<&str>,
) -> ApiResult<IssuedTokens> {
    let invalid = || invalid_grant("Invalid or expired refresh token");
    let hash = token::hash(refresh_text);
    let mut tx = db.begin().await?;
    let grant: StoredGrant = tx
        .row(BY_REFRESH_TOKEN, params![&hash, now()])
        .await?
        .ok_or_else(invalid)?;
    if grant.client_id != client.id {
        return Err(invalid_grant("Client ID mismatch"));
    }
    let scope = narrowed(&grant, asked)?.ok_or_else(invalid)?;
    let refresh = refresh_token()?;
    // Of several refreshes at the same moment, one finds the token that all of them have sent.
    let rotated = tx
        .execute(
            "UPDATE oauth_grant SET refresh_hash = $1, scope = $2, refreshed_at = $3, expires_at = $4 \
             WHERE id = $5 AND refresh_hash = $6",
            params![
                &token::hash(refresh.expose_secret()),
                &scope.to_string(),
                now(),
                now() + REFRESH_LIFETIME_MS,
                &grant.id,
                &hash
            ],
        )
        .await?;
    if rotated == 0 {
        return Err(invalid());
    }
    let target = (grant.id.as_str(), grant.account.as_str(), grant.organization.as_deref());
    let access = access_token(&mut tx, client, target, scope).await?;
    tx.commit().await?;
    Ok(IssuedTokens { access, refresh, scope })
}

/// Returns the scopes after a refresh. `None` when the grant has ended, because its user has left the organization, or the
/// token that it was approved with is no longer valid.
fn narrowed(grant: &StoredGrant, asked: Option<&str>) -> ApiResult<Option<ScopeSet>> {
    let token_ended = grant.token_revoked_at.is_some() || grant.token_expires_at.is_some_and(|at| at <= now());
    if token_ended || (grant.organization.is_some() && grant.role.is_none()) {
        return Ok(None);
    }
    let mut scope = ScopeSet::parse(&grant.scope);
    if let Some(asked) = asked {
        let asked = ScopeSet::parse_known(asked);
        let asked = asked.ok_or_else(|| invalid_scope("Requested scope contains unsupported values"))?;
        if asked.both(scope) != asked {
            return Err(invalid_scope("Requested scope exceeds originally granted scope"));
        }
        scope = asked;
    }
    if grant.role.as_deref().is_some_and(|role| !is_admin(role)) {
        scope = scope.without(scope::ADMIN);
    }
    Ok((!scope.is_empty()).then_some(scope))
}

/// Ends what a token of a client stands for: a refresh token its grant with every access token, an access token itself.
/// Does nothing for any other text.
pub(crate) async fn revoke(db: &Db, client: &RegisteredClient, text: &SecretString) -> DbResult<()> {
    let hash = token::hash(text.expose_secret());
    let mut tx = db.begin().await?;
    let sql = "DELETE FROM oauth_grant WHERE refresh_hash = $1 AND client_id = $2";
    if tx.execute(sql, params![&hash, &client.id]).await? == 0 {
        let sql = "DELETE FROM token WHERE hash = $1 AND grant_id IN (SELECT id FROM oauth_grant WHERE client_id = $2)";
        tx.execute(sql, params![&hash, &client.id]).await?;
    }
    tx.commit().await
}

//! Personal access tokens: `owl_pat_` and 32 characters (contract section 2). The database keeps only their SHA-256, which
//! needs no salt because the characters are random.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::app::now;
use super::audit_event::{AuditEvent, COMMAND_LINE};
use super::crypto::to_hex;
use super::db::{Db, DbResult, Tx, params, table_row};
use super::error::ServerError;
use super::name;
use super::random::{random_id, random_text};

const PREFIX: &str = "owl_pat_";
/// The maximum number of characters of a token's name.
const MAX_NAME_CHARS: usize = 100;

/// All scopes, separated by spaces. An administrator's token has all of them.
pub const ADMIN_SCOPE: &str = "mcp:read mcp:write mcp:admin";

/// The properties of a token that is to be created.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The name that `token list` shows: one printable line of at most 100 characters.
    pub name: String,
    /// The id of the user that the token belongs to.
    pub account: String,
    /// The slug of the only organization that the token is valid for. `None` means every organization of its user.
    pub organization: Option<String>,
    /// The scopes of the token, a subset of [`ADMIN_SCOPE`], separated by spaces.
    pub scope: String,
    /// When the token expires, in milliseconds since 1970, at most ten years ahead. `None` means never.
    pub expires_at: Option<i64>,
}

table_row! {
    /// A token as `token list` shows it. Times are in milliseconds since 1970.
    pub(crate) struct TokenRow, columns token_columns {
        id: String = "t.id",
        name: String = "t.name",
        account_id: String = "t.account_id",
        organization: Option<String> = "o.slug",
        scope: String = "t.scope",
        created_at: i64 = "t.created_at",
        expires_at: Option<i64> = "t.expires_at",
        revoked_at: Option<i64> = "t.revoked_at",
        last_used_at: Option<i64> = "t.last_used_at",
    }
}

const LIST: &str = concat!(
    "SELECT ",
    token_columns!(),
    " FROM token t LEFT JOIN organization o ON o.id = t.organization_id WHERE t.grant_id IS NULL \
     ORDER BY t.created_at DESC, t.id"
);
// Access tokens are not listed: they come and go with the grant that they belong to.
const LIST_GRANTS: &str = "SELECT g.id, c.name, g.account_id, o.slug AS organization, g.scope, g.created_at, g.expires_at, \
    CAST(NULL AS BIGINT) AS revoked_at, g.refreshed_at AS last_used_at FROM oauth_grant g JOIN oauth_client c ON c.id = g.client_id \
    LEFT JOIN organization o ON o.id = g.organization_id ORDER BY g.created_at DESC, g.id";

table_row! {
    /// A token that was just revoked.
    pub(crate) struct RevokedToken, columns revoked_columns {
        account_id: String = "account_id",
        organization_id: Option<String> = "organization_id",
    }
}

const REVOKE_GRANT: &str = concat!("DELETE FROM oauth_grant WHERE id = $1 RETURNING ", revoked_columns!());
const REVOKE: &str = concat!(
    "UPDATE token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL RETURNING ",
    revoked_columns!()
);

/// Returns the text of a new random token. It is not stored yet.
pub(crate) fn generate() -> Result<SecretString, ServerError> {
    Ok(SecretString::from(format!("{PREFIX}{}", random_text()?)))
}

/// Returns what the database stores of a token: its SHA-256.
pub(crate) fn hash(token: &str) -> String {
    to_hex(&Sha256::digest(token.as_bytes()))
}

/// Creates a token. Returns its row id and its text, which cannot be read again.
pub(crate) async fn create(db: &Db, new: &NewToken) -> Result<(String, SecretString), ServerError> {
    let token = generate()?;
    let mut tx = db.begin().await?;
    let id = insert(&mut tx, &token, new, (COMMAND_LINE, "")).await?;
    tx.commit().await?;
    Ok((id, token))
}

/// Stores a token and records that in the audit, with the user and the token of whoever creates it. Returns its row id.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown scope, organization or user, and for a name or an expiry out of bounds.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    token: &SecretString,
    new: &NewToken,
    by: (&str, &str),
) -> Result<String, ServerError> {
    check_scope(&new.scope)?;
    check_name(&new.name)?;
    check_expiry(new.expires_at)?;
    let organization = match &new.organization {
        None => None,
        Some(slug) => Some(organization_id(tx, slug).await?),
    };
    let known = "SELECT id FROM account WHERE id = $1";
    if !tx.exists(known, params![&new.account]).await? {
        return Err(ServerError::no_user(&new.account));
    }
    let id = format!("tok_{}", random_id()?);
    tx.execute(
        "INSERT INTO token (id, hash, name, account_id, organization_id, scope, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &id,
            &hash(token.expose_secret()),
            &new.name,
            &new.account,
            organization.as_deref(),
            &new.scope,
            now(),
            new.expires_at
        ],
    )
    .await?;
    let scopes: Vec<&str> = new.scope.split_whitespace().collect();
    let event = AuditEvent {
        account: by.0,
        token: by.1,
        action: "token.create",
        target: &id,
        fields: &scopes,
        ..AuditEvent::default()
    };
    record(tx, event, organization, &new.account).await?;
    Ok(id)
}

fn check_scope(scope: &str) -> Result<(), ServerError> {
    let known: Vec<&str> = ADMIN_SCOPE.split(' ').collect();
    match scope.split_whitespace().find(|word| !known.contains(word)) {
        Some(word) => Err(ServerError::Argument(format!(
            "no scope `{word}`; there are: {}",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

/// The longest time that a token may be valid, in milliseconds: ten years.
const MAX_LIFETIME_MS: i64 = 3650 * 24 * 60 * 60 * 1000;

/// Refuses an expiry too far ahead: dates out of range would be shown as 1970.
fn check_expiry(expires_at: Option<i64>) -> Result<(), ServerError> {
    if expires_at.is_some_and(|at| at > now().saturating_add(MAX_LIFETIME_MS)) {
        let message = "a token expires within 3650 days; `--never-expires` is for longer";
        return Err(ServerError::Argument(message.to_owned()));
    }
    Ok(())
}

/// Refuses a name that `token list` cannot show on one line, because a line break in a name could fake a second row.
fn check_name(text: &str) -> Result<(), ServerError> {
    if name::is_printable_line(text, MAX_NAME_CHARS) {
        return Ok(());
    }
    Err(ServerError::Argument(format!(
        "the name of a token is one printable line of 1 to {MAX_NAME_CHARS} characters"
    )))
}

async fn organization_id(tx: &mut Tx<'_>, slug: &str) -> Result<String, ServerError> {
    let sql = "SELECT id FROM organization WHERE slug = $1";
    let id = tx.value(sql, params![slug]).await?;
    id.ok_or_else(|| ServerError::no_organization(slug))
}

/// Records an event about a token in every organization that the token is valid for.
async fn record(tx: &mut Tx<'_>, event: AuditEvent<'_>, organization: Option<String>, account: &str) -> DbResult<()> {
    let organizations = if let Some(id) = organization {
        vec![id]
    } else {
        let sql = "SELECT organization_id FROM member WHERE account_id = $1";
        tx.values(sql, params![account]).await?
    };
    for organization in organizations {
        let event = AuditEvent {
            organization: &organization,
            ..event
        };
        event.write(tx).await?;
    }
    Ok(())
}

/// Lists all tokens, newest first, and then what people have allowed clients.
pub(crate) async fn list(db: &Db) -> DbResult<Vec<TokenRow>> {
    let mut rows: Vec<TokenRow> = db.rows(LIST, &[]).await?;
    rows.extend(db.rows(LIST_GRANTS, &[]).await?);
    Ok(rows)
}

/// Revokes a token, or what a person has allowed a client, by its row id, and records that in the audit. What was approved
/// with a token ends with it. Returns whether something was revoked: false when there is nothing with the id, or it was
/// revoked before.
pub(crate) async fn revoke(db: &Db, id: &str) -> DbResult<bool> {
    let mut tx = db.begin().await?;
    let (revoked, action): (Option<RevokedToken>, &str) = match tx.row(REVOKE, params![now(), id]).await? {
        Some(revoked) => (Some(revoked), "token.revoke"),
        None => (tx.row(REVOKE_GRANT, params![id]).await?, "sign-in.revoke"),
    };
    let Some(revoked) = revoked else { return Ok(false) };
    for sql in [
        "DELETE FROM oauth_grant WHERE token_id = $1",
        "DELETE FROM device_request WHERE token_id = $1",
        "DELETE FROM web_session WHERE token_id = $1",
    ] {
        tx.execute(sql, params![id]).await?;
    }
    let event = AuditEvent {
        account: COMMAND_LINE,
        action,
        target: id,
        ..AuditEvent::default()
    };
    record(&mut tx, event, revoked.organization_id, &revoked.account_id).await?;
    tx.commit().await?;
    Ok(true)
}

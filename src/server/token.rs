//! Personal access tokens: `owl_pat_` and 32 characters, of which the database keeps the SHA-256 only.

use aes_gcm::aead::Generate;
use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::U24;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::app::now;
use super::crypto::to_hex;
use super::db::{Db, DbResult, Tx, params};
use super::error::ServerError;

const PREFIX: &str = "owl_pat_";

/// Every scope there is; an admin's token has all of them.
pub const ADMIN_SCOPE: &str = "mcp:read mcp:write mcp:admin";

/// What a token is made from.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// The user it speaks for.
    pub account: String,
    /// The slug of the one organisation it is good for; `None` is every organisation of its user.
    pub organization: Option<String>,
    /// Words out of [`ADMIN_SCOPE`].
    pub scope: String,
    /// When it stops working, in milliseconds since 1970.
    pub expires_at: Option<i64>,
}

/// A token as `token list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Names it to `token revoke`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The user it speaks for.
    pub account: String,
    /// The slug of the one organisation it is good for.
    pub organization: Option<String>,
    /// What it may do.
    pub scope: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it stops working.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

/// 24 random bytes as 32 characters that suit a URL.
fn random_text() -> Result<String, ServerError> {
    let bytes: Array<u8, U24> = Array::try_generate().map_err(|_| ServerError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A new token's text.
pub(crate) fn mint() -> Result<SecretString, ServerError> {
    Ok(SecretString::from(format!("{PREFIX}{}", random_text()?)))
}

/// A random id for a row.
pub(crate) fn random_id() -> Result<String, ServerError> {
    let bytes: Array<u8, U24> = Array::try_generate().map_err(|_| ServerError::Random)?;
    Ok(to_hex(&bytes[..8]))
}

/// What the database keeps of a token.
pub(crate) fn hash(token: &str) -> String {
    to_hex(&Sha256::digest(token.as_bytes()))
}

/// Stores a token and answers its row id.
pub(crate) async fn insert(tx: &mut Tx<'_>, token: &SecretString, new: &NewToken) -> Result<String, ServerError> {
    check_scope(&new.scope)?;
    let organization = match &new.organization {
        None => None,
        Some(slug) => Some(organization_id(tx, slug).await?),
    };
    let known = tx
        .optional("SELECT id FROM account WHERE id = $1", params![&new.account])
        .await?;
    if known.is_none() {
        return Err(ServerError::Argument(format!("no user `{}`", new.account)));
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

async fn organization_id(tx: &mut Tx<'_>, slug: &str) -> Result<String, ServerError> {
    let row = tx
        .optional("SELECT id FROM organization WHERE slug = $1", params![slug])
        .await?;
    row.map_or_else(
        || Err(ServerError::Argument(format!("no organisation `{slug}`"))),
        |row| Ok(row.text(0)?),
    )
}

/// Every token, newest first.
pub(crate) async fn list(db: &Db) -> DbResult<Vec<TokenRow>> {
    let rows = db
        .fetch(
            "SELECT t.id, t.name, t.account_id, o.slug, t.scope, t.created_at, t.expires_at, t.revoked_at \
             FROM token t LEFT JOIN organization o ON o.id = t.organization_id ORDER BY t.created_at DESC, t.id",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(TokenRow {
                id: row.text(0)?,
                name: row.text(1)?,
                account: row.text(2)?,
                organization: row.opt_text(3)?,
                scope: row.text(4)?,
                created_at: row.int(5)?,
                expires_at: row.opt_int(6)?,
                revoked_at: row.opt_int(7)?,
            })
        })
        .collect()
}

/// Revokes by row id, and answers whether there was such a token in force.
pub(crate) async fn revoke(db: &Db, id: &str) -> DbResult<bool> {
    let mut tx = db.begin().await?;
    let done = tx
        .execute(
            "UPDATE token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL",
            params![now(), id],
        )
        .await?;
    tx.commit().await?;
    Ok(done == 1)
}

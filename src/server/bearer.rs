//! The token of a request, and its person where no organization is named.

use axum::http::{HeaderMap, header};

use super::app::{App, now};
use super::db::{DbResult, params, table_row};
use super::token;

/// Returns the token of a request, in the form of contract section 2: `Bearer`, one space, and a token.
pub(crate) fn text(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    sent.strip_prefix("Bearer ").filter(|text| !text.is_empty())
}

table_row! {
    /// A valid token with its person.
    pub(crate) struct TokenOwner, columns owner_columns {
        id: String = "t.id",
        account: String = "t.account_id",
        name: String = "a.name",
        organization: Option<String> = "o.slug",
        scope: String = "t.scope",
        expires_at: Option<i64> = "t.expires_at",
        grant: Option<String> = "t.grant_id",
    }
}

const BY_HASH: &str = concat!(
    "SELECT ",
    owner_columns!(),
    " FROM token t JOIN account a ON a.id = t.account_id LEFT JOIN organization o ON o.id = t.organization_id \
     WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)"
);

/// Returns the person of a token. `None` for a token that is unknown, expired or revoked.
pub(crate) async fn owner(app: &App, text: &str) -> DbResult<Option<TokenOwner>> {
    let owner: Option<TokenOwner> = app.db.row(BY_HASH, params![&token::hash(text), now()]).await?;
    if let Some(owner) = &owner {
        app.last_uses.note(&owner.id, now());
    }
    Ok(owner)
}

//! The first start: the organization `dev`, its owner and one admin token.
//!
//! The token's file is written before the token's row, so that a crash cannot leave a valid token
//! whose text is lost.

use std::path::Path;

use secrecy::SecretString;

use super::app::now;
use super::audit_event::COMMAND_LINE;
use super::db::{Db, Tx, params};
use super::error::ServerError;
use super::file;
use super::token::{self, ADMIN_SCOPE, NewToken};

/// The slug of the organization that every server starts with.
pub(crate) const ORGANIZATION: &str = "dev";
/// The id of the user who owns the organization. Tokens of the command line belong to this user.
pub(crate) const ACCOUNT: &str = "bootstrap-user";
/// The name of that user.
const ACCOUNT_NAME: &str = "dev-local";

/// Creates the organization [`ORGANIZATION`] if it does not exist, with an admin token that is also written to `token_file`.
/// Returns the token, or `None` when the organization exists.
pub(crate) async fn first_start(db: &Db, token_file: Option<&Path>) -> Result<Option<SecretString>, ServerError> {
    let sql = "SELECT id FROM organization WHERE slug = $1";
    if db.exists(sql, params![ORGANIZATION]).await? {
        return Ok(None);
    }
    // Always a new token: a file that already exists may have come with a cloned repository, and its author would know the
    // token.
    let token = token::generate()?;
    if let Some(path) = token_file {
        file::write_secret(path, &token)?;
    }
    // One transaction: after a crash, the organization exists exactly when the token works.
    let mut tx = db.begin().await?;
    insert_organization(&mut tx, "org-bootstrap-dev", ORGANIZATION, ORGANIZATION).await?;
    insert_account(&mut tx, ACCOUNT, ACCOUNT_NAME).await?;
    upsert_member(&mut tx, ORGANIZATION, ACCOUNT, "owner").await?;
    let new = NewToken {
        name: "bootstrap".to_owned(),
        account: ACCOUNT.to_owned(),
        organization: Some(ORGANIZATION.to_owned()),
        scope: ADMIN_SCOPE.to_owned(),
        expires_at: None,
    };
    token::insert(&mut tx, &token, &new, (COMMAND_LINE, "")).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Slugs that would make a path below `/api/` ambiguous, because a route without an organization begins with the same word.
const RESERVED_SLUGS: [&str; 8] = [
    "agents",
    "auth",
    "auth-config",
    "features",
    "health",
    "organizations",
    "tokens",
    "v1",
];

/// Refuses a slug that cannot be used in a path. A slug has lower-case letters, digits and hyphens, and does not begin with
/// a hyphen.
pub(crate) fn check_slug(slug: &str) -> Result<(), ServerError> {
    let plain = |each: u8| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-';
    let why = if RESERVED_SLUGS.contains(&slug) {
        "paths of the server begin with it"
    } else if slug.is_empty() || slug.starts_with('-') || !slug.bytes().all(plain) {
        "it has lower-case letters, digits and hyphens, and does not begin with a hyphen"
    } else {
        return Ok(());
    };
    let message = format!("`{slug}` cannot be the slug of an organization: {why}");
    Err(ServerError::Argument(message))
}

/// Inserts a private organization. Returns false and changes nothing when the id or the slug exists.
pub(crate) async fn insert_organization(
    tx: &mut Tx<'_>,
    id: &str,
    slug: &str,
    name: &str,
) -> Result<bool, ServerError> {
    let sql = "INSERT INTO organization (id, slug, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![id, slug, name, now()]).await? == 1)
}

/// Inserts a user. Does nothing when the id exists.
pub(crate) async fn insert_account(tx: &mut Tx<'_>, id: &str, name: &str) -> Result<(), ServerError> {
    let sql = "INSERT INTO account (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
    tx.execute(sql, params![id, name, now()]).await?;
    Ok(())
}

/// Gives a user a role in the organization with this slug. Does nothing when there is no such organization.
pub(crate) async fn upsert_member(tx: &mut Tx<'_>, slug: &str, account: &str, role: &str) -> Result<(), ServerError> {
    tx.execute(
        "INSERT INTO member (organization_id, account_id, role) \
         SELECT id, $2, $3 FROM organization WHERE slug = $1 \
         ON CONFLICT (organization_id, account_id) DO UPDATE SET role = excluded.role",
        params![slug, account, role],
    )
    .await?;
    Ok(())
}

//! The first start: the organization `dev`, its owner and one admin token.
//!
//! The token's file is written before the token's row, so that a crash cannot leave a valid token
//! whose text is lost.

use std::path::Path;

use secrecy::SecretString;

use super::app::now;
use super::db::{Db, Tx, params};
use super::error::ServerError;
use super::file;
use super::token::{self, ADMIN_SCOPE, NewToken};

/// The slug of the organization that every server starts with.
pub(crate) const ORGANIZATION: &str = "dev";
/// The id of the user who owns it.
pub(crate) const ACCOUNT: &str = "bootstrap-user";
const ACCOUNT_NAME: &str = "dev-local";

/// Creates the first organization if needed. Returns its admin token when it was created now.
pub(crate) async fn first_start(db: &Db, keep_in: Option<&Path>) -> Result<Option<SecretString>, ServerError> {
    let sql = "SELECT id FROM organization WHERE slug = $1";
    if db.exists(sql, params![ORGANIZATION]).await? {
        return Ok(None);
    }
    // Always a fresh one: a file that is already there may have come with a cloned repository.
    let token = token::mint()?;
    if let Some(path) = keep_in {
        file::write_secret(path, &token)?;
    }
    let mut tx = db.begin().await?;
    organization(&mut tx, "org-bootstrap-dev", ORGANIZATION).await?;
    account(&mut tx, ACCOUNT, ACCOUNT_NAME).await?;
    member(&mut tx, ORGANIZATION, ACCOUNT, "owner").await?;
    let new = NewToken {
        name: "bootstrap".to_owned(),
        account: ACCOUNT.to_owned(),
        organization: Some(ORGANIZATION.to_owned()),
        scope: ADMIN_SCOPE.to_owned(),
        expires_at: None,
    };
    token::insert(&mut tx, &token, &new).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Slugs that would hide a route.
const TAKEN: [&str; 5] = ["agents", "auth-config", "features", "health", "organizations"];

/// Refuses a slug that cannot be used in a path.
pub(crate) fn check_slug(slug: &str) -> Result<(), ServerError> {
    let plain = |each: u8| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-';
    if slug.is_empty() || slug.starts_with('-') || !slug.bytes().all(plain) || TAKEN.contains(&slug) {
        return Err(ServerError::Argument(format!(
            "`{slug}` cannot be the slug of an organization"
        )));
    }
    Ok(())
}

pub(crate) async fn organization(tx: &mut Tx<'_>, id: &str, slug: &str) -> Result<(), ServerError> {
    let sql = "INSERT INTO organization (id, slug, name, created_at) VALUES ($1, $2, $2, $3)";
    tx.execute(sql, params![id, slug, now()]).await?;
    Ok(())
}

pub(crate) async fn account(tx: &mut Tx<'_>, id: &str, name: &str) -> Result<(), ServerError> {
    let sql = "INSERT INTO account (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
    tx.execute(sql, params![id, name, now()]).await?;
    Ok(())
}

pub(crate) async fn member(tx: &mut Tx<'_>, slug: &str, account: &str, role: &str) -> Result<(), ServerError> {
    tx.execute(
        "INSERT INTO member (organization_id, account_id, role) \
         SELECT id, $2, $3 FROM organization WHERE slug = $1 \
         ON CONFLICT (organization_id, account_id) DO UPDATE SET role = excluded.role",
        params![slug, account, role],
    )
    .await?;
    Ok(())
}

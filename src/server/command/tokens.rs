//! `lobuctl serve token create|list|revoke`, which work on the database while a server may be using it.

use std::io::Write;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

use super::listing::{ListFormat, write_list};
use super::location::DataLocation;
use crate::server::app::{iso, now};
use crate::server::bootstrap;
use crate::server::error::ServerError;
use crate::server::name;
use crate::server::people;
use crate::server::token::{self, NewToken, TokenRow};

/// The arguments of `token create`.
#[derive(Debug, Clone)]
pub struct TokenCreateArgs {
    /// The database.
    pub location: DataLocation,
    /// The name that `token list` shows: one printable line of at most 100 characters.
    pub name: String,
    /// The user that the token belongs to, a member of the organization. `None` means the user of the first token.
    pub user: Option<String>,
    /// The slug of the organization that the token is valid for.
    pub organization: String,
    /// The scopes of the token, a subset of [`crate::server::ADMIN_SCOPE`], separated by white space.
    pub scope: String,
    /// How long the token is valid, at most ten years. `None` means until it is revoked.
    pub expires_in: Option<Duration>,
}

/// The arguments of `token list`.
#[derive(Debug, Clone)]
pub struct TokenListArgs {
    /// The database.
    pub location: DataLocation,
    /// How to print the list.
    pub format: ListFormat,
}

/// The arguments of `token revoke`.
#[derive(Debug, Clone)]
pub struct TokenRevokeArgs {
    /// The database.
    pub location: DataLocation,
    /// The id that `token list` shows, such as `tok_3f0c…`.
    pub id: String,
}

/// Creates a token and writes its text, and nothing else, to `out`, so that a script can capture it.
pub async fn token_create(args: &TokenCreateArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let lifetime = args
        .expires_in
        .map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let new = NewToken {
        name: args.name.clone(),
        account: args.user.clone().unwrap_or_else(|| bootstrap::ACCOUNT.to_owned()),
        organization: Some(args.organization.clone()),
        scope: args.scope.split_whitespace().collect::<Vec<_>>().join(" "),
        expires_at: lifetime.map(|time| now().saturating_add(time)),
    };
    let created = match people::check_membership(&db, &args.organization, &new.account).await {
        Ok(()) => token::create(&db, &new).await,
        Err(error) => Err(error),
    };
    // Closed before the error is returned: SQLite then folds its log into the database file.
    db.close().await;
    let (_, token) = created?;
    writeln!(out, "{}", token.expose_secret()).map_err(ServerError::Output)
}

/// An element of the list that `token list --format json` prints.
#[derive(Serialize)]
struct TokenJson<'a> {
    id: &'a str,
    name: &'a str,
    user: &'a str,
    organization: Option<&'a str>,
    scopes: Vec<&'a str>,
    state: &'static str,
    created_at: String,
    last_used_at: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

/// Writes one line for each token (state, expiry, last use, scopes, organization, user, name, id), or a JSON list.
pub async fn token_list(args: &TokenListArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let rows = token::list(&db).await;
    db.close().await;
    write_list(&rows?, args.format, json, line, out)
}

fn state(row: &TokenRow) -> &'static str {
    let expired = row.expires_at.is_some_and(|at| at <= now());
    match (row.revoked_at, expired) {
        (Some(_), _) => "revoked",
        (None, true) => "expired",
        (None, false) => "active",
    }
}

fn json(row: &TokenRow) -> serde_json::Result<Value> {
    serde_json::to_value(TokenJson {
        id: &row.id,
        name: &row.name,
        user: &row.account_id,
        organization: row.organization.as_deref(),
        scopes: row.scope.split_whitespace().collect(),
        state: state(row),
        created_at: iso(row.created_at),
        last_used_at: row.last_used_at.map(iso),
        expires_at: row.expires_at.map(iso),
        revoked_at: row.revoked_at.map(iso),
    })
}

fn line(row: &TokenRow) -> String {
    let state = state(row);
    let expiry = row
        .expires_at
        .map_or_else(|| "never expires".to_owned(), |at| format!("expires {}", iso(at)));
    let organization = row.organization.as_deref().unwrap_or("every organization");
    let scope = row.scope.replace(' ', ",");
    let used = row
        .last_used_at
        .map_or_else(|| "never used".to_owned(), |at| format!("used {}", iso(at)));
    // Names of older releases may hold line breaks, which could fake a row.
    let name = name::visible(&row.name, people::MAX_NAME_CHARS);
    let (user, id) = (&row.account_id, &row.id);
    format!("{state}  {expiry}  {used}  {scope}  {organization}  {user}  {name}  {id}")
}

/// Revokes a token. A running server refuses it from the next request on.
///
/// # Errors
/// [`ServerError::Argument`] when no token has the id, or it was revoked before.
pub async fn token_revoke(args: &TokenRevokeArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let revoked = token::revoke(&db, &args.id).await;
    db.close().await;
    if !revoked? {
        return Err(ServerError::Argument(format!(
            "no token in force has the id `{}`; `lobuctl serve token list` lists them",
            args.id
        )));
    }
    writeln!(out, "revoked {}", args.id).map_err(ServerError::Output)
}

//! `lobuctl serve token create|list|revoke`, beside a running server or without one.

use std::io::Write;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Place;
use crate::server::app::{iso, now};
use crate::server::bootstrap;
use crate::server::db::{Db, migration};
use crate::server::error::ServerError;
use crate::server::home;
use crate::server::options::Storage;
use crate::server::token::{self, NewToken, TokenRow};

/// The arguments of `token create`.
#[derive(Debug, Clone)]
pub struct TokenCreateArgs {
    /// Which database.
    pub place: Place,
    /// What people call the token.
    pub name: String,
    /// The organisation it is good for.
    pub organization: String,
    /// Words out of [`crate::server::ADMIN_SCOPE`].
    pub scope: String,
    /// When it stops working.
    pub expires_in: Option<Duration>,
}

/// The arguments of `token list`.
#[derive(Debug, Clone)]
pub struct TokenListArgs {
    /// Which database.
    pub place: Place,
}

/// The arguments of `token revoke`.
#[derive(Debug, Clone)]
pub struct TokenRevokeArgs {
    /// Which database.
    pub place: Place,
    /// The id that `token list` shows.
    pub id: String,
}

async fn open(place: &Place) -> Result<Db, ServerError> {
    place.must_exist()?;
    let db = match place.storage() {
        Storage::Sqlite { data_dir } => Db::sqlite(&data_dir.join(home::DATABASE), 1).await?,
        Storage::Postgres { url } => Db::postgres(&url, 1).await?,
        Storage::Memory => Db::memory().await?,
    };
    migration::migrate(&db).await?;
    Ok(db)
}

/// Makes a token and writes it, and nothing else, to `out`.
pub async fn token_create(args: &TokenCreateArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = open(&args.place).await?;
    let lifetime = args
        .expires_in
        .map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let new = NewToken {
        name: args.name.clone(),
        account: bootstrap::ACCOUNT.to_owned(),
        organization: Some(args.organization.clone()),
        scope: args.scope.split_whitespace().collect::<Vec<_>>().join(" "),
        expires_at: lifetime.map(|time| now().saturating_add(time)),
    };
    let made = create_token(&db, &new).await;
    db.close().await;
    let (_, token) = made?;
    writeln!(out, "{}", token.expose_secret()).map_err(ServerError::Output)
}

/// Stores a new token and answers its row id and its text.
pub(crate) async fn create_token(db: &Db, new: &NewToken) -> Result<(String, SecretString), ServerError> {
    let token = token::mint()?;
    let mut tx = db.begin().await?;
    let id = token::insert(&mut tx, &token, new).await?;
    tx.commit().await?;
    Ok((id, token))
}

/// Writes one line for each token: state, expiry, scope, organisation, name, id.
pub async fn token_list(args: &TokenListArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = open(&args.place).await?;
    let rows = token::list(&db).await;
    db.close().await;
    for row in rows? {
        writeln!(out, "{}", line(&row)).map_err(ServerError::Output)?;
    }
    Ok(())
}

fn line(row: &TokenRow) -> String {
    let expired = row.expires_at.is_some_and(|at| at <= now());
    let state = match (row.revoked_at, expired) {
        (Some(_), _) => "revoked",
        (None, true) => "expired",
        (None, false) => "active",
    };
    let expiry = row
        .expires_at
        .map_or_else(|| "never expires".to_owned(), |at| format!("expires {}", iso(at)));
    let organization = row.organization.as_deref().unwrap_or("every organisation");
    let scope = row.scope.replace(' ', ",");
    format!("{state}  {expiry}  {scope}  {organization}  {}  {}", row.name, row.id)
}

/// Revokes a token; the running server refuses it from the next request on.
pub async fn token_revoke(args: &TokenRevokeArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = open(&args.place).await?;
    let revoked = token::revoke(&db, &args.id).await;
    db.close().await;
    if !revoked? {
        return Err(ServerError::Argument(format!(
            "no token in force has the id `{}`",
            args.id
        )));
    }
    writeln!(out, "revoked {}", args.id).map_err(ServerError::Output)
}

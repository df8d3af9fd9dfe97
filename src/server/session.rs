//! Sessions of people in a browser: begun with a one-time link or a token, held by a cookie of which the database has a hash.

use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::app::{App, now};
use super::audit_event::{AuditEvent, COMMAND_LINE};
use super::crypto::to_hex;
use super::db::{Db, DbResult, Tx, params, table_row};
use super::error::ServerError;
use super::oauth::scope::{PROFILE, ScopeSet};
use super::random::random_text;
use super::reply::{ApiError, ApiResult};
use super::token;

/// How long a session lasts, in seconds.
const LIFETIME_SECONDS: i64 = 8 * 60 * 60;
/// How long a one-time link is valid, in milliseconds.
const LINK_LIFETIME_MS: i64 = 10 * 60 * 1000;
/// The maximum number of sessions of one person. A further one ends the oldest.
const MAX_SESSIONS: i64 = 20;

/// A person who has signed in.
pub(crate) struct WebSession {
    /// The hash of the cookie, by which wrong codes are counted.
    pub(crate) hash: String,
    /// The id of the user.
    pub(crate) account: String,
    /// The user's name.
    pub(crate) name: String,
    /// The row id of the token that the session was begun with, if any. The session allows no more than the token.
    pub(crate) token: Option<String>,
    /// The organization that this token is bound to, if any.
    pub(crate) organization: Option<String>,
    /// The scopes of this token. `None` for a session from a link.
    scope: Option<ScopeSet>,
    /// What a form of this session has to send along.
    pub(crate) form_key: String,
}

impl WebSession {
    /// Returns the scopes that the person can pass on to a client.
    pub(crate) fn grantable(&self) -> ScopeSet {
        let all = ScopeSet::parse(&super::oauth::scope::ALL.join(" "));
        self.scope.map_or(all, |scope| scope.with(PROFILE))
    }

    /// Whether a form was made for this session.
    pub(crate) fn has_form_key(&self, sent: &str) -> bool {
        self.form_key.as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

table_row! {
    /// A session with its user, and the token that it was begun with.
    pub(crate) struct WebSessionRow, columns session_columns {
        account_id: String = "s.account_id",
        name: String = "a.name",
        token_id: Option<String> = "s.token_id",
        scope: Option<String> = "t.scope",
        organization_id: Option<String> = "t.organization_id",
        revoked_at: Option<i64> = "t.revoked_at",
        expires_at: Option<i64> = "t.expires_at",
    }
}

const BY_HASH: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM web_session s JOIN account a ON a.id = s.account_id LEFT JOIN token t ON t.id = s.token_id \
     WHERE s.hash = $1 AND s.expires_at > $2"
);

/// Returns the session of a request. `None` without a cookie, and for a session that has ended.
pub(crate) async fn find(app: &App, headers: &HeaderMap) -> ApiResult<Option<WebSession>> {
    let Some(text) = cookie(app, headers) else {
        return Ok(None);
    };
    let hash = token::hash(&text);
    let row: Option<WebSessionRow> = app.db.row(BY_HASH, params![&hash, now()]).await?;
    let valid = |row: &WebSessionRow| row.revoked_at.is_none() && row.expires_at.is_none_or(|at| at > now());
    Ok(row.filter(valid).map(|row| WebSession {
        hash,
        account: row.account_id,
        name: row.name,
        token: row.token_id,
        organization: row.organization_id,
        scope: row.scope.as_deref().map(ScopeSet::parse),
        form_key: form_key(&text),
    }))
}

/// Returns what proves that a form was made for the session: a digest of the cookie, which no other site can read.
fn form_key(cookie: &str) -> String {
    let digest = Sha256::new().chain_update(b"lobuctl form\0").chain_update(cookie);
    to_hex(&digest.finalize())
}

/// Returns the name of the cookie. With the prefix, a browser accepts it over https for this host only.
fn cookie_name(app: &App) -> &'static str {
    if is_secure(app) {
        "__Host-lobu_session"
    } else {
        "lobu_session"
    }
}

fn is_secure(app: &App) -> bool {
    app.origin().starts_with("https://")
}

fn cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(app);
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn set_cookie(app: &App, value: &str, seconds: i64) -> ApiResult<HeaderValue> {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}",
        cookie_name(app)
    );
    HeaderValue::from_str(&text).map_err(|error| ApiError::internal(&error))
}

/// Who begins a session, and with what.
pub(crate) struct SignIn {
    /// The id of the user.
    pub(crate) account: String,
    /// The row id of the token, if it is one.
    pub(crate) token: Option<String>,
}

/// Ends a one-time link. Returns `None` when it is unknown, was used before or has expired.
pub(crate) async fn consume_link(tx: &mut Tx<'_>, text: &str) -> ApiResult<Option<SignIn>> {
    let sql = "DELETE FROM login_link WHERE hash = $1 AND expires_at > $2 RETURNING account_id";
    let account: Option<String> = tx.value(sql, params![&token::hash(text), now()]).await?;
    Ok(account.map(|account| SignIn { account, token: None }))
}

table_row! {
    /// A token that a session may begin with.
    pub(crate) struct SignInToken, columns sign_in_columns {
        id: String = "id",
        account_id: String = "account_id",
    }
}

// Access tokens are for programs: one that leaks must not be able to approve others.
const USABLE_TOKEN: &str = concat!(
    "SELECT ",
    sign_in_columns!(),
    " FROM token WHERE hash = $1 AND grant_id IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"
);

/// Checks a personal access token that somebody signs in with.
pub(crate) async fn check_token(tx: &mut Tx<'_>, text: &str) -> ApiResult<Option<SignIn>> {
    let row: Option<SignInToken> = tx.row(USABLE_TOKEN, params![&token::hash(text), now()]).await?;
    Ok(row.map(|row| SignIn {
        account: row.account_id,
        token: Some(row.id),
    }))
}

/// Begins a session. Returns the `Set-Cookie` of the response.
pub(crate) async fn begin(app: &App, tx: &mut Tx<'_>, sign_in: &SignIn) -> ApiResult<HeaderValue> {
    let text = random_text().map_err(|error| ApiError::internal(&error))?;
    let (hash, account) = (token::hash(&text), &sign_in.account);
    tx.execute(
        "INSERT INTO web_session (hash, account_id, token_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![
            &hash,
            account,
            sign_in.token.as_deref(),
            now(),
            now() + LIFETIME_SECONDS * 1000
        ],
    )
    .await?;
    tx.execute(
        "DELETE FROM web_session WHERE account_id = $1 AND hash NOT IN \
         (SELECT hash FROM web_session WHERE account_id = $1 ORDER BY created_at DESC LIMIT $2)",
        params![account, MAX_SESSIONS],
    )
    .await?;
    let event = AuditEvent {
        account,
        token: sign_in.token.as_deref().unwrap_or_default(),
        action: "session.begin",
        ..AuditEvent::default()
    };
    record(tx, account, event).await?;
    set_cookie(app, &text, LIFETIME_SECONDS)
}

/// Records an event about a user in each of their organizations.
async fn record(tx: &mut Tx<'_>, account: &str, event: AuditEvent<'_>) -> DbResult<()> {
    let sql = "SELECT organization_id FROM member WHERE account_id = $1";
    let organizations: Vec<String> = tx.values(sql, params![account]).await?;
    for organization in organizations {
        let event = AuditEvent {
            organization: &organization,
            target: account,
            ..event
        };
        event.write(tx).await?;
    }
    Ok(())
}

/// Ends a session. Returns the `Set-Cookie` of the response.
pub(crate) async fn end(app: &App, session: &WebSession) -> ApiResult<HeaderValue> {
    let mut tx = app.db.begin().await?;
    let sql = "DELETE FROM web_session WHERE hash = $1";
    tx.execute(sql, params![&session.hash]).await?;
    tx.commit().await?;
    set_cookie(app, "", 0)
}

/// Creates a one-time link for a user. Returns its secret.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown user.
pub(crate) async fn create_link(db: &Db, account: &str) -> Result<SecretString, ServerError> {
    let mut tx = db.begin().await?;
    if !tx
        .exists("SELECT id FROM account WHERE id = $1", params![account])
        .await?
    {
        return Err(ServerError::no_user(account));
    }
    let text = SecretString::from(random_text()?);
    let hash = token::hash(text.expose_secret());
    tx.execute(
        "INSERT INTO login_link (hash, account_id, expires_at) VALUES ($1, $2, $3)",
        params![&hash, account, now() + LINK_LIFETIME_MS],
    )
    .await?;
    let event = AuditEvent {
        account: COMMAND_LINE,
        action: "login-link.create",
        ..AuditEvent::default()
    };
    record(&mut tx, account, event).await?;
    tx.commit().await?;
    Ok(text)
}

/// Returns the name of the user whom a one-time link signs in. `None` when it cannot be used any more. The link stays.
pub(crate) async fn link_owner(db: &Db, text: &str) -> ApiResult<Option<String>> {
    let sql = "SELECT a.name FROM login_link l JOIN account a ON a.id = l.account_id \
        WHERE l.hash = $1 AND l.expires_at > $2";
    Ok(db.value(sql, params![&token::hash(text), now()]).await?)
}

/// Deletes the sessions and links that have expired.
pub(crate) async fn prune(db: &Db) -> DbResult<()> {
    let mut tx = db.begin().await?;
    tx.execute("DELETE FROM web_session WHERE expires_at <= $1", params![now()])
        .await?;
    tx.execute("DELETE FROM login_link WHERE expires_at <= $1", params![now()])
        .await?;
    tx.commit().await
}

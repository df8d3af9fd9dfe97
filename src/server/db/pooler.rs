//! Refuses a pooler that shares PostgreSQL sessions between clients. The server keeps advisory locks and settings in its
//! sessions, which must not end up in the session of another client.

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Connection as _, PgConnection, Row as _, raw_sql};

use super::DbResult;
use crate::server::error::ServerError;

/// Opens two connections and checks that each has a session of its own.
///
/// # Errors
/// [`ServerError::SharedSessions`] when they share one.
pub(super) async fn refuse_shared_sessions(options: &PgConnectOptions) -> Result<(), ServerError> {
    let mut first = PgConnection::connect_with(options).await?;
    let mut second = PgConnection::connect_with(options).await?;
    let shared = are_shared(&mut first, &mut second).await;
    // The result is known; a connection that cannot be closed in order ends when it is dropped.
    let _ = first.close().await;
    let _ = second.close().await;
    match shared {
        Ok(false) => Ok(()),
        Ok(true) => Err(ServerError::SharedSessions),
        // A pooler that shares sessions between statements refuses to begin a transaction.
        Err(sqlx::Error::Database(error)) if !ends_session(&*error) => Err(ServerError::SharedSessions),
        Err(error) => Err(error.into()),
    }
}

/// Whether the database ended the session or refused a new one: it stops, starts or has run out of something, which says
/// nothing about a pooler.
fn ends_session(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    // The classes "operator intervention" and "insufficient resources".
    code.starts_with("57") || code.starts_with("53")
}

/// Whether a pooler shares sessions between these two connections. Such a pooler gives the second one the backend that the
/// first one has just used. While the second one is in a transaction, the first one then gets another backend, in which the
/// setting is missing.
async fn are_shared(first: &mut PgConnection, second: &mut PgConnection) -> DbResult<bool> {
    raw_sql("SET lobuctl.session = 'first'").execute(&mut *first).await?;
    let before = backend(first).await?;
    raw_sql("BEGIN").execute(&mut *second).await?;
    let other = backend(second).await?;
    let after = backend(first).await?;
    let setting = raw_sql("SELECT current_setting('lobuctl.session', true)");
    let setting: Option<String> = setting.fetch_one(&mut *first).await?.try_get(0)?;
    raw_sql("ROLLBACK").execute(&mut *second).await?;
    Ok(before == other || before != after || setting.as_deref() != Some("first"))
}

/// Returns the process id of the backend that answers. Like all statements here it uses the simple protocol, because many
/// poolers that share sessions do not support prepared statements.
async fn backend(session: &mut PgConnection) -> DbResult<i32> {
    let row: PgRow = raw_sql("SELECT pg_backend_pid()").fetch_one(session).await?;
    row.try_get(0)
}

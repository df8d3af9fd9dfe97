//! Refuses a pooler that shares sessions between clients. A session here keeps locks and settings that must be its own.

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Connection as _, PgConnection, Row as _, raw_sql};

use super::DbResult;
use crate::server::error::ServerError;

/// Opens two sessions and looks whether they are two.
///
/// # Errors
/// [`ServerError::SharedSessions`] when they are not.
pub(super) async fn refuse_shared_sessions(options: &PgConnectOptions) -> Result<(), ServerError> {
    let mut first = PgConnection::connect_with(options).await?;
    let mut second = PgConnection::connect_with(options).await?;
    let shared = are_shared(&mut first, &mut second).await;
    let _ = first.close().await;
    let _ = second.close().await;
    match shared {
        Ok(false) => Ok(()),
        // Statement pooling refuses the transaction.
        Ok(true) | Err(sqlx::Error::Database(_)) => Err(ServerError::SharedSessions),
        Err(error) => Err(error.into()),
    }
}

/// A pooler that shares gives the second client the backend that the first one has just left. While the second one is in
/// a transaction, the first one then gets another backend, without the setting.
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

// The simple protocol: poolers that share sessions often know no prepared statements.
async fn backend(session: &mut PgConnection) -> DbResult<i32> {
    let row: PgRow = raw_sql("SELECT pg_backend_pid()").fetch_one(session).await?;
    row.try_get(0)
}

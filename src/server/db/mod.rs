//! The one seam where the two databases meet: text and integer parameters in, rows out, one transaction type.
//!
//! Every query of the server is a `&'static str` that SQLite and PostgreSQL both understand, with `$1` parameters.
//! This file must not know any table.

pub(crate) mod migration;
mod open;

use std::sync::{Arc, OnceLock};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgAdvisoryLockGuard, PgArguments, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Connection, PgConnection, Postgres, Row as _, Sqlite, Transaction};

/// A result of this room; the routes turn the error into an answer.
pub(crate) type DbResult<T> = Result<T, sqlx::Error>;

/// A session advisory lock and the connection it lives on.
pub(crate) type PgLock = PgAdvisoryLockGuard<PoolConnection<Postgres>>;

/// The open database.
pub(crate) enum Db {
    /// Readers share a pool; every write goes through one connection, in order. In memory both are the same.
    Sqlite { read: SqlitePool, write: SqlitePool },
    /// Lock holders have connections of their own, so that waiting for a lock never starves a query.
    Postgres {
        pool: PgPool,
        locks: PgPool,
        /// The mark of the encryption key that this process seals with; a rekey gives the database another one.
        generation: Arc<OnceLock<String>>,
    },
}

/// A query parameter. The optional forms keep the type when the value is null, which PostgreSQL insists on.
#[derive(Clone, Copy)]
pub(crate) enum Param<'a> {
    Text(&'a str),
    OptText(Option<&'a str>),
    Int(i64),
    OptInt(Option<i64>),
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<Option<&'a str>> for Param<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::OptText(value)
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Option<i64>> for Param<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::OptInt(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

/// Writes a parameter list: `params![id, name.as_deref(), 5_i64]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::server::db::Param::from($value)),*][..] };
}
pub(crate) use params;

macro_rules! bound {
    ($sql:expr, $params:expr) => {{
        let mut query = sqlx::query($sql);
        for param in $params {
            query = match *param {
                Param::Text(value) => query.bind(value),
                Param::OptText(value) => query.bind(value),
                Param::Int(value) => query.bind(value),
                Param::OptInt(value) => query.bind(value),
            };
        }
        query
    }};
}

fn on_sqlite<'q>(sql: &'static str, params: &[Param<'q>]) -> Query<'q, Sqlite, SqliteArguments> {
    bound!(sql, params)
}

fn on_postgres<'q>(sql: &'static str, params: &[Param<'q>]) -> Query<'q, Postgres, PgArguments> {
    bound!(sql, params)
}

/// A row of either database, read by position.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn text(&self, index: usize) -> DbResult<String> {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }

    pub(crate) fn opt_text(&self, index: usize) -> DbResult<Option<String>> {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }

    pub(crate) fn int(&self, index: usize) -> DbResult<i64> {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }

    pub(crate) fn opt_int(&self, index: usize) -> DbResult<Option<i64>> {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }

    /// A column that holds JSON as text.
    pub(crate) fn json(&self, index: usize) -> DbResult<serde_json::Value> {
        let text = self.text(index)?;
        serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }

    /// A nullable column that holds JSON as text; null when it is null.
    pub(crate) fn opt_json(&self, index: usize) -> DbResult<serde_json::Value> {
        self.opt_text(index)?.map_or(Ok(serde_json::Value::Null), |text| {
            serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
        })
    }
}

impl Db {
    /// Reads rows outside of any transaction.
    pub(crate) async fn fetch(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<Row>> {
        match self {
            Self::Sqlite { read, .. } => {
                let rows = on_sqlite(sql, params).fetch_all(read).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres { pool, .. } => {
                let rows = on_postgres(sql, params).fetch_all(pool).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Reads at most one row outside of any transaction.
    pub(crate) async fn optional(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<Row>> {
        match self {
            Self::Sqlite { read, .. } => Ok(on_sqlite(sql, params).fetch_optional(read).await?.map(Row::Sqlite)),
            Self::Postgres { pool, .. } => Ok(on_postgres(sql, params).fetch_optional(pool).await?.map(Row::Postgres)),
        }
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> DbResult<Tx<'static>> {
        match self {
            Self::Sqlite { write, .. } => Ok(Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres { pool, generation, .. } => same_key(pool.begin().await?, generation).await,
        }
    }

    /// Begins a transaction on the connection that holds an advisory lock: when the lock is gone, so is the write.
    pub(crate) async fn begin_under<'a>(&self, lock: Option<&'a mut PgLock>) -> DbResult<Tx<'a>> {
        match (lock, self) {
            (Some(lock), Self::Postgres { generation, .. }) => {
                let connection: &'a mut PgConnection = lock.as_mut();
                same_key(connection.begin().await?, generation).await
            }
            _ => self.begin().await,
        }
    }

    /// Lets transactions begin only while the database has this mark of a key.
    pub(crate) fn expect_generation(&self, mark: String) {
        if let Self::Postgres { generation, .. } = self {
            let _ = generation.set(mark);
        }
    }

    /// Closes every connection; SQLite then writes its log back into the file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { pool, locks, .. } => {
                pool.close().await;
                locks.close().await;
            }
        }
    }
}

/// Makes sure, for as long as the transaction lasts, that the database still has the key of this process. A rekey locks
/// the same row: it sees every row that was sealed with the old key, and no such row is written after it.
async fn same_key<'a>(mut tx: Transaction<'a, Postgres>, generation: &OnceLock<String>) -> DbResult<Tx<'a>> {
    if let Some(mark) = generation.get() {
        let sql = "SELECT value FROM meta WHERE name = 'key_check' FOR SHARE";
        let found: Option<String> = sqlx::query_scalar(sql).fetch_optional(&mut *tx).await?;
        if found.as_ref() != Some(mark) {
            return Err(sqlx::Error::Protocol(
                "the encryption key was changed; restart with the new one".to_owned(),
            ));
        }
    }
    Ok(Tx::Postgres(tx))
}

/// A transaction; dropped without [`Tx::commit`] it rolls back.
pub(crate) enum Tx<'a> {
    Sqlite(Transaction<'a, Sqlite>),
    Postgres(Transaction<'a, Postgres>),
}

impl Tx<'_> {
    pub(crate) async fn fetch(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<Row>> {
        match self {
            Self::Sqlite(tx) => {
                let rows = on_sqlite(sql, params).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let rows = on_postgres(sql, params).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub(crate) async fn optional(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<Row>> {
        match self {
            Self::Sqlite(tx) => Ok(on_sqlite(sql, params).fetch_optional(&mut **tx).await?.map(Row::Sqlite)),
            Self::Postgres(tx) => Ok(on_postgres(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .map(Row::Postgres)),
        }
    }

    /// Runs a statement and tells how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<u64> {
        match self {
            Self::Sqlite(tx) => Ok(on_sqlite(sql, params).execute(&mut **tx).await?.rows_affected()),
            Self::Postgres(tx) => Ok(on_postgres(sql, params).execute(&mut **tx).await?.rows_affected()),
        }
    }

    pub(crate) async fn commit(self) -> DbResult<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> DbResult<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
        }
    }
}

//! The only code that knows both databases: text and integer parameters in, rows out, one transaction type.
//!
//! Every query of the server is a `&'static str` that SQLite and PostgreSQL both understand, with `$1` parameters.
//! This file must not know any table.

pub(crate) mod migration;
mod open;
mod row;

pub(crate) use row::{ColumnValue, DbRow, FromRow, table_row};

use std::sync::{Arc, OnceLock};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgAdvisoryLockGuard, PgArguments, PgPool};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{Connection, PgConnection, Postgres, Sqlite, Transaction};

/// The result of a query. The routes turn the error into a response.
pub(crate) type DbResult<T> = Result<T, sqlx::Error>;

/// A session advisory lock and the connection that holds it.
pub(crate) type PgLock = PgAdvisoryLockGuard<PoolConnection<Postgres>>;

/// The open database.
pub(crate) enum Db {
    /// Readers share a pool; all writes go through one connection, one after the other. In memory both pools are the
    /// same one.
    Sqlite { read: SqlitePool, write: SqlitePool },
    /// Lock holders use a pool of their own, so that waiting for a lock never takes a connection from a query.
    Postgres {
        pool: PgPool,
        locks: PgPool,
        /// The mark of the encryption key that this process seals with; a rekey gives the database another one.
        generation: Arc<OnceLock<String>>,
    },
}

/// A query parameter. `OptText` and `OptInt` keep their type when the value is null, because PostgreSQL rejects an
/// untyped null.
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

/// Builds a parameter list: `params![id, name.as_deref(), 5_i64]`.
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

impl Db {
    /// Reads the rows of a query, outside of any transaction.
    pub(crate) async fn rows<T: FromRow>(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<T>> {
        self.fetch_all(sql, params).await?.iter().map(T::from_row).collect()
    }

    /// Reads at most one row, outside of any transaction.
    pub(crate) async fn row<T: FromRow>(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<T>> {
        let row = self.fetch_optional(sql, params).await?;
        row.map(|row| T::from_row(&row)).transpose()
    }

    /// Reads the value of a query for one column of at most one row, outside of any transaction.
    pub(crate) async fn value<T: ColumnValue>(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<T>> {
        let row = self.fetch_optional(sql, params).await?;
        row.map(|row| row.only_value()).transpose()
    }

    /// Whether a query finds a row, outside of any transaction.
    pub(crate) async fn exists(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<bool> {
        Ok(self.fetch_optional(sql, params).await?.is_some())
    }

    async fn fetch_all(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<DbRow>> {
        match self {
            Self::Sqlite { read, .. } => {
                let rows = on_sqlite(sql, params).fetch_all(read).await?;
                Ok(rows.into_iter().map(DbRow::Sqlite).collect())
            }
            Self::Postgres { pool, .. } => {
                let rows = on_postgres(sql, params).fetch_all(pool).await?;
                Ok(rows.into_iter().map(DbRow::Postgres).collect())
            }
        }
    }

    async fn fetch_optional(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<DbRow>> {
        match self {
            Self::Sqlite { read, .. } => Ok(on_sqlite(sql, params).fetch_optional(read).await?.map(DbRow::Sqlite)),
            Self::Postgres { pool, .. } => Ok(on_postgres(sql, params)
                .fetch_optional(pool)
                .await?
                .map(DbRow::Postgres)),
        }
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> DbResult<Tx<'static>> {
        match self {
            Self::Sqlite { write, .. } => Ok(Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres { pool, generation, .. } => same_key(pool.begin().await?, generation).await,
        }
    }

    /// Begins a transaction on the connection that holds an advisory lock. A server that has lost the lock has lost this
    /// connection too, so it cannot commit.
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
    /// Reads the rows of a query.
    pub(crate) async fn rows<T: FromRow>(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<T>> {
        self.fetch_all(sql, params).await?.iter().map(T::from_row).collect()
    }

    /// Reads at most one row.
    pub(crate) async fn row<T: FromRow>(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<T>> {
        let row = self.fetch_optional(sql, params).await?;
        row.map(|row| T::from_row(&row)).transpose()
    }

    /// Reads the values of a query for one column.
    pub(crate) async fn values<T: ColumnValue>(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<T>> {
        self.fetch_all(sql, params)
            .await?
            .iter()
            .map(DbRow::only_value)
            .collect()
    }

    /// Reads the value of a query for one column of at most one row.
    pub(crate) async fn value<T: ColumnValue>(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> DbResult<Option<T>> {
        let row = self.fetch_optional(sql, params).await?;
        row.map(|row| row.only_value()).transpose()
    }

    /// Whether a query finds a row.
    pub(crate) async fn exists(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<bool> {
        Ok(self.fetch_optional(sql, params).await?.is_some())
    }

    async fn fetch_all(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<DbRow>> {
        match self {
            Self::Sqlite(tx) => {
                let rows = on_sqlite(sql, params).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(DbRow::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let rows = on_postgres(sql, params).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(DbRow::Postgres).collect())
            }
        }
    }

    async fn fetch_optional(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<DbRow>> {
        match self {
            Self::Sqlite(tx) => Ok(on_sqlite(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .map(DbRow::Sqlite)),
            Self::Postgres(tx) => Ok(on_postgres(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .map(DbRow::Postgres)),
        }
    }

    /// Runs a statement and returns the number of rows that it changed.
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

//! The only code that knows both databases: text and integer parameters in, rows out, one transaction type.
//!
//! Every query of the server is a `&'static str` that SQLite and PostgreSQL both understand, with `$1` parameters.
//! This file must not know any table.

mod either;
pub(crate) mod migration;
mod open;
mod pooler;
mod row;

pub(crate) use either::EitherSql;
pub(crate) use row::{ColumnValue, DbRow, FromRow, table_row};

use std::sync::{Arc, OnceLock};

use sqlx::postgres::{PgArguments, PgPool};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{Postgres, Sqlite, Transaction};

use super::crypto::{EncryptionKey, SealError};
use super::keyring::Keyring;

/// The result of a query. The routes turn the error into a response.
pub(crate) type DbResult<T> = Result<T, sqlx::Error>;

/// The keys of this process, once they are known to fit the database.
pub(crate) type SharedKeys = Arc<OnceLock<Arc<Keyring>>>;

/// The open database.
pub(crate) enum Db {
    /// Reads share a pool. All writes go through one connection, one after the other, because SQLite has one writer at a
    /// time: waiting for the connection is fair, and waiting for SQLite's lock is not. In memory both pools are the same.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
        keys: SharedKeys,
    },
    /// Reads and writes share a pool.
    Postgres {
        pool: PgPool,
        /// A pool of one connection, for the session that shows this server to a rekey (see `presence`). It opens with its
        /// first use, so commands, which show no server, do not open it.
        session: PgPool,
        keys: SharedKeys,
    },
}

/// A query parameter. A null keeps the type of its column, `OptText` or `OptInt`, because PostgreSQL rejects a null of
/// another type.
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

/// Builds a parameter list, as in `params![id, name.as_deref(), 5_i64]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::server::db::Param::from($value)),*][..] };
}
pub(crate) use params;

/// Binds the parameters to a query. A macro, because the two databases have no type of query in common.
macro_rules! bind_params {
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
    bind_params!(sql, params)
}

fn on_postgres<'q>(sql: &'static str, params: &[Param<'q>]) -> Query<'q, Postgres, PgArguments> {
    bind_params!(sql, params)
}

impl Db {
    /// Reads the rows of a query, outside of any transaction.
    pub(crate) async fn rows<T: FromRow>(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<T>> {
        self.fetch_all(sql, params).await?.iter().map(T::from_row).collect()
    }

    /// Reads the first row of a query, outside of any transaction. `None` when there is no row.
    pub(crate) async fn row<T: FromRow>(&self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<T>> {
        let row = self.fetch_optional(sql, params).await?;
        row.map(|row| T::from_row(&row)).transpose()
    }

    /// Reads the first row of a query for one column, outside of any transaction. `None` when there is no row.
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

    /// Begins a transaction that may write. On SQLite it is the only one that may, until it ends.
    ///
    /// # Errors
    /// When the database's key is not among the keys of this server (see [`Db::use_keys`]).
    pub(crate) async fn begin(&self) -> DbResult<Tx<'static>> {
        match self {
            Self::Sqlite { write, .. } => {
                // IMMEDIATE takes the write lock now. A transaction that reads first and takes it later fails with "database is
                // locked" when a command beside the server has written in between, without any waiting.
                let inner = TxInner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?);
                self.attach_key(inner).await
            }
            Self::Postgres { pool, .. } => self.attach_key(TxInner::Postgres(pool.begin().await?)).await,
        }
    }

    fn keys(&self) -> &SharedKeys {
        match self {
            Self::Sqlite { keys, .. } | Self::Postgres { keys, .. } => keys,
        }
    }

    /// Gives transactions the keys to seal with. From now on, they begin only while the database has one of these keys.
    pub(crate) fn use_keys(&self, keys: Arc<Keyring>) {
        // Set once at start; a second call would change nothing.
        let _ = self.keys().set(keys);
    }

    /// Reads which key the database has and attaches it to the transaction. The key does not change before the transaction
    /// ends, because a rekey writes the row that is locked here before it reads any other row. So nothing is ever sealed with
    /// a key that a rekey has replaced.
    async fn attach_key<'a>(&self, inner: TxInner<'a>) -> DbResult<Tx<'a>> {
        let mut tx = Tx { inner, key: None };
        if let Some(keys) = self.keys().get() {
            let mark: Option<String> = tx.value(tx.inner.mark_query(), &[]).await?;
            tx.key = mark.and_then(|mark| keys.key_of_mark(&mark));
            if tx.key.is_none() {
                // A protocol error is answered with 503: after a restart with the new key, the request succeeds.
                return Err(sqlx::Error::Protocol(
                    "the encryption key was changed; restart with the new one".to_owned(),
                ));
            }
        }
        Ok(tx)
    }

    /// Closes every connection. When the last one to a SQLite file closes, its log is written back into the file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { pool, session, .. } => {
                pool.close().await;
                session.close().await;
            }
        }
    }
}

/// A transaction. It rolls back when it is dropped without [`Tx::commit`].
pub(crate) struct Tx<'a> {
    inner: TxInner<'a>,
    /// The key of the database. `None` before [`Db::use_keys`], and in commands that seal nothing.
    key: Option<Arc<EncryptionKey>>,
}

enum TxInner<'a> {
    Sqlite(Transaction<'a, Sqlite>),
    Postgres(Transaction<'a, Postgres>),
}

impl TxInner<'_> {
    /// Returns the statement that reads the mark of the database's key and keeps it from changing.
    fn mark_query(&self) -> &'static str {
        match self {
            // SQLite has one writer at a time and needs no lock on the row.
            Self::Sqlite(_) => "SELECT value FROM meta WHERE name = 'key_check'",
            // FOR SHARE lets other transactions begin, and makes a rekey wait for all of them.
            Self::Postgres(_) => "SELECT value FROM meta WHERE name = 'key_check' FOR SHARE",
        }
    }
}

impl Tx<'_> {
    /// Reads the rows of a query.
    pub(crate) async fn rows<T: FromRow>(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<T>> {
        self.fetch_all(sql, params).await?.iter().map(T::from_row).collect()
    }

    /// Reads the first row of a query. `None` when there is no row.
    pub(crate) async fn row<T: FromRow>(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<T>> {
        let row = self.fetch_optional(sql, params).await?;
        row.map(|row| T::from_row(&row)).transpose()
    }

    /// Reads all rows of a query for one column.
    pub(crate) async fn values<T: ColumnValue>(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Vec<T>> {
        self.fetch_all(sql, params)
            .await?
            .iter()
            .map(DbRow::only_value)
            .collect()
    }

    /// Reads the first row of a query for one column. `None` when there is no row.
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
        match &mut self.inner {
            TxInner::Sqlite(tx) => {
                let rows = on_sqlite(sql, params).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(DbRow::Sqlite).collect())
            }
            TxInner::Postgres(tx) => {
                let rows = on_postgres(sql, params).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(DbRow::Postgres).collect())
            }
        }
    }

    async fn fetch_optional(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<Option<DbRow>> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => Ok(on_sqlite(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .map(DbRow::Sqlite)),
            TxInner::Postgres(tx) => Ok(on_postgres(sql, params)
                .fetch_optional(&mut **tx)
                .await?
                .map(DbRow::Postgres)),
        }
    }

    /// Runs a statement and returns the number of rows that it changed.
    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> DbResult<u64> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => Ok(on_sqlite(sql, params).execute(&mut **tx).await?.rows_affected()),
            TxInner::Postgres(tx) => Ok(on_postgres(sql, params).execute(&mut **tx).await?.rows_affected()),
        }
    }

    /// Returns the key to seal with in this transaction.
    ///
    /// # Errors
    /// In a command that gave the database no keys.
    pub(crate) fn key(&self) -> Result<&EncryptionKey, SealError> {
        self.key.as_deref().ok_or(SealError)
    }

    /// Ends the transaction and keeps its changes.
    pub(crate) async fn commit(self) -> DbResult<()> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.commit().await,
            TxInner::Postgres(tx) => tx.commit().await,
        }
    }

    /// Ends the transaction and discards its changes.
    pub(crate) async fn rollback(self) -> DbResult<()> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.rollback().await,
            TxInner::Postgres(tx) => tx.rollback().await,
        }
    }
}

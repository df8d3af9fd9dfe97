//! Opening the database: pool sizes, durability, and errors that users can act on.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Db;
use crate::server::error::ServerError;

const SQLITE_READERS: u32 = 4;
/// How long PostgreSQL keeps the locks of a session that sends nothing, in milliseconds.
const LEASE_MS: &str = "30000";

impl Db {
    /// A database that dies with the process. One connection, for `:memory:` belongs to its connection.
    pub(crate) async fn memory() -> Result<Self, ServerError> {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite {
            read: pool.clone(),
            write: pool,
        })
    }

    /// A file in WAL mode. Every commit reaches the disk before it is acknowledged. With one connection for everything,
    /// readers wait for writers too.
    ///
    /// After a full disk or an I/O error SQLite rolls back by itself; the rollback that sqlx sends then fails, and sqlx
    /// goes on counting a transaction that is gone. Such a connection could begin nothing any more, so it is replaced.
    pub(crate) async fn sqlite(file: &Path, connections: u32) -> Result<Self, ServerError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }));
        let write = write.connect_with(options.clone()).await?;
        if connections <= 1 {
            return Ok(Self::Sqlite {
                read: write.clone(),
                write,
            });
        }
        let read = SqlitePoolOptions::new()
            .max_connections(connections.min(SQLITE_READERS))
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite { read, write })
    }

    /// A PostgreSQL database, with connections for queries and others for locks.
    pub(crate) async fn postgres(url: &SecretString, connections: u32) -> Result<Self, ServerError> {
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| ServerError::DatabaseUrl)?;
        // A peer that vanished without a word is noticed, and its locks are free, within a minute.
        let options = options.application_name("lobuctl").options([
            ("tcp_keepalives_idle", "20"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            ("statement_timeout", "60000"),
            ("idle_in_transaction_session_timeout", "60000"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await?;
        // A lock is a lease: a process that stands still, while its kernel keeps the connection alive, loses its locks.
        // Nothing that is done under a lock leaves its connection idle for as long; see `Limits::start`.
        let options = options.options([
            ("idle_session_timeout", LEASE_MS),
            ("idle_in_transaction_session_timeout", LEASE_MS),
        ]);
        let locks = PgPoolOptions::new()
            .max_connections(connections / 2 + 2)
            .acquire_timeout(Duration::from_secs(30))
            .idle_timeout(Duration::from_secs(20))
            .connect_lazy_with(options);
        let generation = Arc::default();
        Ok(Self::Postgres {
            pool,
            locks,
            generation,
        })
    }

    /// What SQLite's quick check finds wrong with the file first. `None` when nothing is.
    pub(crate) async fn damage(&self) -> super::DbResult<Option<String>> {
        let Self::Sqlite { read, .. } = self else {
            return Ok(None);
        };
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(read).await?;
        Ok((found != "ok").then_some(found))
    }

    /// Writes a copy of the SQLite database, as of one moment, into an empty file.
    pub(crate) async fn copy_into(&self, file: &str) -> super::DbResult<()> {
        if let Self::Sqlite { read, .. } = self {
            sqlx::query("VACUUM INTO $1").bind(file).execute(read).await?;
        }
        Ok(())
    }
}

//! Opening the database: pool sizes, durability, and errors that users can act on.

use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Db, SharedKeys, pooler};
use crate::server::error::ServerError;

const SQLITE_READERS: u32 = 4;
/// A client that has vanished is noticed, and its locks are free, within a minute. One that stands still in the middle of
/// a transaction, while its kernel keeps the connection alive, loses it after 10 seconds; see `lease`. Times are in
/// seconds for TCP, in milliseconds otherwise.
const TIMEOUTS: [(&str, &str); 6] = [
    ("tcp_keepalives_idle", "20"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("statement_timeout", "60000"),
    // Who waits for a row holds a connection: not for longer than others can wait for one.
    ("lock_timeout", "8000"),
    ("idle_in_transaction_session_timeout", "10000"),
];

/// Demands TLS with a verified certificate from every other machine, unless the URL or `PGSSLMODE` asks for less. The
/// default of libpq, `prefer`, goes on in clear when the server, or somebody in between, offers no TLS.
fn verified(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let here = host == "localhost"
        || host.starts_with('/')
        || options.get_socket().is_some()
        || address.is_ok_and(|address| address.is_loopback());
    match options.get_ssl_mode() {
        PgSslMode::Prefer | PgSslMode::Allow if !here => options.ssl_mode(PgSslMode::VerifyFull),
        _ => options,
    }
}

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
            keys: SharedKeys::default(),
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
                keys: SharedKeys::default(),
            });
        }
        let read = SqlitePoolOptions::new()
            .max_connections(connections.min(SQLITE_READERS))
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite {
            read,
            write,
            keys: SharedKeys::default(),
        })
    }

    /// Connects to a PostgreSQL database.
    pub(crate) async fn postgres(url: &SecretString, connections: u32) -> Result<Self, ServerError> {
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| ServerError::DatabaseUrl)?;
        let options = verified(options);
        pooler::refuse_shared_sessions(&options).await?;
        let options = options.application_name("lobuctl");
        let session = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options.clone());
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.options(TIMEOUTS))
            .await?;
        Ok(Self::Postgres {
            pool,
            session,
            keys: SharedKeys::default(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_verified_tls_of_other_machines_unless_the_url_asks_for_less() {
        let mode = |url: &str| verified(PgConnectOptions::from_str(url).unwrap()).get_ssl_mode();
        for url in [
            "postgres://u@db.example.org/x",
            "postgres://u@10.0.0.7/x?sslmode=prefer",
        ] {
            assert!(matches!(mode(url), PgSslMode::VerifyFull), "{url}");
        }
        assert!(matches!(
            mode("postgres://u@10.0.0.7/x?sslmode=disable"),
            PgSslMode::Disable
        ));
        assert!(matches!(
            mode("postgres://u@10.0.0.7/x?sslmode=require"),
            PgSslMode::Require
        ));
        for url in [
            "postgres://u@127.0.0.1/x",
            "postgres://u@[::1]/x",
            "postgres://u@localhost/x",
        ] {
            assert!(matches!(mode(url), PgSslMode::Prefer), "{url}");
        }
    }
}

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

/// The maximum number of connections that read a SQLite file.
const MAX_SQLITE_READERS: u32 = 4;
/// Settings of every PostgreSQL session. With them, the locks of a server whose machine has vanished are free within a
/// minute, and those of a server that hangs in the middle of a transaction, while its kernel keeps the connection alive,
/// after 10 seconds (see `lease`). Times of TCP are in seconds, all others in milliseconds.
const SESSION_SETTINGS: [(&str, &str); 6] = [
    ("tcp_keepalives_idle", "20"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("statement_timeout", "60000"),
    // Below the 10 seconds that a request waits for a connection: one that waits for a row's lock holds a connection.
    ("lock_timeout", "8000"),
    ("idle_in_transaction_session_timeout", "10000"),
];

/// Requires TLS with a verified certificate for a connection to another machine, unless the URL or `PGSSLMODE` asks for
/// another mode. The default of libpq, `prefer`, continues without TLS when the server, or an attacker in between, offers
/// none.
fn require_verified_tls(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    // A host that begins with a slash is the directory of a Unix socket.
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_local = host == "localhost"
        || host.starts_with('/')
        || options.get_socket().is_some()
        || address.is_ok_and(|address| address.is_loopback());
    match options.get_ssl_mode() {
        PgSslMode::Prefer | PgSslMode::Allow if !is_local => options.ssl_mode(PgSslMode::VerifyFull),
        _ => options,
    }
}

impl Db {
    /// Opens a new SQLite database in memory, without tables. It lasts until it is closed.
    pub(crate) async fn memory() -> Result<Self, ServerError> {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        // One connection that never ends: a second one would open another database, and a closed one takes it along.
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

    /// Opens a SQLite file in WAL mode and creates it if needed. Every commit is on the disk before it is acknowledged.
    /// `connections` bounds the number of readers; with 1, reads and writes share one connection and wait for each other.
    pub(crate) async fn sqlite(file: &Path, connections: u32) -> Result<Self, ServerError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // For commands such as `token create`, which write from another process.
            .busy_timeout(Duration::from_secs(10));
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // After a full disk or an I/O error SQLite rolls back by itself. The rollback that sqlx sends then fails, and sqlx
            // still counts a transaction. Such a connection could never begin another one, so it is replaced.
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
            .max_connections(connections.min(MAX_SQLITE_READERS))
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite {
            read,
            write,
            keys: SharedKeys::default(),
        })
    }

    /// Connects to a PostgreSQL database. `connections` bounds the number of connections for queries.
    ///
    /// # Errors
    /// [`ServerError::DatabaseUrl`] when the URL does not parse or is one of another database, [`ServerError::SharedSessions`] behind a pooler that shares
    /// sessions.
    pub(crate) async fn postgres(url: &SecretString, connections: u32) -> Result<Self, ServerError> {
        // The parser takes the URL of any database for one of PostgreSQL.
        let (scheme, _) = url.expose_secret().split_once("://").unwrap_or_default();
        if !matches!(scheme.to_ascii_lowercase().as_str(), "postgres" | "postgresql") {
            return Err(ServerError::DatabaseUrl);
        }
        // The parser's error may quote the URL, which may hold a password.
        let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| ServerError::DatabaseUrl)?;
        let options = require_verified_tls(options);
        pooler::refuse_shared_sessions(&options).await?;
        // Also for the session that shows this server to a rekey: that of a vanished machine must end soon.
        let options = options.application_name("lobuctl").options(SESSION_SETTINGS);
        let session = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options.clone());
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self::Postgres {
            pool,
            session,
            keys: SharedKeys::default(),
        })
    }

    /// Returns the first problem that SQLite's quick check finds in the file. `None` when it finds none, and on PostgreSQL.
    pub(crate) async fn find_damage(&self) -> super::DbResult<Option<String>> {
        let Self::Sqlite { read, .. } = self else {
            return Ok(None);
        };
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(read).await?;
        Ok((found != "ok").then_some(found))
    }

    /// Writes a copy of the SQLite database, as of one moment, into the empty file at this path. Does nothing on PostgreSQL.
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
        let mode = |url: &str| require_verified_tls(PgConnectOptions::from_str(url).unwrap()).get_ssl_mode();
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

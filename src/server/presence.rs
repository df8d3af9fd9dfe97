//! What keeps others away while a storage is open: a locked file in a data directory, a shared lock on a database.

use std::fs::File;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use tokio::task::JoinHandle;

use super::error::ServerError;

/// Held shared by every server on a PostgreSQL database, and alone by a rekey.
const KEY: i64 = 0x6c6f_6275_6374_6c01;
/// Shorter than the time after which PostgreSQL ends an idle session of the lock pool.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The pause before a lost lock is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps others away until it is dropped.
pub(crate) enum Presence {
    Nobody,
    Directory { lock: File },
    Database { _lock: DatabasePresence },
}

/// Whether others may use the storage at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// A server among servers: alone in a directory, with others on a database.
    Serve,
    /// A rekey: with nobody.
    Alone,
}

/// A session lock that is kept alive, and taken again when the session ended: after a restart of PostgreSQL a rekey has
/// to find the running servers as before.
pub(crate) struct DatabasePresence {
    keeper: JoinHandle<()>,
}

impl Drop for DatabasePresence {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl DatabasePresence {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`ServerError::DatabaseTaken`] when others hold it in a way that excludes this one.
    pub(crate) async fn take(locks: &PgPool, share: Share) -> Result<Self, ServerError> {
        let session = acquire(locks, share).await?.ok_or(ServerError::DatabaseTaken)?;
        let keeper = tokio::spawn(keep(locks.clone(), share, session));
        Ok(Self { keeper })
    }
}

/// The session that holds the lock. `None` when others exclude it.
async fn acquire(locks: &PgPool, share: Share) -> Result<Option<PoolConnection<Postgres>>, sqlx::Error> {
    let sql = match share {
        Share::Serve => "SELECT pg_try_advisory_lock_shared($1)",
        Share::Alone => "SELECT pg_try_advisory_lock($1)",
    };
    let mut session = locks.acquire().await?;
    let taken: bool = sqlx::query_scalar(sql).bind(KEY).fetch_one(&mut *session).await?;
    Ok(taken.then_some(session))
}

/// Runs until it is aborted.
async fn keep(locks: PgPool, share: Share, mut session: PoolConnection<Postgres>) {
    loop {
        while sqlx::query("SELECT 1").execute(&mut *session).await.is_ok() {
            tokio::time::sleep(HEARTBEAT).await;
        }
        tracing::warn!("lost the session that shows this server to a rekey");
        session = retake(&locks, share).await;
    }
}

async fn retake(locks: &PgPool, share: Share) -> PoolConnection<Postgres> {
    loop {
        tokio::time::sleep(RETRY).await;
        if let Ok(Some(session)) = acquire(locks, share).await {
            return session;
        }
    }
}

//! What shows other processes that a storage is in use: a locked file in a data directory, and on PostgreSQL a session whose
//! advisory locks name the keys that this server has.
//!
//! A rekey reads those locks so that it can refuse before it changes anything. Safety does not depend on them: a server
//! that meets an unknown key writes nothing (see `db`).

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use tokio::task::JoinHandle;

use super::db::DbResult;
use super::error::ServerError;
use super::keyring::Keyring;

/// The first of the two numbers of every advisory lock here: `lobu` in ASCII.
const LOCK_CLASS: i32 = 0x6c6f_6275;
/// The second number of the lock that every server holds.
const SERVER_LOCK: i32 = 0;
/// The time between two uses of the session. They keep PostgreSQL from ending it as idle, and each reads the key files,
/// which a rekey waits for (see `command::rekey`).
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The pause before a lost session is opened again.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// What is held while a storage is open.
pub(crate) enum Presence {
    /// No other process can reach the storage: a database in memory.
    NotShown,
    /// Shown by the lock on a file, which ends with the process.
    Directory { lock: File },
    /// Shown by a session of the database.
    Database(#[expect(dead_code, reason = "held for its drop, which ends the session")] DatabasePresence),
}

/// A session that is kept open for as long as this value lives. It is opened again when it has ended: after a restart of
/// PostgreSQL, a rekey has to find the running servers as before.
pub(crate) struct DatabasePresence {
    keeper: JoinHandle<()>,
}

impl Drop for DatabasePresence {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl DatabasePresence {
    /// Announces this server and the keys that it has.
    pub(crate) async fn announce(sessions: &PgPool, keys: Arc<Keyring>) -> Result<Self, ServerError> {
        let session = AnnouncedSession::open(sessions, &keys).await?;
        let keeper = tokio::spawn(keep(sessions.clone(), keys, Some(session)));
        Ok(Self { keeper })
    }
}

/// A session that holds the lock of every server, and one lock for each key.
struct AnnouncedSession {
    connection: PoolConnection<Postgres>,
    /// The ids of the keys whose locks are held.
    announced: BTreeSet<String>,
}

impl AnnouncedSession {
    async fn open(sessions: &PgPool, keys: &Keyring) -> DbResult<Self> {
        let mut session = Self {
            connection: sessions.acquire().await?,
            announced: BTreeSet::new(),
        };
        session.lock(SERVER_LOCK).await?;
        session.announce(keys).await?;
        Ok(session)
    }

    async fn lock(&mut self, number: i32) -> DbResult<()> {
        // Shared, because all servers hold the same locks. Nothing takes them exclusively, so this never waits.
        let sql = "SELECT pg_advisory_lock_shared($1, $2)";
        let lock = sqlx::query(sql).bind(LOCK_CLASS).bind(number);
        lock.execute(&mut *self.connection).await.map(drop)
    }

    /// Announces the keys that are new since the last call.
    async fn announce(&mut self, keys: &Keyring) -> DbResult<()> {
        for id in keys.ids() {
            if self.announced.contains(&id) {
                continue;
            }
            self.lock(lock_number(&id)).await?;
            self.announced.insert(id);
        }
        Ok(())
    }

    /// Reads the key files, announces new keys, and fails when the session has ended.
    async fn heartbeat(&mut self, keys: &Keyring) -> DbResult<()> {
        if let Err(error) = keys.read_files() {
            tracing::warn!(reason = %error, "the key files cannot be read");
        }
        self.announce(keys).await?;
        // Usually no key is new and nothing has been sent so far.
        sqlx::query("SELECT 1").execute(&mut *self.connection).await.map(drop)
    }
}

/// Returns the second number of a key's lock: the first half of its id. If two keys had the same number, a rekey could
/// count a server as having a key that it lacks; that server would then refuse to write.
fn lock_number(id: &str) -> i32 {
    let digits = id.get(..8).unwrap_or_default();
    let number = u32::from_str_radix(digits, 16).unwrap_or_default();
    // Zero is the number of the lock that every server holds.
    number.max(1).cast_signed()
}

/// Keeps the session in use, and opens another one when it has ended. Runs until it is aborted.
async fn keep(sessions: PgPool, keys: Arc<Keyring>, mut session: Option<AnnouncedSession>) {
    loop {
        if let Some(mut session) = session.take() {
            while session.heartbeat(&keys).await.is_ok() {
                tokio::time::sleep(HEARTBEAT).await;
            }
            tracing::warn!("lost the session that shows this server to a rekey");
            // Dropped here: the pool has one connection, and opening another one would wait for it in vain.
        }
        tokio::time::sleep(REOPEN_PAUSE).await;
        session = AnnouncedSession::open(&sessions, &keys).await.ok();
    }
}

// Counts the sessions with the lock of every server and without that of the key. `objsubid` is 2 for advisory locks with
// two numbers. The locks of all databases of the cluster are in the view, so the database has to match.
const COUNT_SERVERS_WITHOUT_KEY: &str = "SELECT count(*) FROM pg_locks s \
    WHERE s.locktype = 'advisory' AND s.objsubid = 2 AND s.granted AND s.classid::bigint = $1 AND s.objid::bigint = $2 \
    AND s.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND NOT EXISTS (SELECT 1 FROM pg_locks k WHERE k.pid = s.pid AND k.locktype = 'advisory' AND k.objsubid = 2 \
    AND k.granted AND k.database = s.database AND k.classid::bigint = $1 AND k.objid::bigint = $3)";

/// Returns the number of running servers that do not have the key with this id.
pub(crate) async fn servers_without_key(pool: &PgPool, key_id: &str) -> DbResult<i64> {
    // The view has the numbers as unsigned oids.
    let number = |number: i32| i64::from(number.cast_unsigned());
    sqlx::query_scalar(COUNT_SERVERS_WITHOUT_KEY)
        .bind(number(LOCK_CLASS))
        .bind(number(SERVER_LOCK))
        .bind(number(lock_number(key_id)))
        .fetch_one(pool)
        .await
}

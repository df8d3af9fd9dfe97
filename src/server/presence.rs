//! What shows others that a storage is in use: a locked file in a data directory, and on PostgreSQL a session whose locks
//! name the keys that this server has.
//!
//! A rekey looks at those locks so that it can refuse in time. Nothing relies on them: a server that meets an unknown key
//! writes nothing (see `db`).

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

/// The first of the two numbers of every lock here.
const CLASS: i32 = 0x6c6f_6275;
/// The second number of the lock that every server holds.
const SERVER: i32 = 0;
/// How often the session is used, so that PostgreSQL does not end it as idle, and the key files are read.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The pause before a lost session is opened again.
const RETRY: Duration = Duration::from_secs(1);

/// What is held while a storage is open.
pub(crate) enum Presence {
    /// Nothing: a database in memory.
    Nobody,
    Directory {
        lock: File,
    },
    Database(#[expect(dead_code, reason = "held for its drop, which ends the session")] DatabasePresence),
}

/// A session that is kept alive, and opened again when it ended: after a restart of PostgreSQL a rekey has to find the
/// running servers as before.
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
        let keeper = tokio::spawn(keep(sessions.clone(), keys, session));
        Ok(Self { keeper })
    }
}

/// A session and the key ids that its locks name.
struct AnnouncedSession {
    connection: PoolConnection<Postgres>,
    announced: BTreeSet<String>,
}

impl AnnouncedSession {
    async fn open(sessions: &PgPool, keys: &Keyring) -> DbResult<Self> {
        let mut session = Self {
            connection: sessions.acquire().await?,
            announced: BTreeSet::new(),
        };
        session.lock(SERVER).await?;
        session.announce(keys).await?;
        Ok(session)
    }

    async fn lock(&mut self, number: i32) -> DbResult<()> {
        let sql = "SELECT pg_advisory_lock_shared($1, $2)";
        let lock = sqlx::query(sql).bind(CLASS).bind(number);
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

    async fn beat(&mut self, keys: &Keyring) -> DbResult<()> {
        if let Err(error) = keys.read_files() {
            tracing::warn!(reason = %error, "the key files cannot be read");
        }
        self.announce(keys).await?;
        sqlx::query("SELECT 1").execute(&mut *self.connection).await.map(drop)
    }
}

/// Returns the second number of a key's lock: the first half of its id. Two keys with one number would only make a rekey
/// less cautious.
fn lock_number(id: &str) -> i32 {
    let digits = id.get(..8).unwrap_or_default();
    let number = u32::from_str_radix(digits, 16).unwrap_or_default();
    // Zero is the number of every server.
    number.max(1).cast_signed()
}

/// Runs until it is aborted.
async fn keep(sessions: PgPool, keys: Arc<Keyring>, mut session: AnnouncedSession) {
    loop {
        while session.beat(&keys).await.is_ok() {
            tokio::time::sleep(HEARTBEAT).await;
        }
        tracing::warn!("lost the session that shows this server to a rekey");
        session = loop {
            tokio::time::sleep(RETRY).await;
            if let Ok(session) = AnnouncedSession::open(&sessions, &keys).await {
                break session;
            }
        };
    }
}

// Advisory locks with two numbers have `objsubid` 2.
const WITHOUT_KEY: &str = "SELECT count(*) FROM pg_locks s \
    WHERE s.locktype = 'advisory' AND s.objsubid = 2 AND s.granted AND s.classid::bigint = $1 AND s.objid::bigint = $2 \
    AND s.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND NOT EXISTS (SELECT 1 FROM pg_locks k WHERE k.pid = s.pid AND k.locktype = 'advisory' AND k.objsubid = 2 \
    AND k.granted AND k.database = s.database AND k.classid::bigint = $1 AND k.objid::bigint = $3)";

/// Counts the running servers that do not have a key.
pub(crate) async fn servers_without_key(pool: &PgPool, key_id: &str) -> DbResult<i64> {
    let number = |number: i32| i64::from(number.cast_unsigned());
    sqlx::query_scalar(WITHOUT_KEY)
        .bind(number(CLASS))
        .bind(number(SERVER))
        .bind(number(lock_number(key_id)))
        .fetch_one(pool)
        .await
}

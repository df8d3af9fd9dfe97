//! A lock that several servers on one PostgreSQL share: a row with an owner's token and an end.
//!
//! The owner moves the end forward for as long as it lives. A server that stands still stops doing so, and another one
//! takes the row with a token of its own. Every write of an owner checks its token in the same transaction, so that a
//! server that wakes up late writes nothing. Those who wait hold no connection between two attempts.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::db::{DbResult, Tx, params};
use super::error::ServerError;
use super::random::random_id;

/// How long a lease lasts after its last extension. Together with the time that PostgreSQL grants a silent transaction
/// (see `db::open`) this stays below 30 seconds.
const LEASE: Duration = Duration::from_secs(15);
/// The time between two extensions.
const HEARTBEAT: Duration = Duration::from_secs(4);
/// The first pause between two attempts. Each following one is twice as long …
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest wait for a lease. A request is answered before.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

// The clock of the database decides: those of the servers may differ. PostgreSQL only; SQLite has one server.
macro_rules! now_ms {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT"
    };
}
const TAKE_FREE: &str = concat!(
    "INSERT INTO lease (name, token, expires_at) VALUES ($1, $2, ",
    now_ms!(),
    " + $3) ON CONFLICT (name) DO NOTHING"
);
// A locked row belongs to an owner that is writing at this moment: it is passed over, not waited for.
const TAKE_EXPIRED: &str = concat!(
    "UPDATE lease SET token = $2, expires_at = ",
    now_ms!(),
    " + $3 WHERE name IN (SELECT name FROM lease WHERE name = $1 AND expires_at < ",
    now_ms!(),
    " FOR UPDATE SKIP LOCKED)"
);
const EXTEND: &str = concat!(
    "UPDATE lease SET expires_at = ",
    now_ms!(),
    " + $3 WHERE name = $1 AND token = $2"
);
const RELEASE: &str = "DELETE FROM lease WHERE name = $1 AND token = $2";
const CHECK: &str = "SELECT name FROM lease WHERE name = $1 AND token = $2 FOR UPDATE";

/// The right to write under a name. Dropping it gives the name back, a little later than [`Lease::release`].
pub(crate) struct Lease {
    owner: Owner,
    keeper: JoinHandle<()>,
    released: bool,
}

#[derive(Clone)]
struct Owner {
    pool: PgPool,
    name: String,
    /// The fencing token: random, so that no two owners of a name ever share one.
    token: String,
}

impl Owner {
    async fn run(&self, sql: &'static str, lasts: Option<Duration>) -> DbResult<bool> {
        let mut query = sqlx::query(sql).bind(&self.name).bind(&self.token);
        if let Some(lasts) = lasts {
            query = query.bind(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX));
        }
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    async fn take(&self) -> DbResult<bool> {
        Ok(self.run(TAKE_FREE, Some(LEASE)).await? || self.run(TAKE_EXPIRED, Some(LEASE)).await?)
    }

    /// Extends the lease until it is lost or the task is aborted.
    async fn keep(self) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let extended = self.run(EXTEND, Some(LEASE)).await;
            // A database that does not answer may be back before the lease ends.
            if matches!(extended, Ok(false)) {
                break;
            }
        }
        tracing::warn!(name = self.name, "another server has taken the lease");
    }

    async fn release(&self) {
        if let Err(error) = self.run(RELEASE, None).await {
            tracing::warn!(reason = %error, "a lease was not released; it ends by itself");
        }
    }
}

impl Lease {
    /// Waits until the name is free and takes it.
    ///
    /// # Errors
    /// `PoolTimedOut` after a minute.
    pub(crate) async fn acquire(pool: &PgPool, name: &str) -> DbResult<Self> {
        let token = random_id().map_err(|error: ServerError| sqlx::Error::Io(std::io::Error::other(error)))?;
        let owner = Owner {
            pool: pool.clone(),
            name: name.to_owned(),
            token,
        };
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        while !owner.take().await? {
            if started.elapsed() > LONGEST_WAIT {
                return Err(sqlx::Error::PoolTimedOut);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let keeper = tokio::spawn(owner.clone().keep());
        Ok(Self {
            owner,
            keeper,
            released: false,
        })
    }

    /// Makes sure that the name still belongs to this owner, until the transaction ends.
    pub(crate) async fn check(&self, tx: &mut Tx<'_>) -> DbResult<()> {
        let parameters = params![&self.owner.name, &self.owner.token];
        if tx.exists(CHECK, parameters).await? {
            return Ok(());
        }
        Err(sqlx::Error::Protocol("another server has taken the lease".to_owned()))
    }

    /// Gives the name back.
    pub(crate) async fn release(mut self) {
        self.released = true;
        self.keeper.abort();
        self.owner.release().await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.keeper.abort();
        if !self.released
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let owner = self.owner.clone();
            runtime.spawn(async move { owner.release().await });
        }
    }
}

//! A lock that several servers on one PostgreSQL database share: a row with the owner's token and a time at which it expires.
//!
//! The owner extends the lease for as long as it lives. A server that hangs does not, and after a while another one takes
//! the row with a token of its own. Every transaction of an owner checks the token, so a server that continues after it has
//! lost the lease writes nothing. A server that waits for a lease holds no connection between two attempts.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::db::{DbResult, Tx, params};
use super::error::ServerError;
use super::random::random_id;

/// How long a lease lasts after its last extension. A server that hangs keeps others waiting for at most this long and the
/// time that PostgreSQL grants a silent transaction (see `db::open`): together they stay below the 30 seconds of a request.
const LEASE_DURATION: Duration = Duration::from_secs(15);
/// The time between two extensions.
const HEARTBEAT: Duration = Duration::from_secs(4);
/// The pause after the first attempt to take a lease. Each following pause is twice as long, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_millis(100);
/// How long to wait for a lease. A request is answered with 503 before that; the work that it began ends with an error then.
const MAX_WAIT: Duration = Duration::from_mins(1);

// The clock of the database decides, because those of the servers may differ. `clock_timestamp` is the current time, while
// `now` would be the start of the transaction. This is PostgreSQL only: SQLite has one server and needs no lease.
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
// A row that is locked belongs to an owner that is writing at this moment. SKIP LOCKED passes over it, so that waiting holds
// no connection.
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
// FOR UPDATE keeps the row, and so the ownership, until the transaction ends.
const CHECK: &str = "SELECT name FROM lease WHERE name = $1 AND token = $2 FOR UPDATE";

/// The right to write under a name. Dropping it releases the name in a task of its own, which may run a little later;
/// [`Lease::release`] waits until that is done.
pub(crate) struct Lease {
    owner: Owner,
    /// The task that extends the lease.
    keeper: JoinHandle<()>,
    released: bool,
}

/// What identifies a lease in the database.
#[derive(Clone)]
struct Owner {
    pool: PgPool,
    name: String,
    /// The fencing token: random, so that no two owners of a name ever share one.
    token: String,
}

impl Owner {
    /// Executes a statement for this owner, which gets `lasts` in milliseconds as its third parameter. Returns whether it
    /// changed the row.
    async fn execute(&self, sql: &'static str, lasts: Option<Duration>) -> DbResult<bool> {
        let mut query = sqlx::query(sql).bind(&self.name).bind(&self.token);
        if let Some(lasts) = lasts {
            query = query.bind(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX));
        }
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Tries once to take the name. Returns whether it succeeded.
    async fn take(&self) -> DbResult<bool> {
        Ok(self.execute(TAKE_FREE, Some(LEASE_DURATION)).await?
            || self.execute(TAKE_EXPIRED, Some(LEASE_DURATION)).await?)
    }

    /// Extends the lease until it is lost or the task is aborted.
    async fn keep(self) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let extended = self.execute(EXTEND, Some(LEASE_DURATION)).await;
            // A database that does not answer may be back before the lease ends.
            if matches!(extended, Ok(false)) {
                break;
            }
        }
        // Nothing is interrupted here: the owner finds out when it checks its token.
        tracing::warn!(name = self.name, "another server has taken the lease");
    }

    async fn release(&self) {
        if let Err(error) = self.execute(RELEASE, None).await {
            tracing::warn!(reason = %error, "a lease was not released; it ends by itself");
        }
    }
}

impl Lease {
    /// Waits until the name is free and takes it. Servers that wait are served in no particular order.
    ///
    /// # Errors
    /// `PoolTimedOut`, which is answered with 503, after [`MAX_WAIT`].
    pub(crate) async fn acquire(pool: &PgPool, name: &str) -> DbResult<Self> {
        let token = random_id().map_err(|error: ServerError| sqlx::Error::Io(std::io::Error::other(error)))?;
        let owner = Owner {
            pool: pool.clone(),
            name: name.to_owned(),
            token,
        };
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        while !owner.take().await? {
            if started.elapsed() > MAX_WAIT {
                return Err(sqlx::Error::PoolTimedOut);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
        let keeper = tokio::spawn(owner.clone().keep());
        Ok(Self {
            owner,
            keeper,
            released: false,
        })
    }

    /// Checks that the name still belongs to this owner. It then does so until the transaction ends.
    ///
    /// # Errors
    /// When another server has taken the name.
    pub(crate) async fn check(&self, tx: &mut Tx<'_>) -> DbResult<()> {
        let parameters = params![&self.owner.name, &self.owner.token];
        if tx.exists(CHECK, parameters).await? {
            return Ok(());
        }
        Err(sqlx::Error::Protocol("another server has taken the lease".to_owned()))
    }

    /// Releases the name. An error is only logged, because the lease expires by itself.
    pub(crate) async fn release(mut self) {
        // Set first, so that the drop at the end of this function does not release a second time.
        self.released = true;
        self.keeper.abort();
        self.owner.release().await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.keeper.abort();
        // Without a runtime the process is ending, and the lease expires by itself.
        if !self.released
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let owner = self.owner.clone();
            runtime.spawn(async move { owner.release().await });
        }
    }
}

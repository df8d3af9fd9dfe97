//! One holder at a time for a name: a fair queue in the process, and on PostgreSQL a session advisory lock too, so that
//! several server processes on one database exclude each other. A lost connection gives the lock up, and with it the
//! right to write, for the writes of a holder go through the connection of its lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::Either;
use sqlx::postgres::PgAdvisoryLock;
use tokio::sync::OwnedMutexGuard;

use super::db::{Db, DbResult, PgLock, Tx};

/// The pauses between two tries for a lock of another server grow from here …
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// … to here.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// Longer than the lease of a server that has stopped responding.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

type Names = Arc<Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>>;

/// The names that are held or waited for.
#[derive(Clone, Default)]
pub(crate) struct Locks {
    names: Names,
}

/// Holding a name.
pub(crate) struct Held {
    remote: Option<PgLock>,
    _local: Local,
}

struct Local {
    name: String,
    names: Names,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Local {
    fn drop(&mut self) {
        self.guard = None;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.get(&self.name).is_some_and(|queue| queue.strong_count() == 0) {
            names.remove(&self.name);
        }
    }
}

impl Locks {
    /// Waits in line for a name.
    pub(crate) async fn hold(&self, db: &Db, name: String) -> DbResult<Held> {
        let queue = {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            let known = names.get(&name).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let fresh = Arc::new(tokio::sync::Mutex::new(()));
                names.insert(name.clone(), Arc::downgrade(&fresh));
                fresh
            })
        };
        let guard = Some(queue.lock_owned().await);
        let local = Local {
            name,
            names: self.names.clone(),
            guard,
        };
        let remote = match db {
            Db::Sqlite { .. } => None,
            Db::Postgres { locks, .. } => Some(advisory(locks, &local.name).await?),
        };
        Ok(Held { remote, _local: local })
    }
}

/// Tries until the lock is free, without holding a connection in between: waiting for one name, or for a server that
/// stands still, takes nothing from the others.
async fn advisory(locks: &sqlx::PgPool, name: &str) -> DbResult<PgLock> {
    let lock = PgAdvisoryLock::new(format!("lobuctl/{name}"));
    let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
    loop {
        match lock.try_acquire(locks.acquire().await?).await? {
            Either::Left(held) => return Ok(held),
            Either::Right(connection) => drop(connection),
        }
        if started.elapsed() > LONGEST_WAIT {
            return Err(sqlx::Error::PoolTimedOut);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Held {
    /// Begins a transaction that can only commit while the name is still held.
    pub(crate) async fn begin(&mut self, db: &Db) -> DbResult<Tx<'_>> {
        db.begin_under(self.remote.as_mut()).await
    }

    /// Lets the next one in. Dropping does the same, a little later.
    pub(crate) async fn release(self) {
        if let Some(remote) = self.remote
            && let Err(error) = remote.release_now().await
        {
            tracing::warn!(reason = %error, "advisory lock lost before its release");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_kept() {
        let db = Arc::new(Db::memory().await.unwrap());
        let locks = Locks::default();
        let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let tasks = (0..20).map(|_| {
            let (db, locks, inside) = (db.clone(), locks.clone(), inside.clone());
            tokio::spawn(async move {
                let held = locks.hold(&db, "a".to_owned()).await.unwrap();
                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                held.release().await;
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert!(locks.names.lock().unwrap().is_empty());
    }
}

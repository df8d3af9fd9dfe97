//! Locks on names, with one holder at a time: a fair queue within the process and, on PostgreSQL, a [`Lease`] too, so that
//! several servers on one database exclude each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

use super::db::{Db, DbResult, Tx};
use super::lease::Lease;

/// The queue of each name. Weak, so that a queue ends with its last holder.
type LocalQueues = Arc<Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>>;

/// The names that are held or waited for in this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Locks {
    names: LocalQueues,
}

/// The right to write under a name. Dropping it gives the name to the next one.
pub(crate) struct Held {
    /// `None` on SQLite, which one process serves at a time.
    // Declared first, so that the drop begins to release it before the next request of this process takes its turn.
    lease: Option<Lease>,
    _turn: LocalTurn,
}

/// The turn of one request in the queue of a name.
struct LocalTurn {
    name: String,
    names: LocalQueues,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for LocalTurn {
    fn drop(&mut self) {
        // The guard holds the queue, so it has to go before the queue's users are counted.
        self.guard = None;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.get(&self.name).is_some_and(|queue| queue.strong_count() == 0) {
            names.remove(&self.name);
        }
    }
}

impl Locks {
    /// Waits until the name is free and takes it. Within this process, requests are served in the order in which they came.
    ///
    /// # Errors
    /// When the lease cannot be had in time; see [`Lease::acquire`].
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
        let local = LocalTurn {
            name,
            names: self.names.clone(),
            guard,
        };
        // The lease comes second: only one request of each server tries to take it at a time.
        let lease = match db {
            Db::Sqlite { .. } => None,
            Db::Postgres { pool, .. } => Some(Lease::acquire(pool, &local.name).await?),
        };
        Ok(Held { lease, _turn: local })
    }
}

impl Held {
    /// Begins a transaction in which the name belongs to this holder until it ends.
    ///
    /// # Errors
    /// When another server has taken the name meanwhile.
    pub(crate) async fn begin(&mut self, db: &Db) -> DbResult<Tx<'static>> {
        let mut tx = db.begin().await?;
        if let Some(lease) = &self.lease {
            lease.check(&mut tx).await?;
        }
        Ok(tx)
    }

    /// Releases the name, and waits until another server can take it. Dropping does not wait.
    pub(crate) async fn release(self) {
        if let Some(lease) = self.lease {
            lease.release().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn admits_one_holder_at_a_time_and_forgets_free_names() {
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

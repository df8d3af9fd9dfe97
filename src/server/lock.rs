//! One holder at a time for a name: a fair queue in the process, and on PostgreSQL a [`Lease`] too, so that several
//! servers on one database exclude each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

use super::db::{Db, DbResult, Tx};
use super::lease::Lease;

type Names = Arc<Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>>;

/// The names that are held or waited for.
#[derive(Clone, Default)]
pub(crate) struct Locks {
    names: Names,
}

/// The right to write under a name.
pub(crate) struct Held {
    /// `None` on SQLite, which one process serves at a time.
    lease: Option<Lease>,
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
    /// Waits until the name is free. Within this process, those who wait are served in order.
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
        let lease = match db {
            Db::Sqlite { .. } => None,
            Db::Postgres { pool, .. } => Some(Lease::acquire(pool, &local.name).await?),
        };
        Ok(Held { lease, _local: local })
    }
}

impl Held {
    /// Begins a transaction that can only write while the name still belongs to this holder.
    pub(crate) async fn begin(&mut self, db: &Db) -> DbResult<Tx<'static>> {
        let mut tx = db.begin().await?;
        if let Some(lease) = &self.lease {
            lease.check(&mut tx).await?;
        }
        Ok(tx)
    }

    /// Lets the next one in. Dropping does the same, a little later.
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
    async fn admits_one_at_a_time_and_forgets_free_names() {
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

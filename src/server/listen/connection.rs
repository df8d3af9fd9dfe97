//! The connections that are open, and which of them wait for a request: when there is no room for a new client, the
//! one that has waited longest is closed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Every open connection of one listener.
pub(super) struct Connections {
    limit: usize,
    state: Mutex<ConnectionState>,
    /// Rings when a connection closed or became idle.
    changed: Notify,
}

#[derive(Default)]
struct ConnectionState {
    open: usize,
    /// Counts up; an idle connection with a smaller number has waited longer.
    next: u64,
    idle: BTreeMap<u64, CancellationToken>,
}

/// One open connection. Dropping it gives its room back.
pub(super) struct Slot {
    connections: Arc<Connections>,
    evict: CancellationToken,
    /// The key in `idle`; `None` while a request is in progress.
    waiting: Mutex<Option<u64>>,
}

/// A request in progress: its connection is not closed to make room.
pub(super) struct Busy<'a>(&'a Slot);

impl Connections {
    /// Creates an empty set with room for `limit` connections.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a connection may be accepted. One place is kept free for the next client by closing the connection
    /// that has been idle longest.
    pub(super) async fn room(&self) {
        loop {
            let changed = self.changed.notified();
            if self.state().open < self.limit {
                return;
            }
            self.close_oldest_idle();
            // The closed connection gives its room back when its task ends; that rings too.
            changed.await;
        }
    }

    /// Closes the connection that has waited longest for a request, if any waits.
    pub(super) fn close_oldest_idle(&self) {
        if let Some((_, evict)) = self.state().idle.pop_first() {
            evict.cancel();
        }
    }

    /// Closes every connection that waits for a request.
    pub(super) fn close_idle(&self) {
        for evict in std::mem::take(&mut self.state().idle).into_values() {
            evict.cancel();
        }
    }

    /// Takes room for a connection, which waits for its first request.
    pub(super) fn enter(self: &Arc<Self>) -> Slot {
        let slot = Slot {
            connections: self.clone(),
            evict: CancellationToken::new(),
            waiting: Mutex::new(None),
        };
        self.state().open += 1;
        slot.wait();
        slot
    }
}

impl Slot {
    fn wait(&self) {
        let mut state = self.connections.state();
        let key = state.next;
        state.next += 1;
        state.idle.insert(key, self.evict.clone());
        drop(state);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        self.connections.changed.notify_one();
    }

    /// Marks the connection as busy. `None` when it was chosen to be closed just before.
    pub(super) fn begin(&self) -> Option<Busy<'_>> {
        let key = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        key.and_then(|key| self.connections.state().idle.remove(&key))
            .map(|_| Busy(self))
    }

    /// Waits until the connection has to close.
    pub(super) async fn evicted(&self) {
        self.evict.cancelled().await;
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.wait();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let key = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut state = self.connections.state();
        state.open -= 1;
        if let Some(key) = key {
            state.idle.remove(&key);
        }
        drop(state);
        self.connections.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn closes_the_connection_that_has_waited_longest_and_no_busy_one() {
        let connections = Connections::new(2);
        let first = connections.enter();
        let second = connections.enter();
        let busy = first.begin().unwrap();
        connections.close_oldest_idle();
        assert!(second.evict.is_cancelled() && second.begin().is_none());
        assert!(!first.evict.is_cancelled());
        connections.close_oldest_idle();
        assert!(!first.evict.is_cancelled(), "a request is in progress");
        drop(busy);
        connections.close_oldest_idle();
        assert!(first.evict.is_cancelled());
        drop((first, second));
        connections.room().await;
        let state = connections.state();
        assert_eq!((state.open, state.idle.len()), (0, 0));
    }
}

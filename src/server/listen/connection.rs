//! The open connections, and which of them wait for a request. When there is no room for another client, the one that has
//! waited longest is closed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Every open connection of one listener.
pub(super) struct Connections {
    limit: usize,
    state: Mutex<ConnectionState>,
    /// Notified when a connection was closed or became idle.
    changed: Notify,
}

#[derive(Default)]
struct ConnectionState {
    /// The number of open connections, idle or busy.
    open: usize,
    /// The key that the next idle connection gets. Keys count up, so a smaller one has waited longer.
    next: u64,
    /// The idle connections, each with the token that closes it.
    idle: BTreeMap<u64, CancellationToken>,
}

/// The slot of one open connection. Dropping it makes room for another connection.
pub(super) struct Slot {
    connections: Arc<Connections>,
    evict: CancellationToken,
    /// The key in [`ConnectionState::idle`]. `None` while a request is in progress.
    idle_key: Mutex<Option<u64>>,
}

/// Marks a connection with a request in progress, which is not closed to make room. Dropping it makes the connection idle.
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

    /// Waits until another connection may be accepted. While there is no room, closes the connection that has been idle
    /// longest.
    pub(super) async fn wait_for_room(&self) {
        loop {
            // A notification between the check and the wait is kept for the wait, so none is lost.
            let changed = self.changed.notified();
            if self.state().open < self.limit {
                return;
            }
            self.close_oldest_idle();
            // There is room when the task of the closed connection has ended, which notifies this one again.
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

    /// Adds a connection, which is idle until its first request.
    pub(super) fn enter(self: &Arc<Self>) -> Slot {
        let slot = Slot {
            connections: self.clone(),
            evict: CancellationToken::new(),
            idle_key: Mutex::new(None),
        };
        self.state().open += 1;
        slot.mark_idle();
        slot
    }
}

impl Slot {
    fn mark_idle(&self) {
        let mut state = self.connections.state();
        let key = state.next;
        state.next += 1;
        state.idle.insert(key, self.evict.clone());
        drop(state);
        *self.idle_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        self.connections.changed.notify_one();
    }

    /// Marks the connection as busy until the returned value is dropped. `None` when the connection was chosen to be closed
    /// just before: its request must not be answered then.
    pub(super) fn mark_busy(&self) -> Option<Busy<'_>> {
        let key = self.idle_key.lock().unwrap_or_else(PoisonError::into_inner).take();
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
        self.0.mark_idle();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let key = self.idle_key.lock().unwrap_or_else(PoisonError::into_inner).take();
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
        let busy = first.mark_busy().unwrap();
        connections.close_oldest_idle();
        assert!(second.evict.is_cancelled() && second.mark_busy().is_none());
        assert!(!first.evict.is_cancelled());
        connections.close_oldest_idle();
        assert!(!first.evict.is_cancelled(), "a request is in progress");
        drop(busy);
        connections.close_oldest_idle();
        assert!(first.evict.is_cancelled());
        drop((first, second));
        connections.wait_for_room().await;
        let state = connections.state();
        assert_eq!((state.open, state.idle.len()), (0, 0));
    }
}

//! Gives each event its number and its time.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::event::{Event, EventKind};
use super::recorder::{Observers, WriteIntent};
use crate::remote::Clock;
use crate::resource::Address;

/// Numbers events, adds their time, and gives them to the observers of the run.
pub(super) struct Stamp {
    clock: Clock,
    start: Instant,
    next: Mutex<u64>,
    observers: Observers,
}

impl Stamp {
    /// Creates the stamp of a run that starts now.
    pub(super) fn new(clock: Clock, observers: Observers) -> Self {
        Self {
            clock,
            start: (clock.monotonic)(),
            next: Mutex::new(0),
            observers,
        }
    }

    /// Sends an event. A receiver that is gone is not an error: the run goes on without it.
    pub(super) fn send(&self, kind: EventKind) {
        // The lock is held while sending, so that numbers arrive in order.
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let event = Event {
            seq: *next,
            elapsed_ms: self.elapsed_ms(),
            kind,
        };
        *next += 1;
        // Kept before anybody hears of it: what was said about a row can be read later.
        if let Some(recorder) = &self.observers.recorder {
            recorder.event(&event);
        }
        drop(self.observers.events.send(event));
    }

    /// Keeps a write before it is sent.
    ///
    /// # Errors
    /// A sentence about why it could not be kept. The write must not be sent then.
    pub(super) async fn announce(&self, intent: impl FnOnce() -> WriteIntent) -> Result<(), String> {
        match &self.observers.recorder {
            Some(recorder) => recorder.announce(intent()).await,
            None => Ok(()),
        }
    }

    /// Whether anything is kept beside the events.
    pub(super) fn records(&self) -> bool {
        self.observers.recorder.is_some()
    }

    /// Keeps that the server has stored a row's resource, and when it says that it was changed last.
    pub(super) fn stored(&self, address: &Address, changed: Option<&str>) {
        if let Some(recorder) = &self.observers.recorder {
            recorder.stored(address, changed);
        }
    }

    /// Returns the time since the run started, in milliseconds.
    pub(super) fn elapsed_ms(&self) -> u64 {
        milliseconds((self.clock.monotonic)().saturating_duration_since(self.start))
    }

    /// Returns the time of day in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }
}

/// Returns a duration in whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

//! Gives each event its number and its time.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::event::{Event, EventKind};
use crate::remote::Clock;

/// Numbers events, adds their time, and sends them to the receiver of the run.
#[derive(Debug)]
pub(super) struct Stamp {
    clock: Clock,
    start: Instant,
    next: Mutex<u64>,
    events: UnboundedSender<Event>,
}

impl Stamp {
    /// Creates the stamp of a run that starts now.
    pub(super) fn new(clock: Clock, events: UnboundedSender<Event>) -> Self {
        Self {
            clock,
            start: (clock.monotonic)(),
            next: Mutex::new(0),
            events,
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
        drop(self.events.send(event));
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

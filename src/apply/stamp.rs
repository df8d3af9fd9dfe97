//! The one place where events get their number and their time.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::event::{Event, EventKind};

/// Numbers and times events, and hands them to whoever listens. A listener that went away is no error.
#[derive(Debug)]
pub(super) struct Stamp {
    start: Instant,
    next: Mutex<u64>,
    events: UnboundedSender<Event>,
}

impl Stamp {
    /// Starts the clock of a run.
    pub(super) fn new(events: UnboundedSender<Event>) -> Self {
        Self {
            start: Instant::now(),
            next: Mutex::new(0),
            events,
        }
    }

    /// Tells an event. Numbers leave in order.
    pub(super) fn tell(&self, kind: EventKind) {
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let event = Event {
            seq: *next,
            elapsed_ms: milliseconds(self.start.elapsed()),
            kind,
        };
        *next += 1;
        drop(self.events.send(event));
    }
}

/// Whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

//! What the requests of one row share: the client, the event stream, and what is known so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::event::EventKind;
use super::recorder::WriteIntent;
use super::stamp::{Stamp, milliseconds};
use crate::plan::{ScheduledStep, Verb};
use crate::remote::{Attempt, Client, SlowAttempt};
use crate::resource::Address;

/// The context of one row.
pub(super) struct StepContext<'a> {
    /// A client that reports each attempt as an event of this row.
    pub client: Client,
    /// The row, as the plan has it.
    pub scheduled: &'a ScheduledStep,
    stamp: &'a Stamp,
    notes: &'a StepNotes,
}

/// What is known about a row's writes. It outlives a row that is dropped before its end.
#[derive(Debug, Default)]
pub(super) struct StepNotes {
    wrote: AtomicBool,
    writing: AtomicBool,
}

impl StepNotes {
    /// Whether a write may have been sent, so that the outcome of a row that is dropped now is unknown.
    pub(super) fn may_have_written(&self) -> bool {
        self.wrote.load(Ordering::Relaxed) || self.writing.load(Ordering::Relaxed)
    }
}

impl<'a> StepContext<'a> {
    /// Creates the context of a row. The requests of its client are reported through `stamp`.
    pub(super) fn new(
        client: &Client,
        scheduled: &'a ScheduledStep,
        stamp: &'a Arc<Stamp>,
        notes: &'a Arc<StepNotes>,
    ) -> Self {
        let (watch, address) = (Arc::clone(stamp), scheduled.address.clone());
        let (watch_slow, slow_address) = (Arc::clone(stamp), scheduled.address.clone());
        let client = client
            .of_one_resource()
            .watched(move |attempt| report_attempt(&watch, &address, attempt))
            .watched_when_slow(move |attempt| report_slow(&watch_slow, &slow_address, attempt));
        Self {
            client,
            scheduled,
            stamp,
            notes,
        }
    }

    /// Returns the address of the row.
    pub(super) fn address(&self) -> &'a Address {
        &self.scheduled.address
    }

    /// Whether the plan calls the row a creation.
    pub(super) fn creates(&self) -> bool {
        self.scheduled.verb == Verb::Create
    }

    /// Whether nothing is known to differ: the row is sent because a hidden secret cannot be compared.
    pub(super) fn resends_secret(&self) -> bool {
        self.scheduled.verb == Verb::Noop
    }

    /// Returns the time of day in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> u64 {
        self.stamp.now_ms()
    }

    /// Keeps a write before it is sent.
    ///
    /// # Errors
    /// A sentence about why it could not be kept. The write must not be sent then.
    pub(super) async fn announce(&self, intent: impl FnOnce() -> WriteIntent) -> Result<(), String> {
        self.stamp.announce(intent).await
    }

    /// Whether anybody keeps what is stored.
    pub(super) fn records(&self) -> bool {
        self.stamp.records()
    }

    /// Keeps that the server has stored the row's resource, and when it says that it was changed last.
    pub(super) fn stored(&self, changed: Option<&str>) {
        self.stamp.stored(self.address(), changed);
    }

    /// Reports a sentence about the row.
    pub(super) fn note(&self, message: impl Into<String>) {
        self.stamp.send(EventKind::Note {
            address: self.scheduled.address.clone(),
            message: message.into(),
        });
    }

    /// Records that the row's writes begin, or that their outcome is known.
    pub(super) fn set_writing(&self, writing: bool) {
        self.notes.writing.store(writing, Ordering::Relaxed);
    }

    /// Records that a request of this row was carried out, if `wrote`.
    pub(super) fn record_write(&self, wrote: bool) {
        // Once true it stays true: a later request of the row that changes nothing does not undo an earlier one.
        self.notes.wrote.fetch_or(wrote, Ordering::Relaxed);
    }

    /// Whether a request of this row was certainly carried out.
    pub(super) fn wrote(&self) -> bool {
        self.notes.wrote.load(Ordering::Relaxed)
    }
}

/// Reports a request of a row that has no answer yet.
fn report_slow(stamp: &Stamp, address: &Address, attempt: &SlowAttempt) {
    stamp.send(EventKind::Waiting {
        address: address.clone(),
        method: attempt.method.to_string(),
        path: attempt.path.clone(),
        silent_ms: milliseconds(attempt.silent),
        attempt: attempt.attempt,
    });
}

/// Reports an attempt of a row's request, and the wait before the next one.
fn report_attempt(stamp: &Stamp, address: &Address, attempt: &Attempt) {
    stamp.send(EventKind::Request {
        address: address.clone(),
        method: attempt.method.to_string(),
        path: attempt.path.clone(),
        status: attempt.status,
        took_ms: milliseconds(attempt.took),
        attempt: attempt.attempt,
    });
    if let Some((delay, reason)) = &attempt.will_retry {
        stamp.send(EventKind::Retrying {
            address: address.clone(),
            next_attempt: attempt.attempt + 1,
            max_attempts: attempt.max_attempts,
            reason: reason.clone(),
            delay_ms: milliseconds(*delay),
        });
    }
}

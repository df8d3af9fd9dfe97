//! The observers of a run: the receiver of its events, and the recorder that stores each write before it is sent.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;

use super::event::Event;
use crate::plan::Verb;
use crate::resource::{Address, FieldPath, Resource};

/// A row that is about to be written. It may hold secrets, which no recorder may keep.
#[derive(Debug, Clone)]
pub struct WriteIntent {
    /// The time of day, in milliseconds since 1970.
    pub at_ms: u64,
    /// The address of the row.
    pub address: Address,
    /// What happens to the resource.
    pub verb: Verb,
    /// The resource as it was read just before the write, and everything that is deleted with it. Empty when it does not
    /// exist.
    pub before: Vec<Resource>,
    /// The resource as the write leaves it; `None` when it deletes the resource.
    pub after: Option<Resource>,
    /// The secrets that are sent and are not known to be the same as before.
    pub secrets: Vec<FieldPath>,
    /// Whether the write is several requests, so that a part of it may be carried out.
    pub in_parts: bool,
}

/// Stores the writes of a run before they are sent, so that they are known after the run was killed.
pub trait WriteRecorder: Send + Sync {
    /// Keeps a write. The write is sent only after the future has resolved, and not at all after an error, which is a
    /// sentence.
    fn announce(&self, intent: WriteIntent) -> BoxFuture<'static, Result<(), String>>;

    /// Keeps that the server has stored a row's resource, and when it says that it was changed last.
    fn stored(&self, _address: &Address, _changed: Option<&str>) {}

    /// Keeps an event. It cannot fail: what is not kept is unknown to those who read later.
    fn event(&self, event: &Event);
}

/// The observers of a run.
#[derive(Clone)]
pub struct Observers {
    /// The receiver of every event.
    pub events: UnboundedSender<Event>,
    /// The recorder of writes; `None` where nothing is kept.
    pub recorder: Option<Arc<dyn WriteRecorder>>,
}

impl From<UnboundedSender<Event>> for Observers {
    fn from(events: UnboundedSender<Event>) -> Self {
        Self { events, recorder: None }
    }
}

//! What is kept on this machine while a run writes: its journal, and the fingerprints of the secrets that it sends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::fingerprints::Fingerprints;
use super::secret_memory::SecretMemory;
use crate::apply::event::{Event, EventKind};
use crate::apply::{WriteIntent, WriteRecorder};
use crate::journal::JournalRecorder;
use crate::resource::{Address, Resource};

/// Keeps a run. Each part is left out where it cannot be kept.
pub(super) struct RunRecorder {
    pub(super) journal: Option<JournalRecorder>,
    pub(super) secrets: Option<SecretRecorder>,
}

impl RunRecorder {
    /// Returns the recorder, or `None` where there is nothing to keep.
    pub(super) fn shared(self) -> Option<Arc<dyn WriteRecorder>> {
        (self.journal.is_some() || self.secrets.is_some()).then(|| Arc::new(self) as Arc<dyn WriteRecorder>)
    }
}

/// Keeps the fingerprints of the secrets of a run.
pub(super) struct SecretRecorder(Mutex<PendingSecrets>);

struct PendingSecrets {
    memory: SecretMemory,
    /// The fingerprints of what is about to be sent.
    sending: BTreeMap<Address, Fingerprints>,
}

impl SecretRecorder {
    pub(super) fn new(memory: SecretMemory) -> Self {
        Self(Mutex::new(PendingSecrets {
            memory,
            sending: BTreeMap::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, PendingSecrets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn announce(&self, intent: &WriteIntent) {
        let mut pending = self.lock();
        // Until the server has answered, nothing is known of what it has.
        pending.memory.forget(&intent.address);
        if let Some(Resource::Platform(platform)) = &intent.after {
            let fingerprints = pending.memory.fingerprints(platform);
            pending.sending.insert(intent.address.clone(), fingerprints);
        }
    }

    fn stored(&self, address: &Address, changed: Option<&str>) {
        let mut pending = self.lock();
        if let Some(fields) = pending.sending.remove(address) {
            pending.memory.set(address, fields, changed);
        }
    }

    fn event(&self, event: &Event) {
        if event.kind == EventKind::RunFinished {
            // What is not kept is sent again.
            let _ = self.lock().memory.keep();
        }
    }
}

impl WriteRecorder for RunRecorder {
    fn announce(&self, intent: WriteIntent) -> BoxFuture<'static, Result<(), String>> {
        if let Some(secrets) = &self.secrets {
            secrets.announce(&intent);
        }
        match &self.journal {
            Some(journal) => journal.announce(intent),
            None => std::future::ready(Ok(())).boxed(),
        }
    }

    fn stored(&self, address: &Address, changed: Option<&str>) {
        if let Some(secrets) = &self.secrets {
            secrets.stored(address, changed);
        }
    }

    fn event(&self, event: &Event) {
        if let Some(journal) = &self.journal {
            journal.event(event);
        }
        if let Some(secrets) = &self.secrets {
            secrets.event(event);
        }
    }
}

//! A runtime for tests: it checks like the built-in one, counts, remembers what runs, and fails or waits on demand.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::builtin::BuiltinRuntime;
use super::instance::{BoxFuture, Instance, PlatformRuntime, RuntimeError, Started};

/// Decides the outcome of one start. `None` leaves it to the built-in runtime.
pub type Script = Box<dyn Fn(&Instance) -> Option<Result<Started, RuntimeError>> + Send + Sync>;

/// The numbers of calls so far, failed ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuntimeCounts {
    /// Attempts to start.
    pub starts: usize,
    /// Attempts to restart.
    pub restarts: usize,
    /// Stops.
    pub stops: usize,
}

/// A [`PlatformRuntime`] for tests.
#[derive(Default)]
pub struct ScriptedRuntime {
    inner: Mutex<Inner>,
    script: Option<Script>,
    delay: Duration,
}

#[derive(Default)]
struct Inner {
    counts: RuntimeCounts,
    running: BTreeMap<String, Instance>,
    failures: usize,
}

impl ScriptedRuntime {
    /// Makes the script decide every start and restart.
    pub fn with_script(mut self, script: Script) -> Self {
        self.script = Some(script);
        self
    }

    /// Delays the outcome of every start and restart by `delay`.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Makes the next `count` starts and restarts fail.
    pub fn fail_next(&self, count: usize) {
        self.inner().failures = count;
    }

    /// Returns the number of calls so far.
    pub fn counts(&self) -> RuntimeCounts {
        self.inner().counts
    }

    /// Returns the instance that runs under an id. `None` when none does.
    pub fn running(&self, id: &str) -> Option<Instance> {
        self.inner().running.get(id).cloned()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attempt(&self, instance: &Instance) -> Result<Started, RuntimeError> {
        tokio::time::sleep(self.delay).await;
        {
            // In a block, because the lock must not be held across the `await` below.
            let mut inner = self.inner();
            if inner.failures > 0 {
                inner.failures -= 1;
                return Err(RuntimeError::new("NetworkError", "the platform does not answer"));
            }
        }
        let scripted = self.script.as_ref().and_then(|script| script(instance));
        let started = match scripted {
            Some(outcome) => outcome?,
            None => BuiltinRuntime.start(instance).await?,
        };
        self.inner().running.insert(instance.id.clone(), instance.clone());
        Ok(started)
    }
}

impl PlatformRuntime for ScriptedRuntime {
    fn check(&self, instance: &Instance) -> Result<(), RuntimeError> {
        BuiltinRuntime.check(instance)
    }

    fn start<'a>(&'a self, instance: &'a Instance) -> BoxFuture<'a, Result<Started, RuntimeError>> {
        self.inner().counts.starts += 1;
        Box::pin(self.attempt(instance))
    }

    fn restart<'a>(&'a self, _old: &'a Instance, new: &'a Instance) -> BoxFuture<'a, Result<Started, RuntimeError>> {
        self.inner().counts.restarts += 1;
        Box::pin(self.attempt(new))
    }

    fn stop<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()> {
        let mut inner = self.inner();
        inner.counts.stops += 1;
        inner.running.remove(id);
        drop(inner);
        Box::pin(async {})
    }
}

//! Ctrl-C, SIGTERM and SIGHUP: the first one stops gently, the second one at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::apply::Cancel;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};

/// Whether and how signals stop a command. Listens from the start of the program.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    /// Cancelled by the first signal, abandoned by the second.
    pub cancel: Cancel,
    terminated: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts listening for signals.
    pub(super) fn new() -> Self {
        let interrupt = Self {
            cancel: Cancel::new(),
            terminated: Arc::default(),
        };
        interrupt.listen();
        interrupt
    }

    /// Returns the exit code of a command that a signal stopped.
    pub(super) fn exit(&self) -> Exit {
        self.kind().exit()
    }

    /// Runs work that may be dropped at any moment because it writes nothing to the server or the project.
    ///
    /// # Errors
    /// The error of the work, or that a signal stopped it.
    pub(super) async fn or<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            // A signal counts even when the work would be done in the same moment.
            biased;
            () = self.cancel.stopping() => Err(Failure::new(self.kind(), "interrupted; nothing was written")),
            done = work => done,
        }
    }

    /// Waits for the answer of a request that cannot be taken back. `what` is the request, as in `it is not known whether
    /// … was carried out`.
    ///
    /// # Errors
    /// The error of the request, or that a signal stopped the waiting.
    pub(super) async fn or_unknown<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancel.stopping() => {
                let message = format!("interrupted; it is not known whether {what} was carried out");
                Err(Failure::new(self.kind(), message))
            }
            done = work => done,
        }
    }

    fn kind(&self) -> FailureKind {
        if self.terminated.load(Ordering::Relaxed) {
            FailureKind::Terminated
        } else {
            FailureKind::Interrupted
        }
    }

    #[cfg(unix)]
    fn listen(&self) {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            // A signal that cannot be listened to keeps its default: it ends the process.
            let Ok(mut stream) = signal(kind) else { continue };
            let (cancel, terminated) = (self.cancel.clone(), Arc::clone(&self.terminated));
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    // Set before the command is stopped, which then asks for its exit code. A later Ctrl-C does not undo it.
                    terminated.fetch_or(kind != SignalKind::interrupt(), Ordering::Relaxed);
                    cancel.interrupt();
                }
            });
        }
    }

    #[cfg(not(unix))]
    fn listen(&self) {
        let cancel = self.cancel.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                cancel.interrupt();
            }
        });
    }
}

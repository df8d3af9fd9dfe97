//! How a run is stopped: gently at the first request, at once at the second.

use tokio_util::sync::CancellationToken;

/// Asks a run to stop. Clones are the same handle, for the executor and for everything that may stop it.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    stop: CancellationToken,
    abandon: CancellationToken,
}

impl Cancel {
    /// Creates a handle of a run that nothing has stopped yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop. The first call lets rows in flight finish and starts no new ones; the second ends the run at once.
    pub fn interrupt(&self) {
        if self.stop.is_cancelled() {
            self.abandon.cancel();
        } else {
            self.stop.cancel();
        }
    }

    /// Whether the run was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Whether the run was asked to stop twice.
    pub fn is_abandoned(&self) -> bool {
        self.abandon.is_cancelled()
    }

    /// Returns a token that is cancelled at the first request to stop: for what must not begin again after it.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Resolves at the first request to stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Resolves at the second request to stop.
    pub async fn abandoned(&self) {
        self.abandon.cancelled().await;
    }
}

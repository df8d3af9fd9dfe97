//! How a person stops a run: first gently, then at once.

use tokio_util::sync::CancellationToken;

/// Shared by whoever may ask to stop and the executor that obeys. Clones are the same handle.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    stop: CancellationToken,
    abandon: CancellationToken,
}

impl Cancel {
    /// A handle that nobody has used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// First time: no new row starts, what is in flight finishes. Second time: out at once.
    pub fn interrupt(&self) {
        if self.stop.is_cancelled() {
            self.abandon.cancel();
        } else {
            self.stop.cancel();
        }
    }

    /// Whether somebody asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Whether somebody asked twice.
    pub fn is_abandoned(&self) -> bool {
        self.abandon.is_cancelled()
    }

    /// Cancelled when somebody asks to stop: for what must not begin again after that.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Resolves when somebody asks to stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Resolves when somebody asks twice.
    pub async fn abandoned(&self) {
        self.abandon.cancelled().await;
    }
}

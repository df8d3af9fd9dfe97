//! What a review that stays up to date knows beside its plan: how old the server's side is, and what stands in the way.

use super::workbench::{LoadFailure, LoadedPlan, WatchCause};
use crate::show::Line;

/// The state of a review that follows its files and its server.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// When the server was read last, by the screen's clock in milliseconds.
    pub server_read_ms: u64,
    /// Why the server could not be read since then; `None` where it could.
    pub lost: Option<String>,
    /// Why there is no plan of the files as they are now; `None` where there is one.
    pub broken: Option<LoadFailure>,
    /// Why changes of some files are not noticed.
    pub unwatched: Option<String>,
    /// A newer plan that is not on the screen yet.
    pub pending: Option<PendingPlan>,
    /// Whether files were saved since the plan that is applied, or was.
    pub saved_since: bool,
}

/// A plan that waits until a dialog about the present one is closed.
#[derive(Debug, Clone)]
pub struct PendingPlan {
    /// The number by which the workbench knows it.
    pub number: u64,
    /// The plan.
    pub loaded: Box<LoadedPlan>,
    /// What has changed.
    pub cause: WatchCause,
    /// Whether the workbench was asked to use it.
    pub asked: bool,
}

impl Watch {
    /// Returns the lines that take the place of the detail while the files are broken.
    pub fn diagnostics(&self) -> Option<&[Line]> {
        self.broken.as_ref().map(|failure| failure.lines.as_slice())
    }

    /// Returns the age of the server's side in milliseconds.
    pub fn server_age(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.server_read_ms)
    }
}

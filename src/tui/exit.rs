//! How the screen ended: what the command layer needs for its summary and exit code.

use crate::apply::Progress;

/// The result of showing the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TuiExit {
    /// Why the screen ended.
    pub ending: ExitReason,
    /// Every run, in order; more than one after a retry.
    pub runs: Vec<Progress>,
    /// Why the last run could not begin, or broke off.
    pub refused: Option<String>,
    /// Why the terminal could not be used, or no longer.
    pub trouble: Option<String>,
}

/// Why the screen ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExitReason {
    /// The user quit; nothing was applied.
    #[default]
    Left,
    /// The last run ended and the user quit.
    Applied,
    /// There was no plan.
    LoadFailed,
    /// Ctrl-C; what was in flight may be unknown.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
}

impl TuiExit {
    /// Returns the last run.
    pub fn progress(&self) -> Option<&Progress> {
        self.runs.last()
    }

    /// Whether any run changed the server.
    pub fn wrote(&self) -> bool {
        self.runs.iter().any(|run| run.tally().applied() > 0)
    }
}

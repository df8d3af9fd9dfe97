//! How the screen was left: what the command layer prints and ends with afterwards.

use crate::apply::Progress;

/// What is left when the screen is gone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TuiExit {
    /// Why it was left.
    pub ending: Ending,
    /// Every run, in order; more than one after a retry.
    pub runs: Vec<Progress>,
    /// The last run could not begin, or died: why.
    pub refused: Option<String>,
    /// The terminal could not be used (any more): why.
    pub trouble: Option<String>,
}

/// Why the screen was left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ending {
    /// The person looked and left; nothing was applied.
    #[default]
    Left,
    /// The last run ended and the person left.
    Applied,
    /// There was no plan; the process ends with this code.
    LoadFailed {
        /// As [`super::LoadFailure::code`] said.
        code: u8,
    },
    /// Ctrl-C; what was in flight may be unknown.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
}

impl TuiExit {
    /// The run that counts.
    pub fn progress(&self) -> Option<&Progress> {
        self.runs.last()
    }

    /// Whether any run changed the server.
    pub fn wrote(&self) -> bool {
        self.runs.iter().any(|run| run.tally().applied() > 0)
    }
}

//! How the screen ended: what the command layer needs for its summary and exit code.

use std::collections::BTreeSet;

use crate::apply::Progress;
use crate::resource::Address;

/// The result of showing the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TuiExit {
    /// Why the screen was left.
    pub ending: ExitReason,
    /// The rows of the plan on the screen that were looked at; `None` where there was no plan.
    pub seen: Option<BTreeSet<Address>>,
    /// Every run that began, oldest first; more than one after a retry.
    pub runs: Vec<Progress>,
    /// What came of the request that the screen waited for when it was left; `None` where it waited for none.
    pub awaited: Option<AwaitedEnd>,
    /// Why the last run could not begin or broke off; `None` when it ended by itself, or there was none.
    pub run_failure: Option<String>,
    /// Why the screen could not be shown, or had to close; `None` when it was left as usual.
    pub screen_failure: Option<String>,
}

/// What a page waits for, and cannot take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// Files are being written.
    Files,
    /// Secrets are being sent.
    Secrets,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwaitedEnd {
    /// The answer has come: what was done, or what went wrong.
    Answered(Result<String, String>),
    /// The screen was left before it came.
    Unknown(Awaited),
}

/// Why the screen was left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExitReason {
    /// The user quit; nothing was applied.
    #[default]
    Left,
    /// The last run ended and the user quit.
    Applied,
    /// The user quit a screen without a plan, because files or server could not be read.
    LoadFailed,
    /// Ctrl-C; what was in flight may be unknown.
    Interrupted,
    /// The process got SIGTERM or SIGHUP, or its terminal has gone.
    Terminated,
}

impl TuiExit {
    /// Returns the last run, or `None` if none began.
    pub fn progress(&self) -> Option<&Progress> {
        self.runs.last()
    }

    /// Whether any run changed the server.
    pub fn wrote(&self) -> bool {
        self.runs.iter().any(|run| run.tally().applied() > 0)
    }
}

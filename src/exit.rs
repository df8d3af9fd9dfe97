//! Every exit code, documented: the only place that knows the numbers.

use std::process::{ExitCode, Termination};

/// How a run of the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Failed before anything was written, invalid configuration included.
    Failed,
    /// The plan has changes; only with `--detailed-exitcode`.
    Changes,
    /// The plan has nothing but drift; only with `--detailed-exitcode`.
    Drift,
    /// Refused by a guard: `--fail-on`, or a protected target.
    Refused,
    /// The plan is not the one that was approved: stale, or another `--plan-id`.
    Stale,
    /// Applied in part. The message says what was, what was not, and what is unknown because no answer came.
    Partly,
    /// A wrong command line.
    Usage,
    /// Ended by Ctrl-C.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
}

impl Exit {
    /// Every way to end, by code.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Changes,
        Self::Drift,
        Self::Refused,
        Self::Stale,
        Self::Partly,
        Self::Usage,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Drift => 3,
            Self::Refused => 4,
            Self::Stale => 5,
            Self::Partly => 6,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it means, for help and documentation.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Failed => "failed before anything was written",
            Self::Changes => "the plan has changes (with --detailed-exitcode)",
            Self::Drift => "the plan has only drift (with --detailed-exitcode)",
            Self::Refused => "refused by a guard (--fail-on, protected target)",
            Self::Stale => "the plan is not the one that was approved",
            Self::Partly => "applied in part",
            Self::Usage => "wrong command line",
            Self::Interrupted => "ended by Ctrl-C",
            Self::Terminated => "ended by SIGTERM",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}

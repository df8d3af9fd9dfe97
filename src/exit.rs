//! Every exit code with its meaning. No other file maps outcomes to numbers; `--help` prints the meanings.

/// How a run of the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// The command did what it was asked to, or had nothing to do.
    Done,
    /// The command failed or was declined before anything was written.
    Failed,
    /// The plan has changes; only with `--detailed-exitcode`.
    Changes,
    /// The plan has drift and no changes; only with `--detailed-exitcode`.
    Drift,
    /// A guard refused the plan: `--fail-on`, `--max-restarts` or a protected target.
    Refused,
    /// The plan is not the one that was approved with `--plan-id`, or the server changed since it was made.
    Stale,
    /// Part of the plan was applied, or may have been.
    Partial,
    /// The command line is wrong.
    Usage,
    /// Ctrl-C ended the program.
    Interrupted,
    /// The reader of standard output closed it, as `head` does.
    OutputClosed,
    /// SIGTERM or SIGHUP ended the program.
    Terminated,
}

impl Exit {
    /// Every exit code, in ascending order.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Failed,
        Self::Changes,
        Self::Drift,
        Self::Refused,
        Self::Stale,
        Self::Partial,
        Self::Usage,
        Self::Interrupted,
        Self::OutputClosed,
        Self::Terminated,
    ];

    /// Returns the number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Drift => 3,
            Self::Refused => 4,
            Self::Stale => 5,
            Self::Partial => 6,
            // `EX_USAGE` of sysexits.h.
            Self::Usage => 64,
            // 128 and the number of the signal, as shells report it: SIGINT, SIGPIPE, SIGTERM.
            Self::Interrupted => 130,
            Self::OutputClosed => 141,
            Self::Terminated => 143,
        }
    }

    /// Returns what the code means, for `--help`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Failed => "failed or declined before anything was written, invalid configuration included",
            Self::Changes => "the plan has changes (only with --detailed-exitcode)",
            Self::Drift => "the plan has only drift (only with --detailed-exitcode)",
            Self::Refused => "refused by a guard (--fail-on, --max-restarts, protected target)",
            Self::Stale => "the plan is not the one that was approved, or the server changed since",
            Self::Partial => "applied in part; the message says what is applied, what is not, what is unknown",
            Self::Usage => "wrong command line",
            Self::Interrupted => "ended by Ctrl-C",
            Self::OutputClosed => "the reader of standard output closed it, as `head` does",
            Self::Terminated => "ended by SIGTERM or SIGHUP",
        }
    }
}

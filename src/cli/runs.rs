//! The arguments of `lobuctl runs`.

use clap::{Args, Subcommand};

/// The arguments of `lobuctl runs`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RunsArgs {
    /// The subcommand; `list` when there is none.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// A subcommand of `lobuctl runs`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum RunsCommand {
    /// List the runs that left a journal on this machine, the latest first.
    List,
    /// Show what a run wrote: each row with what was there before, and how it ended.
    Show {
        /// The id of the run, the beginning of one, or `last`.
        run: String,
        /// Show long texts in full.
        #[arg(long)]
        full: bool,
    },
    /// Show which rows two runs wrote differently.
    Diff {
        /// The id of the first run, the beginning of one, or `last`.
        left: String,
        /// The id of the second run, the beginning of one, or `last`.
        right: String,
    },
}

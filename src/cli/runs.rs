//! The arguments of `lobuctl runs` and `lobuctl show`.

use std::path::PathBuf;

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
        /// Print it instead of showing it on the full screen.
        #[arg(long)]
        plain: bool,
    },
    /// Show which rows two runs wrote differently.
    Diff {
        /// The id of the first run, the beginning of one, or `last`.
        left: String,
        /// The id of the second run, the beginning of one, or `last`.
        right: String,
    },
}

/// The arguments of `lobuctl show`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ShowArgs {
    /// A plan of `lobuctl plan --out`, the output of a plan or an apply with `--format json`, or a journal.
    pub file: PathBuf,
    /// List unchanged rows instead of their number.
    #[arg(long)]
    pub all: bool,
    /// Show rows in full.
    #[arg(long)]
    pub full: bool,
    /// Print it instead of showing it on the full screen.
    #[arg(long)]
    pub plain: bool,
}

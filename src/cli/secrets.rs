//! The arguments of `lobuctl secrets`. No argument takes a value: other users of the machine can read arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::help;

/// The arguments of `lobuctl secrets`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct SecretsArgs {
    /// The subcommand; `list` when there is none.
    #[command(subcommand)]
    pub command: Option<SecretsCommand>,
}

/// A subcommand of `lobuctl secrets`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum SecretsCommand {
    /// List the secrets on the server: names, fingerprints, age, who stored them, what uses them.
    List,
    /// Store the values of the names that `lobu.toml` uses; those that the server lacks, unless `--rotate` is given.
    #[command(after_help = help::SECRETS_PUSH)]
    Push(PushArgs),
    /// Compare the values here with those on the server, by fingerprint.
    Diff(SecretsDiffArgs),
    /// Delete secrets from the server.
    Delete(SecretsDeleteArgs),
    /// Show who stored, replaced and deleted secrets, newest first.
    Audit(SecretsAuditArgs),
}

/// Where values come from: the environment and the files of `.env` when no flag is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct SecretSourceArgs {
    /// Take values only from this file of `NAME=value` lines; without FILE only from the process environment.
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["from_file", "from_stdin"])]
    // Absent, without FILE, and with FILE are three cases.
    pub from_env: Option<Option<PathBuf>>,
    /// Take values only from this file: one JSON object of names and texts, or `NAME=value` lines.
    #[arg(long, value_name = "FILE", conflicts_with = "from_stdin")]
    pub from_file: Option<PathBuf>,
    /// Take values only from standard input, in the same two forms, as another program prints them.
    #[arg(long)]
    pub from_stdin: bool,
    /// Take every name of that file or of standard input, not only those that `lobu.toml` uses.
    #[arg(long)]
    pub all: bool,
    /// Take only these names. Each must have a value.
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with = "all")]
    pub only: Vec<String>,
}

/// The arguments of `lobuctl secrets push`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct PushArgs {
    /// Where values come from.
    #[command(flatten)]
    pub source: SecretSourceArgs,
    /// Replace these values on the server too; without NAME those that differ.
    #[arg(long, value_name = "NAME", num_args = 0..)]
    pub rotate: Option<Vec<String>>,
    /// Create without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Replace without asking.
    #[arg(long)]
    pub yes_rotate: bool,
    /// Only show what would be written.
    #[arg(long, conflicts_with_all = ["yes", "yes_rotate"])]
    pub dry_run: bool,
}

/// The arguments of `lobuctl secrets diff`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct SecretsDiffArgs {
    /// Where values come from.
    #[command(flatten)]
    pub source: SecretSourceArgs,
    /// Exit with 2 unless every value here is the one on the server.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// The arguments of `lobuctl secrets delete`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct SecretsDeleteArgs {
    /// The names.
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// Delete without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Also delete what a platform uses: it does not start again without it.
    #[arg(long)]
    pub force: bool,
}

/// The arguments of `lobuctl secrets audit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct SecretsAuditArgs {
    /// Show only what happened to this name.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The maximum number of events, up to 500.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub limit: u16,
}

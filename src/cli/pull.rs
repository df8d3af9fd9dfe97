//! The arguments of `lobuctl pull`.

use std::path::PathBuf;

use clap::Args;

use super::choice;
use crate::config::Only;

/// The arguments of `lobuctl pull`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct PullArgs {
    /// Pull only this part of the organization.
    #[arg(long, value_parser = choice::only(), default_value = "all", value_name = "PART")]
    pub only: Only,
    /// Pull only these rows: an address such as `platform.triage.*`, or a row as the plan prints it. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// Pull only this field of the rows, such as `networkConfig.allowedDomains`.
    #[arg(long, value_name = "FIELD", requires = "target")]
    pub field: Option<String>,
    /// Leave these rows out. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub exclude: Vec<String>,
    /// Write a new project with everything that the server has into this folder, which must be empty or missing.
    #[arg(long, value_name = "DIR")]
    pub init: Option<PathBuf>,
    /// Write without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Only show what would be written.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

//! The arguments of `lobuctl pull`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::apply::changes_limit;
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
    /// Also pull entities and relationships: those that the files declare, and of all others those that `--target` names.
    /// `--only data` pulls nothing else.
    #[arg(long)]
    pub data: bool,
    /// Pull only this field of the rows, such as `networkConfig.allowedDomains`.
    #[arg(long, value_name = "FIELD", requires = "target")]
    pub field: Option<String>,
    /// Leave these rows out. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub exclude: Vec<String>,
    /// Write a new project with everything that the server has into this folder, which must be empty or missing.
    #[arg(long, value_name = "DIR")]
    pub init: Option<PathBuf>,
    /// Write model files anew that cannot be changed in place. Their comments are lost; other conflicts stay.
    #[arg(long)]
    pub force: bool,
    /// Write without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Ask plain questions instead of showing the full screen.
    #[arg(long)]
    pub plain: bool,
    /// Refuse with 4 when the pull has any of these: conflict, changes:N (more than N files; also 'changes>N').
    #[arg(long, value_name = "GUARDS", value_delimiter = ',')]
    pub fail_on: Vec<PullGuard>,
    /// With `--dry-run`, exit with 2 when files would be written.
    #[arg(long, requires = "dry_run")]
    pub detailed_exitcode: bool,
    /// Only show what would be written.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// A guard of `--fail-on`: the pull is refused when it has this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullGuard {
    /// Anything that cannot be pulled.
    Conflict,
    /// More than this number of files to write.
    Changes(usize),
}

impl FromStr for PullGuard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "conflict" => Ok(Self::Conflict),
            other => changes_limit(other, "conflict").map(Self::Changes),
        }
    }
}

//! The arguments of `lobuctl drift`.

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::choice;
use crate::config::Only;

/// The arguments of `lobuctl drift`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct DriftArgs {
    /// The subcommand; `list` when there is none.
    #[command(subcommand)]
    pub command: Option<DriftCommand>,
}

/// A subcommand of `lobuctl drift`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum DriftCommand {
    /// List what only the server has, what is ignored of it, and entries that have ended or are unused.
    List(DriftListArgs),
    /// Ignore drift until a day, with a reason that everybody can read in `lobuctl.toml`.
    Ignore(IgnoreArgs),
    /// Remove entries of `lobuctl.toml`.
    Unignore(UnignoreArgs),
}

/// The arguments of `lobuctl drift list`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct DriftListArgs {
    /// List only this part of the organization.
    #[arg(long, value_parser = choice::only(), default_value = "all", value_name = "PART")]
    pub only: Only,
    /// List only these rows: an address such as `platform.triage.*`, or a row as the plan prints it. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
}

/// The arguments of `lobuctl drift ignore`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct IgnoreArgs {
    /// The rows: an address such as `entity-type.legacy`, or a pattern such as `entity-type.old-*`.
    #[arg(required = true, value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Ignore only this field and what is below it, such as `networkConfig.allowedDomains`.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// Why it is left alone.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The last day on which it is ignored, as YYYY-MM-DD; by default 90 days from now. Days are those of UTC.
    #[arg(long, value_name = "DATE")]
    pub until: Option<Date>,
}

/// The arguments of `lobuctl drift unignore`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct UnignoreArgs {
    /// The entries' addresses, exactly as they are written in `lobuctl.toml`.
    #[arg(required = true, value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// The entries' field, if they have one.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
}

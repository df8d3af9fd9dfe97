//! The arguments of `lobuctl memory`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::apply::ApplyArgs;
use super::help;

/// The arguments of `lobuctl memory`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct MemoryArgs {
    /// The subcommand; `health` when there is none.
    #[command(subcommand)]
    pub command: Option<MemoryCommand>,
}

/// A subcommand of `lobuctl memory`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum MemoryCommand {
    /// Check that the memory endpoint, which every new agent is given, answers to the token.
    Health,
    /// List the tools that the endpoint offers to the token, with their arguments.
    Tools,
    /// Call a tool of the endpoint once, and print what it answers.
    #[command(after_help = help::MEMORY_RUN)]
    Run(MemoryRunArgs),
    /// Apply types, entities, relationships and watchers: `lobuctl apply --only memory`.
    #[command(after_help = help::MEMORY_SEED)]
    Seed(Box<MemorySeedArgs>),
}

/// The arguments of `lobuctl memory run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct MemoryRunArgs {
    /// The name of the tool; without it the tools are listed.
    pub tool: Option<String>,
    /// The arguments of the tool: one JSON object, `-` to read one from standard input, or `NAME=VALUE` for each.
    #[arg(value_name = "ARGUMENT", requires = "tool")]
    pub arguments: Vec<String>,
}

/// The arguments of `lobuctl memory seed`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct MemorySeedArgs {
    /// The project's `lobu.toml` or its folder, as `--config` names it.
    #[arg(conflicts_with = "config")]
    pub path: Option<PathBuf>,
    /// The arguments of `lobuctl apply`.
    #[command(flatten)]
    pub apply: ApplyArgs,
}

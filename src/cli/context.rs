//! The arguments of `lobuctl context`.

use clap::{Args, Subcommand};

/// The arguments of `lobuctl context`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ContextArgs {
    /// The subcommand; `list` when there is none.
    #[command(subcommand)]
    pub command: Option<ContextCommand>,
}

/// A subcommand of `lobuctl context`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum ContextCommand {
    /// List every context with its server.
    List,
    /// Make a context the current one, for the `lobu` CLI too.
    Use {
        /// The name of the context.
        name: String,
    },
    /// Show the current context.
    #[command(alias = "current")]
    Show,
    /// Add a server under a name: `context add NAME --url URL`, with `--org` for its default organization.
    Add {
        /// The name of the context.
        name: String,
        /// The same as `--url`, as the `lobu` CLI calls it.
        #[arg(long, value_name = "URL", hide = true, conflicts_with = "url")]
        api_url: Option<String>,
    },
    /// Forget a server and its credential. `lobuctl logout` revokes the credential too.
    #[command(alias = "rm")]
    Remove {
        /// The name of the context.
        name: String,
    },
}

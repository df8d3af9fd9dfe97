//! The arguments of the commands about who is signed in where.

use clap::{Args, Subcommand};

use super::context::ContextArgs;
use super::help;

/// A command about who is signed in, and where.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum AccountCommand {
    /// Sign in to a server with a browser or a token.
    #[command(after_help = help::LOGIN)]
    Login(LoginArgs),
    /// End a sign-in, here and at the server, and say what stays valid.
    Logout,
    /// Show who is signed in, and which server, organization and credentials are used.
    Whoami(WhoamiArgs),
    /// Print a token that works, for other programs.
    Token,
    /// List your organizations, or choose one.
    Org(OrgArgs),
    /// List the known servers, add or remove one, or choose one.
    Context(ContextArgs),
}

/// The arguments of `lobuctl login`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct LoginArgs {
    /// Read a token from standard input instead of signing in with a browser; a terminal does not show it.
    #[arg(long)]
    pub token_stdin: bool,
    /// Print the code and the address, and open no browser.
    #[arg(long, conflicts_with = "token_stdin")]
    pub no_browser: bool,
    /// Sign in anew. The credential that is stored stays until the new one has been accepted.
    #[arg(short, long)]
    pub force: bool,
}

/// The arguments of `lobuctl whoami`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct WhoamiArgs {
    /// Show what would be used, without asking the server.
    #[arg(long)]
    pub offline: bool,
}

/// The arguments of `lobuctl org`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct OrgArgs {
    /// The subcommand; `list` when there is none.
    #[command(subcommand)]
    pub command: Option<OrganizationCommand>,
}

/// A subcommand of `lobuctl org`.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum OrganizationCommand {
    /// List the organizations that you belong to.
    List,
    /// Make an organization the default of the context, for the `lobu` CLI too.
    #[command(alias = "set")]
    Use {
        /// The organization's slug.
        slug: String,
    },
}

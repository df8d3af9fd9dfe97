//! What every command understands.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// Flags that stand before or after any command.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Common")]
pub struct Common {
    /// The project's `lobu.toml`, or the folder that holds it; by default the nearest one here or above.
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// The organisation's slug.
    #[arg(long, global = true, value_name = "SLUG")]
    pub org: Option<String>,
    /// The server; a path prefix is kept, and `…/mcp/ORG` names the organisation too.
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// A context of `~/.config/lobu/config.json`: its server and its credentials.
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// A file of `NAME=value` lines for `$NAME` references; may be given several times, first wins.
    #[arg(long, global = true, value_name = "PATH")]
    pub env_file: Vec<PathBuf>,
    /// Read files outside the project's folder that its links and paths lead to.
    #[arg(long, global = true)]
    pub allow_outside: bool,
    /// Send the token over plain http to a host that is not this machine.
    #[arg(long, global = true)]
    pub insecure_http: bool,
    /// How the result is written.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// When to colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Say less on standard error.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error; twice for each request.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Write a log of every request here; never a secret.
    #[arg(long, global = true, value_name = "PATH")]
    pub log_file: Option<PathBuf>,
}

/// How the result is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// What the command line says, if anything.
    pub const fn forced(self) -> Option<bool> {
        match self {
            Self::Auto => None,
            Self::Always => Some(true),
            Self::Never => Some(false),
        }
    }
}

//! The flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// The flags that every command takes, before or after its name.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Common")]
pub struct Common {
    /// The project's `lobu.toml` or its folder; by default the nearest one here or in a parent folder.
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// The organization's slug.
    #[arg(long, global = true, value_name = "SLUG")]
    pub org: Option<String>,
    /// The server's URL; `…/mcp/ORG` also sets the organization.
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// A context of `~/.config/lobu/config.json`, for its server and credentials.
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// A file of `NAME=value` lines for `$NAME` references; may be repeated, the first file with a name wins.
    #[arg(long, global = true, value_name = "PATH")]
    pub env_file: Vec<PathBuf>,
    /// Read files outside the project's folder that its links and paths lead to.
    #[arg(long, global = true)]
    pub allow_outside: bool,
    /// Allow plain http to another machine, where the token can be read on the way.
    #[arg(long, global = true)]
    pub insecure_http: bool,
    /// The format of the result.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Also write the result to this file, as the lines of `--format json`.
    #[arg(long, global = true, value_name = "FILE")]
    pub json_into: Option<PathBuf>,
    /// When to use color.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Print only results, warnings and errors; of a plan only its summary.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print an apply's requests on standard error; given twice, all of them.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Append a line for every request to this file; never a secret.
    #[arg(long, global = true, value_name = "PATH")]
    pub log_file: Option<PathBuf>,
}

/// The format of the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
    /// Markdown for a pull request.
    Markdown,
    /// One page, of a plan only.
    Html,
    /// A SARIF log of `plan` or `validate`, for code scanning.
    Sarif,
    /// A JUnit report of `plan` or `validate`, for the tests of a CI server.
    Junit,
}

/// When to use color.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment forbids it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Returns whether color is forced on or off, or `None` for [`Color::Auto`].
    pub const fn forced(self) -> Option<bool> {
        match self {
            Self::Auto => None,
            Self::Always => Some(true),
            Self::Never => Some(false),
        }
    }
}

impl Format {
    /// Whether the result is one document that lists problems and rows as findings.
    pub const fn lists_findings(self) -> bool {
        matches!(self, Self::Sarif | Self::Junit)
    }
}

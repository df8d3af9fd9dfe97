//! The command line as plain data: what may be said, how it is explained, nothing of what it does.
//!
//! No secret is ever an argument: others on the machine can read arguments. The token comes from `LOBU_API_TOKEN` or
//! from the credentials file.

mod apply;
mod common;
mod serve;

pub use apply::{ApplyArgs, FailOn, OnStale, Only, PlanArgs, SecretsCheck};
pub use common::{Color, Common, Format};
pub use serve::{ServeArgs, ServeCommand, TokenCommand};

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::exit::Exit;

/// Plan, review and apply a Lobu organisation from `lobu.toml`.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "lobuctl", version, after_help = EXAMPLES, after_long_help = LONG_EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub common: Common,
    /// What to do; nothing is the same as `apply`.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten, next_help_heading = "Plan and apply")]
    apply: ApplyArgs,
}

const EXAMPLES: &str = "\
Examples:
  lobuctl                       plan, review on the screen, apply
  lobuctl plan                  what would change; writes nothing
  lobuctl apply --yes           no questions, for CI
  lobuctl demo                  try it: embedded server, example project

Exit codes: 0 done, 1 failed, 2/3 changes/drift (--detailed-exitcode), 4 refused, 5 stale,
6 applied in part, 64 usage, 130/143 ended by a signal. `lobuctl --help` says more.";

const LONG_EXAMPLES: &str = "\
Examples:
  lobuctl                       plan, review on the screen, apply
  lobuctl plan                  what would change; writes nothing
  lobuctl apply --yes           no questions, for CI
  lobuctl demo                  try it: embedded server, example project

Environment:
  LOBU_API_TOKEN                the token; goes to the chosen server only
  LOBU_API_URL, LOBU_CONTEXT    which server; --url and --context win
  LOBU_MEMORY_URL               http://host/mcp/ORG: which server and organisation
  LOBU_MEMORY_ORG               which organisation; --org wins
  LOBU_CONFIG_DIR               instead of ~/.config/lobu
  NO_COLOR, CLICOLOR_FORCE, CI  colour, and no questions in CI

Exit codes:
  0    done, or nothing to do
  1    failed before anything was written, invalid configuration included
  2    the plan has changes (only with --detailed-exitcode)
  3    the plan has only drift (only with --detailed-exitcode)
  4    refused by a guard (--fail-on, protected target)
  5    the plan is not the one that was approved
  6    applied in part; the message says what is done, what is not, what is unknown
  64   wrong command line
  130  ended by Ctrl-C
  143  ended by SIGTERM";

/// The commands.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Plan, review, apply; on a terminal the full-screen review.
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// Show what would change, and write nothing.
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(PlanArgs),
    /// Check `lobu.toml`, agent folders, skills and models offline; every problem at once.
    Validate(ValidateArgs),
    /// Write the files of a project that plans and applies as it is.
    Init(InitArgs),
    /// Run the embedded server: a SQLite file, or PostgreSQL by URL.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Try it: embedded server on a free loopback port, example project, straight into the review.
    Demo(DemoArgs),
    /// Say which server, organisation and credentials would be used, and where each comes from.
    Whoami,
    /// Which servers are known, and which one is in use.
    Context(ContextArgs),
    /// Check what a first apply needs: config, secrets, server, token, clock, terminal.
    Doctor,
    /// Print the completions of a shell.
    #[command(after_help = "Example:\n  lobuctl completions bash > ~/.local/share/bash-completion/completions/lobuctl")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the JSON Schema of `lobu.toml`, for editors.
    Schema,
}

const APPLY_EXAMPLES: &str = "\
Examples:
  lobuctl apply --dry-run
  lobuctl apply --target 'platform.triage.*'
  lobuctl apply --yes --fail-on delete,changes>20
  lobuctl apply --yes --plan-id 3f9a1c20    exactly the plan that was reviewed, or nothing";

const PLAN_EXAMPLES: &str = "\
Examples:
  lobuctl plan --detailed-exitcode          0 nothing, 2 changes, 3 only drift
  lobuctl plan --format markdown            for a pull request
  lobuctl plan --only memory --all";

const SERVE_EXAMPLES: &str = "\
The line `listening on http://127.0.0.1:PORT` on standard error says that it is ready.
The first start creates the organisation `dev` and writes its admin token to
DATA_DIR/bootstrap-pat.txt.

Examples:
  lobuctl serve --listen 127.0.0.1:0 --data-dir /tmp/lobu
  export LOBU_API_TOKEN=$(cat .lobu/server/bootstrap-pat.txt)
  lobuctl plan --url http://127.0.0.1:8787 --org dev
  lobuctl serve token create --scope mcp:read";

/// Arguments of `lobuctl validate`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ValidateArgs {
    /// Treat a `$NAME` without a value as an error; by default it is a warning.
    #[arg(long)]
    pub secrets: bool,
}

/// Arguments of `lobuctl init`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct InitArgs {
    /// Where to; the current folder by default.
    pub folder: Option<PathBuf>,
}

/// Arguments of `lobuctl demo`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct DemoArgs {
    /// Ask nothing: plan, apply, plan again.
    #[arg(short, long)]
    pub yes: bool,
    /// Plan only.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Ask in plain text instead of the full screen.
    #[arg(long)]
    pub plain: bool,
}

/// Arguments of `lobuctl context`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ContextArgs {
    /// What to do; nothing is the same as `list`.
    #[command(subcommand)]
    pub command: Option<ContextCommand>,
}

/// What can be done with contexts.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum ContextCommand {
    /// Every context with its server.
    List,
    /// Make one the current context, for the `lobu` CLI too.
    Use {
        /// The name of the context.
        name: String,
    },
    /// The current context.
    Show,
}

impl Cli {
    /// Reads a command line, program name first.
    pub fn parse_from_arguments<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let cli = <Self as Parser>::try_parse_from(arguments)?;
        if cli.command.is_some() && cli.apply != ApplyArgs::default() {
            return Err(Self::command_line().error(
                ErrorKind::ArgumentConflict,
                "flags of a command stand after it: `lobuctl COMMAND --flag`",
            ));
        }
        Ok(cli)
    }

    /// What to do.
    pub fn command(&self) -> Command {
        self.command
            .clone()
            .unwrap_or_else(|| Command::Apply(self.apply.clone()))
    }

    /// The grammar itself, for completions.
    pub fn command_line() -> clap::Command {
        <Self as CommandFactory>::command()
    }
}

/// How the program ends when the command line was not one to carry out: help and version are no failure.
pub fn exit_of(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}

//! The command line as plain data: its grammar and the text of `--help`, nothing of what commands do.
//!
//! No secret is ever an argument, because other users of the machine can read arguments. The token comes from
//! `LOBU_API_TOKEN` or from the credentials file.

mod apply;
mod choice;
mod context;
mod drift;
mod global;
mod help;
mod memory;
mod pull;
mod runs;
mod secrets;
mod serve;
mod sign_in;
mod undo;
mod watch;

pub use apply::{ApplyArgs, ApplyCommandArgs, FailOn, GuardArgs, PlanArgs, PlanCommandArgs, WritingArgs};
pub use context::{ContextArgs, ContextCommand};
pub use drift::{DriftArgs, DriftCommand, DriftListArgs, IgnoreArgs, UnignoreArgs};
pub use global::{Color, Common, Format};
pub use memory::{MemoryArgs, MemoryCommand, MemoryRunArgs, MemorySeedArgs};
pub use pull::{PullArgs, PullGuard};
pub use runs::{RunsArgs, RunsCommand, ShowArgs};
pub use secrets::{
    PushArgs, SecretSourceArgs, SecretsArgs, SecretsAuditArgs, SecretsCommand, SecretsDeleteArgs, SecretsDiffArgs,
};
pub use serve::{MemberCommand, OrgCommand, ServeArgs, ServeCommand, TokenCommand};
pub use sign_in::{AccountCommand, LoginArgs, OrgArgs, OrganizationCommand, WhoamiArgs};
pub use undo::UndoArgs;
pub use watch::WatchArgs;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::exit::Exit;

/// Plan, review and apply a Lobu organization from `lobu.toml`.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "lobuctl", version, after_help = help::short(), after_long_help = help::long(), max_term_width = 100)]
pub struct Cli {
    /// The flags that every command takes.
    #[command(flatten)]
    pub common: Common,
    /// The command; `apply` when there is none.
    // Private, because only `Cli::command` turns its absence into `apply`.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten, next_help_heading = "Plan and apply")]
    apply: ApplyArgs,
}

/// A command and its arguments.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Plan, review and apply; on a terminal in a full-screen review.
    #[command(after_help = help::APPLY)]
    Apply(ApplyCommandArgs),
    /// Show what would change, without writing anything.
    #[command(after_help = help::PLAN)]
    Plan(PlanCommandArgs),
    /// Review the plan while the files are edited: a new plan at every save.
    #[command(after_help = help::WATCH)]
    Watch(WatchArgs),
    /// Bring what the server has into the files, and keep their comments and order.
    #[command(after_help = help::PULL)]
    Pull(PullArgs),
    /// List what only the server has, and ignore it for some time.
    #[command(after_help = help::DRIFT)]
    Drift(DriftArgs),
    /// List what was applied from this machine, and show what each run wrote.
    #[command(after_help = help::RUNS)]
    Runs(RunsArgs),
    /// Show a saved plan, a plan's JSON or a journal, read-only: without files, server and secrets.
    #[command(after_help = help::SHOW)]
    Show(ShowArgs),
    /// Put back what a run changed, reviewed and applied like any other plan.
    #[command(after_help = help::UNDO)]
    Undo(UndoArgs),
    /// Keep secrets on the server: names and fingerprints, never values.
    #[command(after_help = help::SECRETS)]
    Secrets(SecretsArgs),
    /// Use the memory that agents share: check its endpoint, call its tools, apply its files.
    Memory(MemoryArgs),
    /// Check `lobu.toml`, agent folders, skills and models offline; reports every problem at once.
    Validate(ValidateArgs),
    /// Write a new project that plans and applies as it is; asks what it should have.
    #[command(after_help = help::INIT)]
    Init(InitArgs),
    /// Run the embedded server on a SQLite file or a PostgreSQL database.
    #[command(after_help = help::serve())]
    Serve(ServeArgs),
    /// Try lobuctl: embedded server on a free loopback port, example project, straight into the review.
    Demo(DemoArgs),
    /// A command about who is signed in, and where.
    #[command(flatten)]
    Account(AccountCommand),
    /// Check what a first apply needs: config, secrets, server, token, terminal.
    Doctor,
    /// Print the completions of a shell.
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the JSON Schema of `lobu.toml` for editors, or of the JSON that commands print.
    Schema(SchemaArgs),
}

/// The arguments of `lobuctl validate`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ValidateArgs {
    /// Treat a `$NAME` without a value as an error; by default it is a warning.
    #[arg(long)]
    pub secrets: bool,
}

/// The arguments of `lobuctl schema`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct SchemaArgs {
    /// What the schema is of.
    #[arg(long, value_enum, default_value_t, value_name = "FILE")]
    pub file: SchemaFile,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemaFile {
    /// `lobu.toml`.
    #[default]
    Lobu,
    /// `lobuctl.toml`, with the drift that is ignored.
    Lobuctl,
    /// A plan, as `lobuctl plan --format json` prints it.
    Plan,
    /// A line of any command with `--format json`.
    Events,
    /// The user's `config.toml`, with theme, colors and mouse.
    Config,
}

/// The arguments of `lobuctl init`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct InitArgs {
    /// The folder of the project; by default the current one.
    pub folder: Option<PathBuf>,
    /// Ask nothing: what no flag sets gets its default.
    #[arg(short, long)]
    pub yes: bool,
    /// The id of the first agent [default: assistant].
    #[arg(long, value_name = "ID")]
    pub agent: Option<String>,
    /// The agent's model provider, such as `anthropic` [default: none].
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// The agent's chat platform [default: none].
    #[arg(long, value_enum, value_name = "TYPE")]
    pub platform: Option<InitPlatform>,
    /// Leave out the example of an entity type.
    #[arg(long)]
    pub no_memory: bool,
}

/// A type of chat platform for which `lobuctl init` has a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InitPlatform {
    /// Telegram.
    Telegram,
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// WhatsApp.
    Whatsapp,
    /// Microsoft Teams.
    Teams,
    /// Google Chat.
    Gchat,
}

/// The arguments of `lobuctl demo`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct DemoArgs {
    /// Plan, apply and plan again, without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Only show the plan.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Ask plain questions instead of showing the full screen.
    #[arg(long)]
    pub plain: bool,
}

impl Cli {
    /// Parses a command line that begins with the program's name.
    ///
    /// # Errors
    /// When it is wrong, or only asks for help or the version. [`exit_of`] distinguishes them.
    pub fn parse_from_arguments<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let cli = <Self as Parser>::try_parse_from(arguments)?;
        // The flags of `apply` are valid without a command, so clap accepts them before a command's name too. Ignoring
        // them there would be dangerous: `lobuctl --dry-run apply --yes` would write.
        if cli.command.is_some() && cli.apply != ApplyArgs::default() {
            return Err(Self::command_line().error(
                ErrorKind::ArgumentConflict,
                "the flags of a command follow its name: `lobuctl COMMAND --flag`",
            ));
        }
        Ok(cli)
    }

    /// Returns the command, which is `apply` when none was given.
    pub fn command(&self) -> Command {
        self.command.clone().unwrap_or_else(|| {
            Command::Apply(ApplyCommandArgs {
                file: None,
                apply: self.apply.clone(),
            })
        })
    }

    /// Returns the grammar, from which completions are generated.
    pub fn command_line() -> clap::Command {
        <Self as CommandFactory>::command()
    }
}

/// Returns the exit code for a command line that could not be parsed. Asking for help or the version is a success.
pub fn exit_of(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}

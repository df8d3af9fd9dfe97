//! One file per command: dispatch and glue, no rules of its own.

mod apply;
mod collected;
mod completions;
mod console;
mod context;
mod demo;
mod doctor;
mod drift;
mod formats;
mod init;
mod log;
mod login;
mod logout;
mod memory;
mod org;
mod origin;
mod plain;
mod plain_pull;
mod preferences;
mod program;
mod pull;
mod pull_end;
mod push_secrets;
mod reading;
mod redacted;
mod run;
mod runs;
mod schema;
mod screen;
mod secrets;
mod serve;
mod show;
mod signal;
mod status;
mod struck_plan;
mod token;
mod undo;
mod validate;
mod watch;
mod whoami;

use crate::cli::{AccountCommand, Cli, Command};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;

pub use completions::complete;
use console::Console;
pub use program::run_program;
use signal::Interrupt;

/// Carries out a command line.
pub async fn run(cli: &Cli, host: Host) -> Exit {
    let console = Console::new(host, &cli.common);
    let console = match formats::check(cli).and_then(|()| console.clone().with_json_file(&cli.common)) {
        Ok(console) => console,
        Err(failure) => return failed(&console, &failure),
    };
    let interrupt = Interrupt::new();
    // On the heap, because it has room for the largest of all commands.
    let done = Box::pin(dispatch(cli, &console, &interrupt)).await;
    let exit = done.unwrap_or_else(|failure| failed(&console, &failure));
    let name = match cli.command() {
        Command::Validate(_) => "validate",
        _ => "plan",
    };
    console.finish(name);
    exit
}

fn failed(console: &Console, failure: &Failure) -> Exit {
    console.failure(failure);
    failure.exit()
}

#[expect(
    clippy::cognitive_complexity,
    reason = "one arm for each command, and each is one call"
)]
async fn dispatch(cli: &Cli, console: &Console, interrupt: &Interrupt) -> Result<Exit, Failure> {
    match cli.command() {
        Command::Apply(arguments) => apply::run_command(console, &cli.common, &arguments, interrupt).await,
        Command::Plan(arguments) => apply::plan(console, &cli.common, &arguments, interrupt).await,
        Command::Watch(arguments) => watch::run(console, &cli.common, &arguments, interrupt).await,
        Command::Pull(arguments) => pull::run(console, &cli.common, &arguments, interrupt).await,
        Command::Drift(arguments) => drift::run(console, &cli.common, &arguments, interrupt).await,
        Command::Init(arguments) => init::run(console, &cli.common, &arguments, interrupt).await,
        Command::Undo(arguments) => Box::pin(undo::run(console, &cli.common, &arguments, interrupt)).await,
        Command::Runs(arguments) => runs::run(console, &arguments).await,
        Command::Show(arguments) => show::run(console, &arguments).await,
        Command::Secrets(arguments) => secrets::run(console, &cli.common, &arguments, interrupt).await,
        Command::Memory(arguments) => memory::run(console, &cli.common, &arguments, interrupt).await,
        Command::Validate(arguments) => validate::run(console, &cli.common, &arguments, interrupt).await,
        Command::Serve(arguments) => serve::run(console, &cli.common, &arguments, interrupt).await,
        Command::Demo(arguments) => demo::run(console, &cli.common, &arguments, interrupt).await,
        Command::Account(command) => dispatch_account(command, cli, console, interrupt).await,
        Command::Doctor => doctor::run(console, &cli.common, interrupt).await,
        Command::Completions { shell } => completions::run(console, shell),
        Command::Schema(arguments) => schema::run(console, arguments.file),
    }
}

async fn dispatch_account(
    command: AccountCommand,
    cli: &Cli,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    match command {
        AccountCommand::Login(arguments) => login::run(console, &cli.common, &arguments, interrupt).await,
        AccountCommand::Logout => logout::run(console, &cli.common).await,
        AccountCommand::Whoami(arguments) => whoami::run(console, &cli.common, &arguments, interrupt).await,
        AccountCommand::Token => token::run(console, &cli.common).await,
        AccountCommand::Org(arguments) => org::run(console, &cli.common, &arguments, interrupt).await,
        AccountCommand::Context(arguments) => context::run(console, &cli.common, &arguments).await,
    }
}

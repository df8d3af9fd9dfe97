//! One file per command: dispatch and glue, no rules of its own.

mod apply;
mod collected;
mod completions;
mod console;
mod context;
mod demo;
mod doctor;
mod drift;
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

use crate::cli::{AccountCommand, Cli, Command, Format, RunsCommand};
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
    let console = match check_output(cli).and_then(|()| console.clone().with_json_file(&cli.common)) {
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
        Command::Validate(arguments) => validate::run(console, &cli.common, &arguments),
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

/// Checks that the command has a result in the form that is asked for.
fn check_output(cli: &Cli) -> Result<(), Failure> {
    let (command, format) = (cli.command(), cli.common.format);
    if cli.common.json_into.is_some() && !has_lines(&command) {
        return Err(Failure::usage(
            "this command has no lines of JSON that `--json-into` could write to a file",
        ));
    }
    let is_plan = match &command {
        Command::Plan(_) | Command::Show(_) => true,
        Command::Apply(arguments) => arguments.apply.writing.dry_run,
        Command::Undo(arguments) => arguments.writing.dry_run,
        Command::Memory(arguments) => memory::is_plan(arguments),
        _ => false,
    };
    let is_run = match &command {
        Command::Runs(arguments) => matches!(arguments.command, Some(RunsCommand::Show { .. })),
        _ => false,
    };
    let is_validate = matches!(command, Command::Validate(_));
    if format == Format::Html && !is_plan && !is_run {
        let failure = Failure::usage("only a plan can be a page");
        return Err(failure.hint("`lobuctl plan --format html`"));
    }
    if format.lists_findings() && !is_plan && !is_validate {
        let failure = Failure::usage("only a plan and a validation have findings");
        return Err(failure.hint("`lobuctl plan --format sarif`, `lobuctl validate --format junit`"));
    }
    Ok(())
}

fn has_lines(command: &Command) -> bool {
    !matches!(
        command,
        Command::Serve(_)
            | Command::Completions { .. }
            | Command::Schema(_)
            | Command::Init(_)
            | Command::Account(AccountCommand::Token)
    )
}

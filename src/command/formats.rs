//! Which command has its result in which format; `docs/output.md` has the same as a table. Everything else is refused.

use super::memory;
use crate::cli::{
    AccountCommand, Cli, Command, Format, MemberCommand, MemoryCommand, OrgCommand, RunsCommand, ServeCommand,
    TokenCommand,
};
use crate::failure::Failure;

/// Checks that the command has a result in the form that is asked for.
///
/// # Errors
/// When it has none, with a command that does.
pub(super) fn check(cli: &Cli) -> Result<(), Failure> {
    let (command, format) = (cli.command(), cli.common.format);
    if cli.common.json_into.is_some() && !has_lines(&command) {
        return Err(Failure::usage(
            "this command has no lines of JSON that `--json-into` could write to a file",
        ));
    }
    let is_plan = is_plan(&command);
    let (is_supported, only, hint) = match format {
        Format::Text => return Ok(()),
        Format::Json => (
            has_lines(&command) || has_server_json(&command),
            "this command has no result in JSON",
            "it prints the same without `--format`",
        ),
        Format::Markdown => (
            is_plan || has_markdown(&command),
            "only plans, pulls and runs can be Markdown",
            "`lobuctl plan --format markdown`",
        ),
        Format::Html => (
            is_plan || is_past_run(&command),
            "only a plan can be a page, and that of a run that is over",
            "`lobuctl plan --format html`",
        ),
        Format::Sarif | Format::Junit => (
            is_plan || matches!(command, Command::Validate(_)),
            "only a plan and a validation have findings",
            "`lobuctl plan --format sarif`, `lobuctl validate --format junit`",
        ),
    };
    if is_supported {
        return Ok(());
    }
    Err(Failure::usage(only).hint(hint))
}

/// Whether the result is one plan.
fn is_plan(command: &Command) -> bool {
    match command {
        Command::Plan(_) | Command::Show(_) => true,
        Command::Apply(arguments) => arguments.apply.writing.dry_run,
        Command::Undo(arguments) => arguments.writing.dry_run,
        Command::Memory(arguments) => memory::is_plan(arguments),
        _ => false,
    }
}

/// Whether the result is a run that is over.
fn is_past_run(command: &Command) -> bool {
    matches!(command, Command::Runs(arguments) if matches!(arguments.command, Some(RunsCommand::Show { .. })))
}

/// Whether the result is Markdown, beside that of plans.
fn has_markdown(command: &Command) -> bool {
    match command {
        Command::Apply(_) | Command::Undo(_) | Command::Watch(_) | Command::Pull(_) | Command::Demo(_) => true,
        Command::Memory(arguments) => matches!(arguments.command, Some(MemoryCommand::Seed(_))),
        _ => is_past_run(command),
    }
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

/// Whether a command of the server prints JSON: its log, one object on each line, or a list as an array.
fn has_server_json(command: &Command) -> bool {
    let Command::Serve(arguments) = command else {
        return false;
    };
    match &arguments.command {
        None | Some(ServeCommand::Audit { .. }) => true,
        Some(ServeCommand::Token { command }) => matches!(command, TokenCommand::List),
        Some(ServeCommand::Org { command }) => matches!(command, OrgCommand::List),
        Some(ServeCommand::Member { command }) => matches!(command, MemberCommand::List),
        Some(_) => false,
    }
}

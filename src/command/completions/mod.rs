//! What a shell completes: `lobuctl completions` prints the script that calls the program back at each press of the
//! completion key, with [`VARIABLE`] set.

mod candidates;
mod memory_tools;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCandidates, ArgValueCompleter, Shell};

use super::console::Console;
use crate::cli::Cli;
use crate::exit::Exit;
use crate::failure::Failure;

/// The environment variable that names the shell, set while the shell asks for completions.
const VARIABLE: &str = "LOBUCTL_COMPLETE";

/// The name of the program, as it is typed.
const PROGRAM: &str = "lobuctl";

/// Prints the completions of a shell.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn run(console: &Console, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let completer = shells
        .completer(&shell.to_string())
        .ok_or_else(|| Failure::failed(format!("there are no completions for {shell}")))?;
    completer
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(|error| Failure::failed("the completions cannot be printed").because(&error))?;
    console.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Answers a shell that asks what may come next on a command line. Returns whether one asked; then nothing else is to be
/// done. Sends no request, but for the tools of the memory endpoint.
///
/// # Errors
/// When the shell is not known, or standard output cannot be written to.
pub fn complete(
    arguments: impl IntoIterator<Item = OsString>,
    current_dir: Option<&Path>,
) -> Result<bool, clap::Error> {
    let words: Arc<[OsString]> = arguments.into_iter().collect();
    // What comes before `--` calls this program; what follows is the line that is being typed.
    let typed: Arc<[OsString]> = words.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    CompleteEnv::with_factory(|| completable(Cli::command_line(), "", &typed))
        .var(VARIABLE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .try_complete(words.iter().cloned(), current_dir)
}

/// Returns a command whose arguments know their values. `above` is the name of the command that it belongs to, `typed` the
/// line so far.
fn completable(command: Command, above: &str, typed: &Arc<[OsString]>) -> Command {
    let name = command.get_name().to_owned();
    let family = if above.is_empty() || above == PROGRAM {
        &name
    } else {
        above
    };
    command
        .mut_args(|argument| with_values(argument, family, typed))
        .mut_subcommands(|subcommand| completable(subcommand, family, typed))
}

/// Returns the argument with the function that lists its values, chosen by the names of the argument and of its value.
/// `family` is the name of the argument's top-level command.
fn with_values(argument: Arg, family: &str, typed: &Arc<[OsString]>) -> Arg {
    let id = argument.get_id().as_str().to_owned();
    let value = argument.get_value_names().and_then(<[_]>::first);
    match (id.as_str(), value.map_or("", |name| name.as_str()), family) {
        ("context", ..) | ("name", _, "context") => argument.add(ArgValueCandidates::new(candidates::contexts)),
        ("org", ..) => argument.add(ArgValueCandidates::new(candidates::organizations)),
        (_, "ADDRESS", _) => argument.add(ArgValueCandidates::new(candidates::addresses)),
        (_, "GUARDS", "pull") => argument.add(ArgValueCompleter::new(candidates::pull_guards)),
        (_, "GUARDS", _) => argument.add(ArgValueCompleter::new(candidates::guards)),
        ("run" | "left" | "right", ..) => argument.add(ArgValueCandidates::new(candidates::runs)),
        ("tool", _, "memory") => {
            let typed = Arc::clone(typed);
            argument.add(ArgValueCandidates::new(move || memory_tools::tools(&typed)))
        }
        ("arguments", _, "memory") => {
            let typed = Arc::clone(typed);
            let completer = move |current: &OsStr| memory_tools::arguments(&typed, &current.to_string_lossy());
            argument.add(ArgValueCompleter::new(completer))
        }
        (_, "NAME", "secrets") => argument.add(ArgValueCandidates::new(candidates::secrets)),
        _ => argument,
    }
}

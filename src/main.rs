//! Parses the arguments, calls the library, returns its exit code.

use std::io::Write;
use std::process::ExitCode;

use lobuctl::cli::{Cli, exit_of};
use lobuctl::command;
use lobuctl::exit::Exit;
use lobuctl::host::Host;

fn main() -> ExitCode {
    let exit = match Cli::parse_from_arguments(std::env::args_os()) {
        Ok(cli) => run(&cli),
        Err(error) => {
            // A closed stream leaves nothing to say.
            let _ = error.print();
            exit_of(&error)
        }
    };
    ExitCode::from(exit.code())
}

fn run(cli: &Cli) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let started = runtime.and_then(|runtime| Ok((runtime, Host::real()?)));
    match started {
        Ok((runtime, host)) => {
            let exit = runtime.block_on(command::run(cli, host));
            // A read of standard input that nobody waits for any more must not hold the process.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: the program cannot start: {error}");
            Exit::Failed
        }
    }
}

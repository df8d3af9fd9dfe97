//! Parses the arguments, runs the command, and returns its exit code.

use std::alloc::System;
use std::process::ExitCode;

use lobuctl::cli::{Cli, exit_of};
use lobuctl::command;
use zeroizing_alloc::ZeroAlloc;

/// Zeroes what is freed. Values pass through buffers of libraries, for HTTP, JSON and TLS, which do not do so themselves.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let parsed = match command::complete(std::env::args_os(), std::env::current_dir().ok().as_deref()) {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => Cli::parse_from_arguments(std::env::args_os()),
        Err(error) => Err(error),
    };
    let exit = match parsed {
        Ok(cli) => command::run_program(&cli),
        Err(error) => {
            // Nothing can be reported when the stream is closed.
            let _ = error.print();
            exit_of(&error)
        }
    };
    ExitCode::from(exit.code())
}

//! Parses the arguments, runs the command, and returns its exit code.

use std::alloc::System;
use std::io::Write;
use std::process::ExitCode;

use lobuctl::cli::{Cli, exit_of};
use lobuctl::command;
use lobuctl::exit::Exit;
use lobuctl::host::{Host, Output};
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
        Ok(cli) => run(&cli),
        Err(error) => {
            // Nothing can be reported when the stream is closed.
            let _ = error.print();
            exit_of(&error)
        }
    };
    ExitCode::from(exit.code())
}

/// A panic's message may quote a value, so it leaves the program like everything else: through the redactor.
fn redact_panics(host: &Host) {
    // A handle of its own: the panic may have happened while the host's one was locked.
    let stderr = Output::new(std::io::stderr(), &host.redactor);
    std::panic::set_hook(Box::new(move |panic| {
        let mut stderr = stderr.clone();
        let _ = writeln!(stderr, "{panic}").and_then(|()| stderr.finish());
    }));
}

fn run(cli: &Cli) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let started = runtime.and_then(|runtime| Ok((runtime, Host::real()?)));
    match started {
        Ok((runtime, host)) => {
            redact_panics(&host);
            let exit = runtime.block_on(command::run(cli, host));
            // A pending read of standard input must not keep the process alive.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: cannot start: {error}");
            Exit::Failed
        }
    }
}

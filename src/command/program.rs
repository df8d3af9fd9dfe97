//! A command line as the whole of a process: its threads, and its panics.

use std::io::Write;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::host::{Host, Output};

/// Carries out a command line on the real system, and waits for its end.
// Not in the program's own file: the bodies of all asynchronous functions would be compiled there, beside what the library has
// of them.
pub fn run_program(cli: &Cli) -> Exit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let started = runtime.and_then(|runtime| Ok((runtime, Host::real()?)));
    match started {
        Ok((runtime, host)) => {
            redact_panics(&host);
            let exit = runtime.block_on(super::run(cli, host));
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

/// A panic's message may quote a value, so it leaves the program like everything else: through the redactor.
fn redact_panics(host: &Host) {
    // A handle of its own: the panic may have happened while the host's one was locked.
    let stderr = Output::new(std::io::stderr(), &host.redactor);
    std::panic::set_hook(Box::new(move |panic| {
        let mut stderr = stderr.clone();
        let _ = writeln!(stderr, "{panic}").and_then(|()| stderr.finish());
    }));
}

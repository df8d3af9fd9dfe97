//! `lobuctl doctor`: checks what a first apply needs, in order; each line is a verdict, and says what to do next.

mod machine;
mod project;
mod report;
mod server;

use super::console::Console;
use super::signal::Interrupt;
use crate::cli::Common;
use crate::config::SecretsCheck;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::ReviewOptions;
use project::CheckedProject;
use report::CheckReport;

/// Runs every check and prints its result. Writes nothing, neither files nor to the server, but refreshes a token that is
/// due. The exit code is 1 when files, server or token would keep an apply from writing, even if there is nothing to write.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) async fn run(console: &Console, common: &Common, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let mut report = CheckReport::new(console);
    let options = ReviewOptions {
        // Missing secrets have a line of their own.
        secrets_check: SecretsCheck::Off,
        ..ReviewOptions::reading(&console.host, common)
    };
    let project = CheckedProject::check(&mut report, &options)?;
    if let Some(account) = machine::check_account(&mut report, &options, &project).await? {
        let checks = Box::pin(server::check_server(&mut report, &options, project, account));
        interrupt.or(checks).await?;
    }
    machine::check_terminal(&mut report)?;
    Ok(if report.has_failed() { Exit::Failed } else { Exit::Done })
}

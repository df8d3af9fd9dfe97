//! `lobuctl token`: a token that works, on standard output, and nothing else there.

use super::console::Console;
use crate::cli::Common;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::{ProjectHint, ReviewOptions, choose_account, read_project};

/// Prints the token that commands would send, refreshed when it is due.
///
/// # Errors
/// When there is none, or it has ended.
pub(super) async fn run(console: &Console, common: &Common) -> Result<Exit, Failure> {
    let options = ReviewOptions::reading(&console.host, common);
    let loaded = read_project(&console.host, &options).ok();
    let hint = loaded.as_ref().map(ProjectHint::of).unwrap_or_default();
    let account = choose_account(&console.host, &options.flags, hint).await?;
    account
        .warnings
        .iter()
        .for_each(|warning| console.warning_beside(warning));
    let token = account.token()?;
    // The one place where a token leaves the program in plain text: it is what the user asks for.
    let written = console.host.stdout.write_secret(token);
    written.map_err(|error| super::console::output_failure(&error))?;
    Ok(Exit::Done)
}

//! `lobuctl token`: a token that works, on standard output, and nothing else there.

use super::console::Console;
use crate::cli::Common;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::{ReviewOptions, choose_account_here};

/// Prints the token that commands would send, refreshed when it is due.
///
/// # Errors
/// When there is none, or it has ended.
pub(super) async fn run(console: &Console, common: &Common) -> Result<Exit, Failure> {
    let options = ReviewOptions::reading(&console.host, common);
    let account = choose_account_here(&console.host, &options).await?;
    account
        .warnings
        .iter()
        .for_each(|warning| console.warning_beside(warning));
    let token = account.token()?;
    // The one place where a token leaves the program in plain text: it is what the user asks for.
    let written = console.secret_out.write_secret(token);
    written.map_err(|error| super::console::output_failure(&error))?;
    Ok(Exit::Done)
}

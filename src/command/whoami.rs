//! `lobuctl whoami`: which server, organization and credentials would be used, and where each was set. Offline.

use serde_json::json;

use super::console::Console;
use crate::cli::{Common, Format};
use crate::config::SecretsCheck;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::review::{ProjectHint, ReviewOptions, choose_session, read_project};

/// Prints the session that other commands would use, without reaching the server.
///
/// # Errors
/// When no server or no organization is set.
pub(super) fn run(console: &Console, common: &Common) -> Result<Exit, Failure> {
    let options = ReviewOptions {
        secrets_check: SecretsCheck::Off,
        ..ReviewOptions::reading(&console.host, common)
    };
    // Without a project, flags and environment may still be enough.
    let loaded = read_project(&console.host, &options).ok();
    let hint = loaded.as_ref().map(ProjectHint::of).unwrap_or_default();
    let session = choose_session(&console.host, &options.flags, hint)?;
    session.warnings.iter().for_each(|warning| console.warning(warning));
    let token = session.token.as_ref().map(|token| token.source.to_string());
    if console.format == Format::Json {
        console.object("session", &json!({
            "url": session.url.value.to_string(), "url_from": session.url.source.to_string(),
            "organization": session.organization.value, "organization_from": session.organization.source.to_string(),
            "token_from": token, "context": session.context, "protected": session.protected,
        }))?;
        return Ok(Exit::Done);
    }
    console.text(&format!(
        "server        {} (from {})\norganization  {} (from {})\ntoken         {}\nprotected     {}\n",
        session.url.value,
        session.url.source,
        session.organization.value,
        session.organization.source,
        token.map_or_else(|| "none is known".to_owned(), |source| format!("from {source}")),
        if session.protected { "yes" } else { "no" },
    ))?;
    Ok(Exit::Done)
}

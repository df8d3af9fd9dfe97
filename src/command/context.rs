//! `lobuctl context`: lists, adds, removes and chooses contexts, whose files are shared with the `lobu` CLI.

use serde_json::json;

use super::console::Console;
use crate::cli::{Common, ContextArgs, ContextCommand, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::remote::ServerUrl;
use crate::review::stored_files;
use crate::session::{ContextSummary, Stored, summaries};
use crate::show::printable;

/// Lists the contexts, shows the current one, or changes them.
///
/// # Errors
/// When the files cannot be used, or there is no such context.
pub(super) async fn run(console: &Console, common: &Common, arguments: &ContextArgs) -> Result<Exit, Failure> {
    let stored = stored_files(&console.host)?;
    match arguments.command.as_ref().unwrap_or(&ContextCommand::List) {
        ContextCommand::List => list(console, &summaries(&stored)),
        ContextCommand::Show => {
            let current: Vec<_> = summaries(&stored).into_iter().filter(|it| it.current).collect();
            list(console, &current)
        }
        ContextCommand::Use { name } => {
            stored.folder()?.lock().await?.use_context(name)?;
            console.progress(&format!("context `{name}` is now the current one"));
            Ok(Exit::Done)
        }
        ContextCommand::Add { name, api_url } => {
            let url = api_url.as_ref().or(common.url.as_ref());
            add(console, common, &stored, name, url).await
        }
        ContextCommand::Remove { name } => remove(console, &stored, name).await,
    }
}

async fn add(
    console: &Console,
    common: &Common,
    stored: &Stored,
    name: &str,
    url: Option<&String>,
) -> Result<Exit, Failure> {
    check_name(name)?;
    let url = url.ok_or_else(|| Failure::usage("a context needs a server").hint("give `--url URL`"))?;
    let (url, organization) = ServerUrl::parse_gateway(url)
        .map_err(|why| Failure::usage(format!("`--url` is not the URL of a server: {why}")))?;
    let organization = common.org.as_deref().or(organization.as_deref());
    let is_current = stored.folder()?.lock().await?.add_context(name, &url, organization)?;
    console.progress(&format!("context `{name}` has the server {url}"));
    console.progress(&if is_current {
        format!("`lobuctl login --context {name}` signs in")
    } else {
        format!("`lobuctl context use {name}` makes it the current one, `lobuctl login --context {name}` signs in")
    });
    Ok(Exit::Done)
}

async fn remove(console: &Console, stored: &Stored, name: &str) -> Result<Exit, Failure> {
    let removed = stored.folder()?.lock().await?.remove_context(name)?;
    if removed.had_credential {
        console.warning(&format!(
            "the credential of context `{name}` was removed here and not revoked: it stays valid at the server"
        ));
    }
    if removed.was_current {
        console.warning("there is no current context any more; choose one with `lobuctl context use NAME`");
    }
    console.progress(&if removed.existed || removed.had_credential {
        format!("context `{name}` is removed")
    } else {
        format!("there is no context `{name}`")
    });
    Ok(Exit::Done)
}

/// Checks the name of a new context: it has to be readable in messages and easy to type.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |one: char| one.is_ascii_alphanumeric() || "-_.:".contains(one);
    if !name.is_empty() && name.len() <= 100 && !name.starts_with('-') && name.chars().all(fits) {
        return Ok(());
    }
    Err(Failure::usage(
        "the name of a context has only letters, digits, `-`, `_`, `.` and `:`",
    ))
}

fn list(console: &Console, contexts: &[ContextSummary]) -> Result<Exit, Failure> {
    for it in contexts {
        let value = json!({
            "name": it.name, "url": it.url, "organization": it.organization, "current": it.current,
            "logged_in": it.signed_in, "protected": it.protected,
        });
        console.object("context", &value)?;
    }
    if console.format == Format::Json {
        return Ok(Exit::Done);
    }
    if contexts.is_empty() {
        console.progress("no context is stored; `lobuctl login --url URL` signs in to a server");
    }
    for it in contexts {
        let marks = [(it.signed_in, "signed in"), (it.protected, "protected")];
        let marks: Vec<&str> = marks
            .iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, word)| *word)
            .collect();
        let sign = if it.current { '*' } else { ' ' };
        let url = it.url.as_deref().unwrap_or("-");
        let organization = it
            .organization
            .as_ref()
            .map(|it| format!(" ({it})"))
            .unwrap_or_default();
        let line = format!("{sign} {:<20} {url}{organization}  {}", it.name, marks.join(", "));
        console.text(printable(&line).trim_end())?;
        console.text("\n")?;
    }
    Ok(Exit::Done)
}

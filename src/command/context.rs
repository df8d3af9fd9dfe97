//! `lobuctl context`: lists and chooses contexts, whose files are shared with the `lobu` CLI.

use serde_json::json;

use super::console::Console;
use crate::cli::{ContextArgs, ContextCommand, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{ContextSummary, Stored, summaries, use_context};

/// Lists the contexts, shows the current one, or makes another one current.
///
/// # Errors
/// When the files cannot be used, or there is no such context.
pub(super) fn run(console: &Console, arguments: &ContextArgs) -> Result<Exit, Failure> {
    let stored = Stored::read(console.host.environment.variables(), console.host.home.as_deref())?;
    match arguments.command.as_ref().unwrap_or(&ContextCommand::List) {
        ContextCommand::List => list(console, &summaries(&stored)),
        ContextCommand::Show => {
            let current: Vec<_> = summaries(&stored).into_iter().filter(|it| it.current).collect();
            list(console, &current)
        }
        ContextCommand::Use { name } => {
            use_context(&stored, name)?;
            console.progress(&format!("context `{name}` is now the current one"));
            Ok(Exit::Done)
        }
    }
}

fn list(console: &Console, contexts: &[ContextSummary]) -> Result<Exit, Failure> {
    if console.format == Format::Json {
        for it in contexts {
            console.object("context", &json!({
                "name": it.name, "url": it.url, "current": it.current, "logged_in": it.logged_in, "protected": it.protected,
            }))?;
        }
        return Ok(Exit::Done);
    }
    if contexts.is_empty() {
        console.progress("no context is stored; `--url` and `LOBU_API_TOKEN` work without one");
    }
    for it in contexts {
        let marks = [(it.logged_in, "logged in"), (it.protected, "protected")];
        let marks: Vec<&str> = marks
            .iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, word)| *word)
            .collect();
        let sign = if it.current { '*' } else { ' ' };
        let url = it.url.as_deref().unwrap_or("-");
        console.text(format!("{sign} {:<20} {url}  {}", it.name, marks.join(", ")).trim_end())?;
        console.text("\n")?;
    }
    Ok(Exit::Done)
}

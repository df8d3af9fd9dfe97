//! `lobuctl secrets delete`: all of the names or none.

use super::place::{SecretPlace, check_names};
use super::report::report;
use crate::cli::SecretsDeleteArgs;
use crate::command::console::Console;
use crate::command::plain::{ask, is_yes};
use crate::command::signal::Interrupt;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::resource::{SecretOp, SecretWrite, key_provider};

/// Asks, and deletes.
pub(super) async fn run(
    console: &Console,
    place: &SecretPlace,
    arguments: &SecretsDeleteArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    check_names(arguments.names.iter().filter(|name| key_provider(name).is_none()))?;
    let mut names = arguments.names.clone();
    names.sort();
    names.dedup();
    let server = place.secrets(interrupt).await?;
    let has = |name: &String| server.iter().any(|secret| secret.name == *name);
    let unknown: Vec<&str> = names.iter().filter(|name| !has(name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let message = format!("the server has no secret {}; nothing was deleted", unknown.join(", "));
        return Err(Failure::failed(message).hint("`lobuctl secrets list` shows what it has"));
    }
    warn_of_uses(console, place, &names);
    consent(console, arguments, &names, interrupt).await?;
    let write = |name: &String| SecretWrite {
        name: name.clone(),
        op: SecretOp::Delete { force: arguments.force },
        source: "",
        expected: None,
    };
    let writes: Vec<SecretWrite> = names.iter().map(write).collect();
    let client = &place.connection.client;
    match client.write_secrets(&writes).await {
        Ok(results) => {
            results.iter().try_for_each(|result| report(console, result))?;
            Ok(Exit::Done)
        }
        Err(error) if error.maybe_applied() => {
            let left = client.secrets().await.ok().flatten();
            let left = left.map(|left| left.iter().filter(|secret| names.contains(&secret.name)).count());
            match left {
                Some(0) => {
                    console.progress("the response was lost; a reading shows that they are deleted");
                    Ok(Exit::Done)
                }
                Some(count) if count == names.len() => Err(refused(&error)),
                _ => Err(Failure::new(FailureKind::Partial, "it is not known what was deleted").because(&error)),
            }
        }
        Err(error) => Err(refused(&error)),
    }
}

fn refused(error: &crate::remote::RemoteError) -> Failure {
    let in_use = (error.status() == Some(409)).then_some("`--force` deletes it all the same");
    Failure::failed("nothing was deleted")
        .because(error)
        .hints(in_use.or(error.hint()))
}

fn warn_of_uses(console: &Console, place: &SecretPlace, names: &[String]) {
    let uses = place.uses();
    for name in names {
        if let Some(keys) = uses.get(name).filter(|keys| !keys.is_empty()) {
            console.warning(&format!("{name} is used in `lobu.toml`: {}", keys.join(", ")));
        }
    }
}

async fn consent(
    console: &Console,
    arguments: &SecretsDeleteArgs,
    names: &[String],
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if arguments.yes {
        return Ok(());
    }
    if !console.host.can_ask() {
        let failure = Failure::failed("nobody can be asked; nothing was deleted");
        return Err(failure.hint("`--yes` deletes without asking"));
    }
    let question = format!(
        "delete {} from the server? A value cannot be brought back. [y/N] ",
        names.join(", ")
    );
    let answer = ask(console, interrupt, &question).await?.unwrap_or_default();
    if is_yes(&answer) {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Declined, "nothing was deleted"))
}

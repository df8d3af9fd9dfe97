//! `lobuctl secrets`: the secrets that an organization keeps on its server, by name. None of these commands shows a value
//! or takes one as an argument.

mod audit;
mod delete;
mod local;
mod place;
mod provider_key;
mod push;
mod question;
mod report;

use serde_json::json;

use super::console::Console;
use super::signal::Interrupt;
use place::SecretPlace;

use crate::cli::{Common, Format, SecretsArgs, SecretsCommand, SecretsDiffArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{SecretDifference, compare_secrets};
use crate::resource::key_provider;
use crate::show::vault::{diff_lines, difference_word, list_lines};

/// Carries out a subcommand.
///
/// # Errors
/// When the server keeps no secrets by name, or does not let this person see them.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &SecretsArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let place = SecretPlace::find(console, common).await?;
    match arguments.command.as_ref().unwrap_or(&SecretsCommand::List) {
        SecretsCommand::List => list(console, &place, interrupt).await,
        SecretsCommand::Push(arguments) => push::run(console, &place, arguments, interrupt).await,
        SecretsCommand::Diff(arguments) => diff(console, &place, arguments, interrupt).await,
        SecretsCommand::Delete(arguments) => delete::run(console, &place, arguments, interrupt).await,
        SecretsCommand::Audit(arguments) => audit::run(console, &place, arguments, interrupt).await,
    }
}

async fn list(console: &Console, place: &SecretPlace, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let secrets = place.secrets(interrupt).await?;
    let uses = place.uses();
    if console.format == Format::Json {
        for secret in &secrets {
            let value = json!({
                "name": secret.name, "fingerprint": secret.fingerprint, "source": secret.source,
                "updated_at": secret.updated_at.map(|at| at.to_string()), "updated_by": secret.updated_by,
                "used_by": secret.used_by, "uses": uses.get(&secret.name).cloned().unwrap_or_default(),
            });
            console.object("secret", &value)?;
        }
    } else {
        console.lines(&list_lines(
            &place.connection.target,
            &secrets,
            &uses,
            console.host.now(),
        ))?;
    }
    Ok(Exit::Done)
}

async fn diff(
    console: &Console,
    place: &SecretPlace,
    arguments: &SecretsDiffArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let local = local::read(console, place.project.as_ref(), &arguments.source, interrupt).await?;
    let mut secrets = place.secrets(interrupt).await?;
    // No file names the key of a provider in this way.
    secrets.retain(|secret| key_provider(&secret.name).is_none());
    let mut differences = compare_secrets(&local.names, &local.values, &secrets);
    if local.is_selection {
        differences.retain(|name, _| local.names.contains(name));
    }
    if console.format == Format::Json {
        for (name, difference) in &differences {
            let value = json!({ "name": name, "difference": difference_word(*difference) });
            console.object("secret-difference", &value)?;
        }
    } else {
        console.lines(&diff_lines(&place.connection.target, &differences))?;
    }
    let all_same = differences.values().all(|found| *found == SecretDifference::Same);
    Ok(if arguments.detailed_exitcode && !all_same {
        Exit::Changes
    } else {
        Exit::Done
    })
}

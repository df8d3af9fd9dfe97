//! Secrets whose values the server has: which names it keeps, and references in the place of values.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::options::ReviewOptions;
use crate::config::{Project, SecretSource, SecretSummary, SecretsCheck, SecretsFrom};
use crate::failure::Failure;
use crate::plan::Target;
use crate::remote::Client;
use crate::resource::{ConfigValue, ServerSecret, server_secret_reference};

/// Reads the names of the secrets on the server. Returns `None` where nothing depends on them.
///
/// # Errors
/// When they cannot be read, or the server keeps no secrets by name.
pub(super) async fn read_server_names(
    project: &Project,
    (client, target): (&Client, &Target),
    options: &ReviewOptions,
) -> Result<Option<Arc<BTreeSet<String>>>, Failure> {
    let from = options.secrets_from;
    if from == SecretsFrom::Local || project.secrets.is_empty() {
        return Ok(None);
    }
    let names = |secrets: Vec<ServerSecret>| Arc::new(secrets.into_iter().map(|secret| secret.name).collect());
    let read = client.secrets().await;
    // What this machine has is enough. The names are for the files as they may be saved later.
    if from == SecretsFrom::Auto && project.secrets.iter().all(|secret| secret.source.is_some()) {
        return Ok(read.ok().flatten().map(names));
    }
    let secrets = read.map_err(|error| {
        let message = "the names of the secrets on the server could not be read; nothing was written";
        Failure::failed(message).because(&error).hints(error.hint())
    })?;
    let secrets = secrets.ok_or_else(|| {
        let message = format!("{} keeps no secrets by name; nothing was written", target.url);
        Failure::failed(message).hint("`--secrets local` sends the values of this machine")
    })?;
    Ok(Some(names(secrets)))
}

/// Puts references in the place of the values that the server has, so that the plan compares and sends them.
///
/// # Errors
/// When a name has a value neither here nor there: all of them, with the command that pushes them.
pub(super) fn refer_to_server(
    project: &mut Project,
    names: Option<&BTreeSet<String>>,
    target: &Target,
    options: &ReviewOptions,
) -> Result<(), Failure> {
    let none = BTreeSet::new();
    let from = options.secrets_from;
    if from == SecretsFrom::Local {
        return Ok(());
    }
    let names = names.unwrap_or(&none);
    let missing: Vec<&SecretSummary> = project
        .secrets
        .iter()
        .filter(|secret| secret.sent || options.secrets_check == SecretsCheck::All)
        .filter(|secret| {
            let here = secret.source.is_some() && (from == SecretsFrom::Auto || !secret.sent);
            !here && !names.contains(&secret.name)
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing_failure(&missing));
    }
    for secret in &mut project.secrets {
        let has_value = project.secret_values.contains_key(&secret.name);
        if names.contains(&secret.name) && (!has_value || (from == SecretsFrom::Server && secret.sent)) {
            secret.source = Some(SecretSource::Server);
        }
    }
    let organization = target.organization.as_str();
    for field in &project.secret_fields {
        let here = project.secret_values.contains_key(&field.name);
        let platform = project.desired.platforms.get_mut(&field.platform);
        if let Some(platform) = platform.filter(|_| from == SecretsFrom::Server || !here) {
            let reference = server_secret_reference(organization, &field.name);
            platform
                .config
                .insert(field.key.clone(), ConfigValue::Plain(Value::String(reference)));
        }
    }
    Ok(())
}

fn missing_failure(missing: &[&SecretSummary]) -> Failure {
    let names: Vec<&str> = missing.iter().map(|secret| secret.name.as_str()).collect();
    let is = if names.len() == 1 { "is" } else { "are" };
    let mut failure = Failure::invalid(format!(
        "{} {is} not on the server; nothing was written",
        names.join(", ")
    ));
    for secret in missing {
        let uses = secret
            .uses
            .iter()
            .map(|(origin, key)| format!("{}:{} {key}", origin.file.display(), origin.line));
        failure.causes.push(format!(
            "{} is used by {}",
            secret.name,
            uses.collect::<Vec<_>>().join(", ")
        ));
    }
    failure.hint(format!("`lobuctl secrets push --only {}` stores them", names.join(" ")))
}

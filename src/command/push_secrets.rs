//! What a push of secrets has, sends and proves, for the command line and for the screen.

use std::collections::BTreeMap;

use crate::config::{Project, SecretSource};
use crate::failure::{Failure, FailureKind};
use crate::plan::{LocalSecret, PushStep};
use crate::remote::{Client, RemoteError};
use crate::resource::{Secret, SecretWrite, ServerSecret};
use crate::show::secret::source_text;
use crate::wire::secret::WireSecretResult;

/// Returns the values that an apply would take, by name.
pub(super) fn project_values(project: &Project) -> BTreeMap<String, LocalSecret> {
    let values = project.secret_values.iter();
    let local = |(name, (value, source)): (&String, &(Secret, SecretSource))| {
        let local = LocalSecret {
            value: value.clone(),
            from: source_text(source),
            source: "env",
        };
        (name.clone(), local)
    };
    values.map(local).collect()
}

/// Secrets that the server has stored.
pub(super) struct StoredSecrets {
    /// What became of each step.
    pub(super) results: Vec<WireSecretResult>,
    /// Whether the response was lost, so that only a reading shows it.
    pub(super) by_reading: bool,
}

/// Sends the steps. Not interrupted: what was sent has to be known.
///
/// # Errors
/// When the server stored nothing, or when it is not known whether it did.
pub(super) async fn store(client: &Client, steps: &[&PushStep]) -> Result<StoredSecrets, Failure> {
    let writes: Vec<SecretWrite> = steps.iter().map(|step| step.write.clone()).collect();
    match client.write_secrets(&writes).await {
        Ok(results) => Ok(StoredSecrets {
            results,
            by_reading: false,
        }),
        Err(error) if error.maybe_applied() => {
            let read = client.secrets().await.ok().flatten();
            settle(steps, read.as_deref(), &error)
        }
        Err(error) => {
            let changed = error.status() == Some(412);
            let compare =
                changed.then_some("somebody has replaced a value meanwhile: `lobuctl secrets diff` compares again");
            Err(Failure::failed("the server stored nothing")
                .because(&error)
                .hints(compare.or(error.hint())))
        }
    }
}

/// Decides by a reading whether a request without a usable response was carried out. All of its names were written or none.
fn settle(steps: &[&PushStep], read: Option<&[ServerSecret]>, error: &RemoteError) -> Result<StoredSecrets, Failure> {
    let stored = |step: &PushStep| {
        let found = read?.iter().find(|secret| secret.name == step.write.name);
        Some(found.map(|secret| secret.fingerprint.clone()))
    };
    let changed: Vec<&&PushStep> = steps
        .iter()
        .filter(|step| step.before.as_ref() != Some(&step.after))
        .collect();
    let all = |wanted: fn(&PushStep) -> Option<String>| {
        !changed.is_empty()
            && changed
                .iter()
                .all(|step| stored(step).is_some_and(|found| found == wanted(step)))
    };
    if all(|step| Some(step.after.clone())) {
        return Ok(StoredSecrets {
            results: steps.iter().map(|step| read_result(step)).collect(),
            by_reading: true,
        });
    }
    if all(|step| step.before.clone()) {
        return Err(Failure::failed("the server stored nothing")
            .because(error)
            .hints(error.hint()));
    }
    let message = "it is not known whether the values were stored";
    let hint = "`lobuctl secrets diff` compares them; a push can be repeated";
    Err(Failure::new(FailureKind::Partial, message).because(error).hint(hint))
}

/// Returns the result of a step that a reading shows. What restarted is not known.
fn read_result(step: &PushStep) -> WireSecretResult {
    let action = if step.replaces() { "rotated" } else { "created" };
    WireSecretResult {
        name: step.write.name.clone(),
        action: action.to_owned(),
        fingerprint: Some(step.after.clone()),
        will_restart: Vec::new(),
        restart_failed: Vec::new(),
    }
}

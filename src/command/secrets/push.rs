//! `lobuctl secrets push`: what the server lacks, and with `--rotate` what differs, in one request that stores all or nothing.

use serde_json::json;

use super::local;
use super::place::{SecretPlace, check_names};
use super::provider_key;
use super::question::{Answer, answer, can_ask};
use super::report::report;
use crate::cli::{Format, PushArgs};
use crate::command::console::Console;
use crate::command::signal::Interrupt;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::plan::{PushPlan, PushStep, Rotation};
use crate::remote::RemoteError;
use crate::resource::{SecretWrite, ServerSecret};
use crate::show::vault::{push_lines, push_question};
use crate::wire::secret::WireSecretResult;

/// Plans the push, asks, and sends what was approved.
pub(super) async fn run(
    console: &Console,
    place: &SecretPlace,
    arguments: &PushArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let named = arguments.rotate.as_deref().unwrap_or_default();
    check_names(named)?;
    let mut local = local::read(console, place.project.as_ref(), &arguments.source, interrupt).await?;
    local.require(named)?;
    local.names.extend(named.iter().cloned());
    let Some(server) = place.secrets_if_kept(interrupt).await? else {
        return provider_key::push(console, place, arguments, &local, interrupt).await;
    };
    let plan = PushPlan::of(&local.names, &local.values, &server, &rotation(arguments));
    show(console, place, &plan)?;
    if arguments.dry_run || plan.steps.is_empty() {
        return Ok(Exit::Done);
    }
    let steps = approved(console, arguments, &plan, interrupt).await?;
    if steps.is_empty() {
        return Err(Failure::new(FailureKind::Declined, "nothing was written"));
    }
    send(console, place, &steps).await
}

fn rotation(arguments: &PushArgs) -> Rotation {
    match &arguments.rotate {
        None => Rotation::Missing,
        Some(names) if names.is_empty() => Rotation::Differing,
        Some(names) => Rotation::Named(names.iter().cloned().collect()),
    }
}

fn show(console: &Console, place: &SecretPlace, plan: &PushPlan) -> Result<(), Failure> {
    if console.format != Format::Json {
        return console.lines(&push_lines(&place.connection.target, plan));
    }
    let steps = plan.steps.iter().map(|step| {
        json!({
            "name": step.write.name, "op": if step.replaces() { "rotate" } else { "create" },
            "before": step.before, "after": step.after, "from": step.from,
        })
    });
    let value = json!({
        "target": place.connection.target, "steps": steps.collect::<Vec<_>>(), "same": plan.same, "kept": plan.kept,
        "only_there": plan.only_there, "missing": plan.missing,
    });
    console.object("secrets-push", &value)
}

/// Returns the steps that the flags or the answers approve.
async fn approved<'a>(
    console: &Console,
    arguments: &PushArgs,
    plan: &'a PushPlan,
    interrupt: &Interrupt,
) -> Result<Vec<&'a PushStep>, Failure> {
    let (mut all_creates, mut all_rotates) = (arguments.yes, arguments.yes_rotate);
    let mut approved = Vec::new();
    for step in &plan.steps {
        let all = if step.replaces() {
            &mut all_rotates
        } else {
            &mut all_creates
        };
        if *all {
            approved.push(step);
            continue;
        }
        if !can_ask(console, arguments) {
            return Err(unasked(step));
        }
        match answer(console, &push_question(step), interrupt).await? {
            Answer::Yes => approved.push(step),
            Answer::No => {}
            Answer::All => {
                *all = true;
                approved.push(step);
            }
            Answer::Quit => return Ok(Vec::new()),
        }
    }
    Ok(approved)
}

/// Returns the failure of a step that needs a question where there is no terminal.
fn unasked(step: &PushStep) -> Failure {
    let (what, flag) = if step.replaces() {
        ("replaced", "--yes-rotate")
    } else {
        ("created", "--yes")
    };
    let message = format!(
        "{} would be {what}, and nobody can be asked; nothing was written",
        step.write.name
    );
    Failure::failed(message).hint(format!("`{flag}` approves it"))
}

/// Sends the approved steps. Not interrupted: what was sent has to be known.
async fn send(console: &Console, place: &SecretPlace, steps: &[&PushStep]) -> Result<Exit, Failure> {
    let writes: Vec<SecretWrite> = steps.iter().map(|step| step.write.clone()).collect();
    let client = &place.connection.client;
    let results = match client.write_secrets(&writes).await {
        Ok(results) => results,
        Err(error) if error.maybe_applied() => {
            let read = client.secrets().await.ok().flatten();
            return settle(console, steps, read.as_deref(), &error);
        }
        Err(error) => {
            return Err(Failure::failed("the server stored nothing")
                .because(&error)
                .hints(error.hint()));
        }
    };
    for result in &results {
        report(console, result)?;
    }
    Ok(Exit::Done)
}

/// Decides by a reading whether a request without a usable response was carried out. All of its names were written or none.
fn settle(
    console: &Console,
    steps: &[&PushStep],
    read: Option<&[ServerSecret]>,
    error: &RemoteError,
) -> Result<Exit, Failure> {
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
        console.progress("the response was lost; a reading shows that the values are stored");
        for step in steps {
            let action = if step.replaces() { "rotated" } else { "created" };
            report(
                console,
                &WireSecretResult {
                    name: step.write.name.clone(),
                    action: action.to_owned(),
                    fingerprint: Some(step.after.clone()),
                    will_restart: Vec::new(),
                    restart_failed: Vec::new(),
                },
            )?;
        }
        return Ok(Exit::Done);
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

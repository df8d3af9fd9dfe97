//! `lobuctl secrets push`: what the server lacks, and with `--rotate` what differs, in one request that stores all or nothing.

use serde_json::json;

use super::local;
use super::place::{SecretPlace, check_names};
use super::provider_key;
use super::question::{Answer, answer, can_ask};
use super::report::report;
use crate::cli::{Format, PushArgs};
use crate::command::console::Console;
use crate::command::push_secrets::store;
use crate::command::signal::Interrupt;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::plan::{PushPlan, PushStep, Rotation};
use crate::show::vault::{push_lines, push_question, value_warning};

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
    for step in &plan.steps {
        let value = step.write.value();
        let warning = value.and_then(|value| value_warning(&step.write.name, value));
        if let Some(warning) = warning {
            console.warning(&warning);
        }
    }
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

/// Sends the approved steps, and prints what became of them.
async fn send(console: &Console, place: &SecretPlace, steps: &[&PushStep]) -> Result<Exit, Failure> {
    let stored = store(&place.connection.client, steps).await?;
    if stored.by_reading {
        console.progress("the response was lost; a reading shows that the values are stored");
    }
    for result in &stored.results {
        report(console, result)?;
    }
    Ok(Exit::Done)
}

//! `lobuctl secrets push` on a server that keeps no secrets by name but takes keys of providers: one request for each key,
//! and no way to learn which key was there.

use serde_json::json;

use super::local::LocalSecrets;
use super::place::SecretPlace;
use super::question::{Answer, answer, can_ask};
use crate::cli::{Format, PushArgs};
use crate::command::console::Console;
use crate::command::signal::Interrupt;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::plan::{ProviderKeyPlan, ProviderKeyStep};
use crate::remote::{ProviderKeyRoutes, RemoteError};
use crate::resource::ProviderKey;
use crate::show::provider_key::{key_lines, key_question, written_key_line};
use crate::show::vault::value_warning;

/// The way to the server for keys.
struct KeyRoute {
    routes: ProviderKeyRoutes,
    /// The id of an agent that exists on the server.
    agent: String,
}

/// Finds out whether the server takes keys, plans the push, asks, and sends what was approved.
pub(super) async fn push(
    console: &Console,
    place: &SecretPlace,
    arguments: &PushArgs,
    local: &LocalSecrets,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let keys = place.project.as_ref().map_or(&[][..], |project| &project.provider_keys);
    let plan = ProviderKeyPlan::of(&local.names, &local.values, keys).map_err(|conflict| {
        Failure::failed("nothing was sent")
            .because(&conflict)
            .hint("`--only NAME` chooses one of them")
    })?;
    let wanted: Vec<&ProviderKey> = keys.iter().filter(|key| local.names.contains(&key.name)).collect();
    if wanted.is_empty() {
        return Err(place.unsupported("keeps no secrets by name"));
    }
    let route = interrupt.or(find_route(place, &wanted)).await?;
    show(console, place, &plan)?;
    for step in &plan.steps {
        if let Some(warning) = value_warning(&step.name, &step.value) {
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
    send(console, place, &route, &steps).await
}

/// Finds out how the server takes these keys. No key is sent.
async fn find_route(place: &SecretPlace, keys: &[&ProviderKey]) -> Result<KeyRoute, Failure> {
    let client = &place.connection.client;
    let unread = |error: RemoteError| {
        Failure::failed("it is not known whether the server takes keys of providers; nothing was sent")
            .because(&error)
            .hints(error.hint())
    };
    let agents = client.agents().await.map_err(unread)?;
    let exists = |id: &&String| agents.iter().any(|listed| listed.agent.id == **id);
    let wanted = keys.iter().map(|key| &key.agent).find(exists);
    let Some(agent) = wanted.or(agents.first().map(|listed| &listed.agent.id)).cloned() else {
        let failure =
            Failure::failed("the server has no agent, and takes keys of providers below one; nothing was sent");
        return Err(failure.hint("`lobuctl apply` creates the agents of `lobu.toml`"));
    };
    let providers: Vec<&str> = keys.iter().map(|key| key.provider.as_str()).collect();
    let routes = client.provider_key_routes(&agent, &providers).await.map_err(unread)?;
    if providers.iter().all(|provider| routes.takes(provider)) {
        return Ok(KeyRoute { routes, agent });
    }
    Err(place.unsupported("keeps no secrets by name and takes no keys of providers"))
}

fn show(console: &Console, place: &SecretPlace, plan: &ProviderKeyPlan) -> Result<(), Failure> {
    let target = &place.connection.target;
    if console.format != Format::Json {
        return console.lines(&key_lines(target, plan));
    }
    let steps = plan
        .steps
        .iter()
        .map(|step| json!({ "name": step.name, "provider": step.provider, "from": step.from }));
    let value = json!({
        "target": target, "steps": steps.collect::<Vec<_>>(), "missing": plan.missing,
        "without_provider": plan.without_provider,
    });
    console.object("provider-keys-push", &value)
}

/// Returns the steps that `--yes-rotate` or the answers approve. Each may replace a key, so `--yes` approves none.
async fn approved<'a>(
    console: &Console,
    arguments: &PushArgs,
    plan: &'a ProviderKeyPlan,
    interrupt: &Interrupt,
) -> Result<Vec<&'a ProviderKeyStep>, Failure> {
    let mut all = arguments.yes_rotate;
    let mut approved = Vec::new();
    for step in &plan.steps {
        if !all && !can_ask(console, arguments) {
            let message = format!(
                "the key of provider `{}` may replace one, and nobody can be asked; nothing was written",
                step.provider
            );
            return Err(Failure::failed(message).hint("`--yes-rotate` approves it"));
        }
        if !all {
            match answer(console, &key_question(step), interrupt).await? {
                Answer::Yes => {}
                Answer::No => continue,
                Answer::All => all = true,
                Answer::Quit => return Ok(Vec::new()),
            }
        }
        approved.push(step);
    }
    Ok(approved)
}

/// Sends the approved keys one by one, and stops at the first that the server does not store.
async fn send(
    console: &Console,
    place: &SecretPlace,
    route: &KeyRoute,
    steps: &[&ProviderKeyStep],
) -> Result<Exit, Failure> {
    let client = &place.connection.client;
    for (index, step) in steps.iter().enumerate() {
        let written = client.write_provider_key(&route.routes, &route.agent, &step.provider, &step.value);
        if let Err(error) = written.await {
            return Err(unwritten(&error, index, &steps[index..]));
        }
        if console.format == Format::Json {
            let value = json!({ "name": step.name, "provider": step.provider, "action": "written" });
            console.object("provider-key-written", &value)?;
        } else {
            console.text(&(written_key_line(step) + "\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// Returns the failure of the first of the keys that are `left`, after `written` others.
fn unwritten(error: &RemoteError, written: usize, left: &[&ProviderKeyStep]) -> Failure {
    let provider = left.first().map_or("", |step| &step.provider);
    let (kind, message) = if error.maybe_applied() {
        let message = format!("it is not known whether the key of provider `{provider}` was written");
        (FailureKind::Partial, message)
    } else if written == 0 {
        (FailureKind::Failed, "the server stored nothing".to_owned())
    } else {
        (
            FailureKind::Partial,
            format!("the key of provider `{provider}` was not written"),
        )
    };
    let names: Vec<&str> = left.iter().map(|step| step.name.as_str()).collect();
    Failure::new(kind, message)
        .because(error)
        .hints(error.hint())
        .hint(format!(
            "`lobuctl secrets push --only {}` writes what is left",
            names.join(" ")
        ))
}

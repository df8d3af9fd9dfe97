//! The requests of agents and their settings.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::apply::stamp::milliseconds;
use crate::remote::RemoteError;
use crate::remote::write::{self, Answer};
use crate::resource::Agent;
use crate::resource::field_table::have_same_fields;

/// Creates an agent. A POST for one that exists changes nothing and answers 200, which is never taken for a creation.
pub(super) async fn create(context: &StepContext<'_>, agent: &Agent) -> Result<Outcome, RemoteError> {
    let Answer::Exists(stored) = write::create_agent(&context.client, agent).await? else {
        return Ok(Outcome::Created);
    };
    let listed = context.client.agents().await?;
    if listed.iter().all(|other| other.agent.id != agent.id) {
        return Ok(Outcome::Failed {
            message: "the server has a hidden agent of this id, which lobuctl must not touch".to_owned(),
            hint: Some("choose another id".to_owned()),
            partly_written: false,
        });
    }
    if have_same_fields(Agent::FIELDS, &stored, agent) {
        context.note("another run created it meanwhile");
        return Ok(Outcome::Unchanged);
    }
    Ok(Outcome::Stale {
        message: "somebody created this agent meanwhile, with other values".to_owned(),
    })
}

/// Changes these fields of an agent's own row.
pub(super) async fn patch(
    context: &StepContext<'_>,
    id: &str,
    body: &Map<String, Value>,
) -> Result<Outcome, RemoteError> {
    write::patch_agent(&context.client, id, body).await?;
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes an agent with its settings and platforms.
pub(super) async fn delete(context: &StepContext<'_>, id: &str) -> Result<Outcome, RemoteError> {
    write::delete_agent(&context.client, id).await?;
    Ok(Outcome::Deleted)
}

/// Changes an agent's settings.
pub(super) async fn patch_settings(
    context: &StepContext<'_>,
    agent: &str,
    body: &Map<String, Value>,
) -> Result<Outcome, RemoteError> {
    write::patch_settings(&context.client, agent, body, now_ms()).await?;
    if context.resends_secret() {
        context.note("sent again; the server does not say whether a secret changed");
        return Ok(Outcome::Unchanged);
    }
    Ok(if context.creates() {
        Outcome::Created
    } else {
        Outcome::Updated { restarted: None }
    })
}

/// Returns milliseconds since the epoch: the server stamps with its own clock everything but the providers of a PATCH.
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

//! The requests of agents and their settings.

use serde_json::{Map, Value};

use crate::apply::context::StepContext;
use crate::apply::event::Outcome;
use crate::plan::SettingsPatch;
use crate::remote::{CreatedAgent, RemoteError};
use crate::resource::Agent;
use crate::resource::field_table::have_same_fields;

/// Creates an agent. A POST for one that exists changes nothing and answers 200, which never counts as a creation.
pub(super) async fn create(context: &StepContext<'_>, agent: &Agent) -> Result<Outcome, RemoteError> {
    let CreatedAgent::Exists(stored) = context.client.create_agent(agent).await? else {
        return Ok(Outcome::Created);
    };
    // The server answers 200 for hidden agents too, but leaves them out of its list (contract section 4).
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
        message: "it was created meanwhile, with other values".to_owned(),
    })
}

/// Changes these fields of an agent's own row.
pub(super) async fn patch(
    context: &StepContext<'_>,
    id: &str,
    body: &Map<String, Value>,
) -> Result<Outcome, RemoteError> {
    context.client.patch_agent(id, body).await?;
    Ok(Outcome::Updated { restarted: None })
}

/// Deletes an agent with its settings and platforms.
pub(super) async fn delete(context: &StepContext<'_>, id: &str) -> Result<Outcome, RemoteError> {
    context.client.delete_agent(id).await?;
    Ok(Outcome::Deleted)
}

/// Changes an agent's settings.
pub(super) async fn patch_settings(context: &StepContext<'_>, patch: &SettingsPatch) -> Result<Outcome, RemoteError> {
    let body = patch.body();
    context
        .client
        .patch_settings(patch.agent(), &body, context.now_ms())
        .await?;
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

//! The secrets of an organization: listed by name and fingerprint, and created, rotated and deleted, all of a request or
//! none. Only for owners and admins.

pub(crate) mod provider_key;
mod request;

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use request::{VaultAction, VaultOp};

use crate::server::app::{App, Shared, iso};
use crate::server::audit::{self, AuditPage};
use crate::server::auth::{Caller, OrgAdmin};
use crate::server::body::JsonBody;
use crate::server::db::{Tx, params};
use crate::server::path::PathIds;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::platform::rotation::{Restarts, restart_users};
use crate::server::vault::{self, NewSecret, VaultEntry};
use crate::server::vault_reference::vault_reference;
use crate::server::vault_use::VaultUses;

/// A secret in a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretBody {
    name: String,
    fingerprint: String,
    source: String,
    created_at: String,
    updated_at: String,
    /// The id of the user who stored the value.
    updated_by: String,
    /// The ids of the platforms that refer to it.
    used_by: Vec<String>,
}

impl SecretBody {
    fn new(entry: VaultEntry, uses: &VaultUses) -> Self {
        Self {
            used_by: uses.of(&entry.name),
            name: entry.name,
            fingerprint: entry.fingerprint,
            source: entry.source,
            created_at: iso(entry.created_at),
            updated_at: iso(entry.updated_at),
            updated_by: entry.updated_by,
        }
    }
}

/// `GET /api/:org/secrets`: lists the secrets by name, never a value.
pub(crate) async fn list(State(app): State<Shared>, OrgAdmin(caller): OrgAdmin) -> ApiResult<Json<Vec<SecretBody>>> {
    let entries: Vec<VaultEntry> = app.db.rows(vault::LIST, params![&caller.organization.id]).await?;
    let uses = VaultUses::read(&app.db, &caller.organization).await?;
    Ok(Json(
        entries.into_iter().map(|entry| SecretBody::new(entry, &uses)).collect(),
    ))
}

/// The beginning of every action on a secret.
const ACTIONS: &str = "secret.";

/// `GET /api/:org/secrets/audit`: lists the newest events of all secrets, newest first.
pub(crate) async fn audit_all(State(app): State<Shared>, OrgAdmin(caller): OrgAdmin) -> ApiResult<Json<AuditPage>> {
    audit::read_newest(&app.db, &caller, ("", ACTIONS)).await
}

/// `GET /api/:org/secrets/audit/:name`: lists the newest events of one secret, newest first.
pub(crate) async fn audit_one(
    State(app): State<Shared>,
    OrgAdmin(caller): OrgAdmin,
    PathIds((_, name)): PathIds<(String, String)>,
) -> ApiResult<Json<AuditPage>> {
    audit::read_newest(&app.db, &caller, (&name, ACTIONS)).await
}

/// The word for a value that was replaced.
const ROTATED: &str = "rotated";

/// The response of [`manage`].
#[derive(Serialize)]
pub(crate) struct ManagedSecrets {
    /// One result for each action, in the order of the request.
    results: Vec<ManagedSecret>,
}

/// What became of one action.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagedSecret {
    name: String,
    /// The fingerprint of the new value. `None` after a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// `created`, `rotated` or `deleted`.
    action: &'static str,
    /// How a platform's config refers to the secret.
    #[serde(rename = "ref")]
    reference: String,
    /// The ids of the platforms that restarted with the new value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    will_restart: Vec<String>,
    /// The ids of the platforms that did not start with the new value, and run with the old one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restart_failed: Vec<String>,
}

/// `POST /api/:org/secrets/manage`: carries out every action, or none and says why.
pub(crate) async fn manage(
    State(app): State<Shared>,
    OrgAdmin(caller): OrgAdmin,
    mut body: JsonBody,
) -> ApiResult<Json<ManagedSecrets>> {
    let actions = request::actions(body.take_fields())?;
    let work = app.clone();
    let results = app
        .run_to_completion(async move { carry_out(&work, &caller, &actions).await })
        .await?;
    Ok(Json(ManagedSecrets { results }))
}

async fn carry_out(app: &App, caller: &Caller, actions: &[VaultAction]) -> ApiResult<Vec<ManagedSecret>> {
    // By name, so that two requests that change the same names wait for each other and not in a circle.
    let mut order: Vec<usize> = (0..actions.len()).collect();
    order.sort_by_key(|at| &actions[*at].name);
    let mut tx = app.db.begin().await?;
    let (mut done, mut refusals) = (Vec::new(), Vec::new());
    for at in order {
        match change(&mut tx, caller, &actions[at]).await? {
            Ok(result) => done.push((at, result)),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if let Some(error) = refuse(&refusals) {
        tx.rollback().await?;
        return Err(error);
    }
    tx.commit().await?;
    done.sort_by_key(|(at, _)| *at);
    let mut results: Vec<ManagedSecret> = done.into_iter().map(|(_, result)| result).collect();
    restart(app, caller, &mut results).await;
    Ok(results)
}

/// Restarts what uses the secrets that were rotated, and notes it in the results. The values are stored already, so whatever
/// goes wrong here fails no request.
async fn restart(app: &App, caller: &Caller, results: &mut [ManagedSecret]) {
    let rotated: BTreeSet<String> = results
        .iter()
        .filter(|result| result.action == ROTATED)
        .map(|result| result.name.clone())
        .collect();
    if rotated.is_empty() {
        return;
    }
    let Restarts {
        uses,
        restarted,
        failed,
    } = match restart_users(app, caller, &rotated).await {
        Ok(restarts) => restarts,
        Err(error) => {
            tracing::error!(
                reason = error.message(),
                "platforms were not restarted with a new secret"
            );
            return;
        }
    };
    for result in results.iter_mut().filter(|result| rotated.contains(&result.name)) {
        let of = |ids: &BTreeSet<String>| {
            uses.of(&result.name)
                .into_iter()
                .filter(|id| ids.contains(id))
                .collect()
        };
        (result.will_restart, result.restart_failed) = (of(&restarted), of(&failed));
    }
}

/// Why an action was not carried out.
enum VaultRefusal {
    /// There is a secret of this name.
    Exists(String),
    /// There is no secret of this name.
    Missing(String),
    /// The value is not the one that was expected.
    Changed(String),
    /// These platforms use the secret.
    InUse(String, Vec<String>),
}

/// Returns the error for these refusals: one code, and a sentence for each name. `None` when there are none.
fn refuse(refusals: &[VaultRefusal]) -> Option<ApiError> {
    let (status, code) = match refusals.first()? {
        VaultRefusal::Exists(_) => (StatusCode::CONFLICT, "already_exists"),
        VaultRefusal::Missing(_) => (StatusCode::NOT_FOUND, "not_found"),
        VaultRefusal::Changed(_) => (StatusCode::PRECONDITION_FAILED, "changed"),
        VaultRefusal::InUse(..) => (StatusCode::CONFLICT, "in_use"),
    };
    let sentences: Vec<String> = refusals
        .iter()
        .map(|refusal| match refusal {
            VaultRefusal::Exists(name) => format!("`{name}` exists already"),
            VaultRefusal::Missing(name) => format!("there is no secret `{name}`"),
            VaultRefusal::Changed(name) => format!("`{name}` has changed since it was read"),
            VaultRefusal::InUse(name, ids) => format!("`{name}` is used by {}", ids.join(", ")),
        })
        .collect();
    let message = format!("{}; nothing was changed", sentences.join(", "));
    Some(ApiError::coded(status, code, message))
}

/// Carries out one action and records it.
async fn change(
    tx: &mut Tx<'_>,
    caller: &Caller,
    action: &VaultAction,
) -> ApiResult<Result<ManagedSecret, VaultRefusal>> {
    let name = action.name.as_str();
    let (verb, event, value) = match &action.op {
        VaultOp::Create(value) => ("created", "secret.create", Some(value)),
        VaultOp::Rotate(value, _) => (ROTATED, "secret.rotate", Some(value)),
        VaultOp::Delete { .. } => ("deleted", "secret.delete", None),
    };
    let new = value.map(|value| NewSecret {
        organization: &caller.organization.id,
        name,
        value,
        source: &action.source,
        account: &caller.member.account,
    });
    let (changed, refusal): (bool, fn(String) -> VaultRefusal) = match (&action.op, &new) {
        (VaultOp::Create(_), Some(new)) => (new.insert(tx).await?, VaultRefusal::Exists),
        (VaultOp::Rotate(_, Some(expected)), Some(new)) => {
            (new.update(tx, Some(expected)).await?, VaultRefusal::Changed)
        }
        (_, Some(new)) => (new.update(tx, None).await?, VaultRefusal::Missing),
        (_, None) => (
            vault::delete(tx, &caller.organization.id, name).await?,
            VaultRefusal::Missing,
        ),
    };
    if !changed {
        let expects = matches!(action.op, VaultOp::Rotate(_, Some(_)));
        let is_missing = expects && !vault::exists(tx, &caller.organization.id, name).await?;
        let refusal = if is_missing { VaultRefusal::Missing } else { refusal };
        return Ok(Err(refusal(name.to_owned())));
    }
    if matches!(action.op, VaultOp::Delete { force: false }) {
        // After the delete, which waits for a platform that is just being written: its row is seen now.
        let users = VaultUses::read_in(tx, &caller.organization).await?.of(name);
        if !users.is_empty() {
            return Ok(Err(VaultRefusal::InUse(name.to_owned(), users)));
        }
    }
    let fingerprint = value.map(vault::fingerprint);
    let mut facts: Vec<String> = fingerprint.iter().map(|print| format!("fingerprint:{print}")).collect();
    facts.extend((!action.source.is_empty()).then(|| format!("source:{}", action.source)));
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    audit::record(tx, caller, event, name, &facts).await?;
    Ok(Ok(ManagedSecret {
        name: name.to_owned(),
        fingerprint,
        action: verb,
        reference: vault_reference(&caller.organization.slug, name),
        will_restart: Vec::new(),
        restart_failed: Vec::new(),
    }))
}

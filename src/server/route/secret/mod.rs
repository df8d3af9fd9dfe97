//! The secrets of an organization: listed by name and fingerprint, and created, rotated and deleted, all of a request or
//! none. Only for owners and admins.

mod request;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use request::{VaultAction, VaultOp};

use crate::server::app::{App, Shared, iso};
use crate::server::audit;
use crate::server::auth::{Caller, OrgAdmin};
use crate::server::body::JsonBody;
use crate::server::db::{Tx, params};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::vault::{self, NewSecret, VaultEntry};

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
}

impl From<VaultEntry> for SecretBody {
    fn from(entry: VaultEntry) -> Self {
        Self {
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
    Ok(Json(entries.into_iter().map(SecretBody::from).collect()))
}

/// The response of [`manage`].
#[derive(Serialize)]
pub(crate) struct ManagedSecrets {
    /// One result for each action, in the order of the request.
    results: Vec<ManagedSecret>,
}

/// What became of one action.
#[derive(Serialize)]
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
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Why an action was not carried out.
enum Refusal {
    /// There is a secret of this name.
    Exists(String),
    /// There is no secret of this name.
    Missing(String),
}

/// Returns the error for these refusals: one code, and a sentence for each name. `None` when there are none.
fn refuse(refusals: &[Refusal]) -> Option<ApiError> {
    let (status, code) = match refusals.first()? {
        Refusal::Exists(_) => (StatusCode::CONFLICT, "already_exists"),
        Refusal::Missing(_) => (StatusCode::NOT_FOUND, "not_found"),
    };
    let sentences: Vec<String> = refusals
        .iter()
        .map(|refusal| match refusal {
            Refusal::Exists(name) => format!("`{name}` exists already"),
            Refusal::Missing(name) => format!("there is no secret `{name}`"),
        })
        .collect();
    let message = format!("{}; nothing was changed", sentences.join(", "));
    Some(ApiError::coded(status, code, message))
}

/// Carries out one action and records it.
async fn change(tx: &mut Tx<'_>, caller: &Caller, action: &VaultAction) -> ApiResult<Result<ManagedSecret, Refusal>> {
    let name = action.name.as_str();
    let (verb, event, value) = match &action.op {
        VaultOp::Create(value) => ("created", "secret.create", Some(value)),
        VaultOp::Rotate(value) => ("rotated", "secret.rotate", Some(value)),
        VaultOp::Delete => ("deleted", "secret.delete", None),
    };
    let new = value.map(|value| NewSecret {
        organization: &caller.organization.id,
        name,
        value,
        source: &action.source,
        account: &caller.member.account,
    });
    let (changed, refusal): (bool, fn(String) -> Refusal) = match (&action.op, &new) {
        (VaultOp::Create(_), Some(new)) => (new.insert(tx).await?, Refusal::Exists),
        (_, Some(new)) => (new.update(tx).await?, Refusal::Missing),
        (_, None) => (
            vault::delete(tx, &caller.organization.id, name).await?,
            Refusal::Missing,
        ),
    };
    if !changed {
        return Ok(Err(refusal(name.to_owned())));
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
        reference: format!("secret://{}/user/{name}", caller.organization.slug),
    }))
}

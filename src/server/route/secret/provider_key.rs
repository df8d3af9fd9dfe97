//! `PUT /api/:org/agents/:id/providers/:provider/api-key`, a route of later releases (contract section 11.4): the key of a
//! model provider, for the whole organization. It is an entry of the vault that no `$NAME` can refer to.

use axum::Json;
use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use super::request;
use crate::server::app::Shared;
use crate::server::audit;
use crate::server::auth::{Caller, OrgAdmin};
use crate::server::body::JsonBody;
use crate::server::db::Tx;
use crate::server::path::PathIds;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::agent;
use crate::server::vault::{self, NewSecret};
use crate::server::vault_reference::{is_provider_id, provider_key_name};

/// The response of [`put`].
#[derive(Serialize)]
pub(crate) struct StoredProviderKey {
    success: bool,
    name: String,
}

/// Stores a key, or replaces it.
pub(crate) async fn put(
    State(app): State<Shared>,
    OrgAdmin(caller): OrgAdmin,
    PathIds((_, agent, provider)): PathIds<(String, String, String)>,
    mut body: JsonBody,
) -> ApiResult<Json<StoredProviderKey>> {
    let value = match body.take_fields().swap_remove("value") {
        Some(Value::String(text)) => SecretString::from(text),
        _ => SecretString::default(),
    };
    if !agent::exists(&app.db, &caller.organization.id, &agent).await? {
        return Err(agent::not_found());
    }
    if !is_provider_id(&provider) {
        return Err(ApiError::bad_request("this is no id of a provider"));
    }
    let value = SecretString::from(value.expose_secret().trim());
    if value.expose_secret().is_empty() {
        return Err(ApiError::bad_request("Body must include a non-empty `value` string"));
    }
    let name = provider_key_name(&provider);
    request::check_value(&name, &value)?;
    let mut tx = app.db.begin().await?;
    store(&mut tx, &caller, &name, &value).await?;
    tx.commit().await?;
    Ok(Json(StoredProviderKey { success: true, name }))
}

async fn store(tx: &mut Tx<'_>, caller: &Caller, name: &str, value: &SecretString) -> ApiResult<()> {
    let new = NewSecret {
        organization: &caller.organization.id,
        name,
        value,
        source: "",
        account: &caller.member.account,
    };
    let event = if new.insert(tx).await? {
        "secret.create"
    } else if new.update(tx, None).await? {
        "secret.rotate"
    } else {
        // The insert found an entry that another request has deleted since.
        return Err(ApiError::unavailable("the key was deleted meanwhile, try again"));
    };
    let fact = format!("fingerprint:{}", vault::fingerprint(value));
    Ok(audit::record(tx, caller, event, name, &[&fact]).await?)
}

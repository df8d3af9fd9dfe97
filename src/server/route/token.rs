//! `POST /api/:org/tokens`: a person who has signed in creates a personal access token, as later servers allow. A personal
//! access token cannot create others, so one that leaks cannot outlive its end.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::server::app::{Shared, iso, now};
use crate::server::auth::{AnyMember, Caller, forbidden};
use crate::server::body::{JsonBody, text_field};
use crate::server::error::ServerError;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::token::{self, NewToken};

/// The scopes of a token whose request names none.
const DEFAULT_SCOPE: &str = "mcp:read mcp:write";
/// The most days that a token may be valid.
const MAX_DAYS: i64 = 3650;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The number of characters of a token that people recognize it by.
const PREFIX_CHARS: usize = 12;

/// Creates a token of the caller for the organization of the path.
pub(crate) async fn create(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    mut body: JsonBody,
) -> ApiResult<(StatusCode, Json<Value>)> {
    check_caller(&caller)?;
    let new = new_token(&caller, &body.take_fields())?;
    let text = token::generate().map_err(|error| ApiError::internal(&error))?;
    let mut tx = app.db.begin().await?;
    let by = (caller.member.account.as_str(), caller.member.token.as_str());
    let id = token::insert(&mut tx, &text, &new, by).await.map_err(as_api_error)?;
    tx.commit().await?;
    let prefix: String = text.expose_secret().chars().take(PREFIX_CHARS).collect();
    let body = json!({ "token": {
        "id": id,
        "token": text.expose_secret(),
        "token_prefix": prefix,
        "name": new.name,
        "scope": new.scope,
        "expires_at": new.expires_at.map(iso),
        "created_at": iso(now()),
    }});
    Ok((StatusCode::CREATED, Json(body)))
}

fn check_caller(caller: &Caller) -> ApiResult<()> {
    let member = &caller.member;
    let message = if !member.signed_in {
        "A personal access token cannot create tokens; sign in with `lobuctl login`"
    } else if !member.has_admin_scope() {
        "Creating tokens requires mcp:admin; sign in again with it"
    } else if !member.is_org_admin() {
        "Creating tokens requires the role owner or admin"
    } else {
        return Ok(());
    };
    Err(forbidden(message).denying(caller.denial()))
}

fn new_token(caller: &Caller, fields: &Map<String, Value>) -> ApiResult<NewToken> {
    let name = text_field(fields, "name")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::bad_request("name is required"))?;
    let expires_at = match fields.get("expiresInDays") {
        None | Some(Value::Null) => None,
        Some(days) => {
            let days = days.as_i64().filter(|days| (1..=MAX_DAYS).contains(days));
            let days = days.ok_or_else(|| ApiError::bad_request("expiresInDays must be a number from 1 to 3650"))?;
            Some(now() + days * DAY_MS)
        }
    };
    Ok(NewToken {
        name: name.to_owned(),
        account: caller.member.account.clone(),
        organization: Some(caller.organization.slug.clone()),
        scope: text_field(fields, "scope")?.unwrap_or(DEFAULT_SCOPE).to_owned(),
        expires_at,
    })
}

fn as_api_error(error: ServerError) -> ApiError {
    match error {
        ServerError::Argument(message) => ApiError::bad_request(message),
        ServerError::Database(error) => error.into(),
        other => ApiError::internal(&other),
    }
}

//! The device flow: a client asks for a code, and a person with a session decides.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::attempts::{CodeAttempts, MESSAGE};
use crate::server::app::{Shared, now};
use crate::server::body::{JsonBody, text_field};
use crate::server::form::{MAX_BYTES, Parameters};
use crate::server::oauth::client::{RegisteredClient, invalid_client};
use crate::server::oauth::decision::{self, Decided};
use crate::server::oauth::device::{self, LIFETIME_MS, NewDeviceRequest, POLL_SECONDS};
use crate::server::oauth::error::{access_denied, invalid_request, refused, too_many};
use crate::server::oauth::scope::ScopeSet;
use crate::server::reply::ApiResult;
use crate::server::sender::{self, SenderPage};
use crate::server::session;

/// The maximum number of characters of a resource that are kept.
const MAX_RESOURCE_CHARS: usize = 300;

/// `POST /oauth/device_authorization`: begins a request.
pub(super) async fn authorize(
    State(app): State<Shared>,
    headers: HeaderMap,
    extensions: Extensions,
    parameters: Parameters,
) -> ApiResult<Json<Value>> {
    let id = parameters.require("client_id", "client_id is required")?;
    let client = RegisteredClient::find(&app.db, id).await?;
    let client = client.ok_or_else(|| invalid_client("Unknown client_id"))?;
    if !client.device_grant {
        let message = "Client does not support device_code grant";
        return Err(refused("unauthorized_client", message));
    }
    let key = sender::address_key(&extensions, &headers);
    if !app.attempts.device_requests.admits(&key, now()) {
        return Err(too_many("too many sign-ins from this address; try again later"));
    }
    let resource = parameters.get("resource");
    if resource.is_some_and(|resource| resource.chars().count() > MAX_RESOURCE_CHARS) {
        return Err(invalid_request("resource is too long"));
    }
    let peer = sender::address(&extensions, &headers).map(|address| address.to_string());
    let new = NewDeviceRequest {
        client: &client,
        scope: parameters.get("scope").map(ScopeSet::parse),
        resource,
        peer: peer.as_deref(),
    };
    let codes = device::begin(&app.db, &new).await?;
    let page = format!("{}/oauth/device", app.origin());
    Ok(Json(json!({
        "device_code": codes.device.expose_secret(),
        "user_code": codes.user,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", codes.user),
        "expires_in": LIFETIME_MS / 1000,
        "interval": POLL_SECONDS,
    })))
}

/// `POST /oauth/device/approve`: decides a request, with a session and from a page of this server only.
pub(super) async fn approve(State(app): State<Shared>, request: Request) -> ApiResult<Response> {
    let Some(session) = session::find(&app, request.headers()).await? else {
        let body = json!({ "error": "Unauthorized", "message": "Valid session required" });
        return Ok((StatusCode::UNAUTHORIZED, Json(body)).into_response());
    };
    if sender::page(request.headers(), app.origin()) == SenderPage::Foreign {
        return Err(access_denied("Invalid request origin"));
    }
    let attempts = CodeAttempts::new(&app, &session, request.headers(), request.extensions());
    if !attempts.allowed() {
        return Err(too_many(MESSAGE));
    }
    let body = JsonBody::read(request, &app, MAX_BYTES.min(app.limits.body)).await;
    let fields = body?.take_fields();
    let code = text_field(&fields, "user_code")?.ok_or_else(|| invalid_request("user_code is required"))?;
    let decided = if fields.get("approved").and_then(Value::as_bool) == Some(true) {
        decision::approve(&app.db, &session, code, text_field(&fields, "organization_id")?).await
    } else {
        decision::deny(&app.db, code).await
    };
    if decided.as_ref().is_err_and(|error| error.has_code("invalid_grant")) {
        attempts.count();
    }
    Ok(match decided? {
        Decided::Approved => Json(json!({ "status": "approved" })).into_response(),
        Decided::Denied => Json(json!({ "status": "denied" })).into_response(),
        Decided::OrganizationNeeded(organizations) => {
            let organizations: Vec<Value> = organizations
                .iter()
                .map(|each| json!({ "id": each.id, "name": each.name, "slug": each.slug }))
                .collect();
            let body = json!({
                "error": "org_selection_required",
                "error_description": "Please select an organization for this session",
                "organizations": organizations,
            });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    })
}

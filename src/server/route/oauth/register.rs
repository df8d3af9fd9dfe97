//! `POST /oauth/register`: a client introduces itself. Nothing that it says is believed; its name is shown as such.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::discovery::{DEVICE_GRANT, REFRESH_GRANT};
use crate::server::app::{Shared, now};
use crate::server::body::JsonBody;
use crate::server::form::MAX_BYTES;
use crate::server::name;
use crate::server::oauth::client::{self, NewClient, SECRET_LIFETIME_MS};
use crate::server::oauth::error::{invalid_request, too_many};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::sender;

/// The maximum number of characters of a client's name that are kept.
const MAX_NAME_CHARS: usize = 60;
/// What of the request is repeated in the response.
const ECHOED: [&str; 7] = [
    "client_name",
    "grant_types",
    "token_endpoint_auth_method",
    "scope",
    "software_id",
    "software_version",
    "redirect_uris",
];

/// Registers a client.
pub(super) async fn register(State(app): State<Shared>, request: Request) -> ApiResult<(StatusCode, Json<Value>)> {
    let sender = sender::address_key(request.extensions(), request.headers());
    if !app.attempts.registrations.admits(&sender, now()) {
        return Err(too_many("too many registrations from this address; try again later"));
    }
    let body = JsonBody::read(request, &app, MAX_BYTES.min(app.limits.body)).await;
    let mut fields = body.map_err(as_invalid_json)?.take_fields();
    let device_grant = texts(&fields, "grant_types").any(|grant| grant == DEVICE_GRANT);
    check_redirects(&fields, device_grant)?;
    let client_name = name::visible(text(&fields, "client_name").unwrap_or("unnamed"), MAX_NAME_CHARS);
    let new = NewClient {
        name: &client_name,
        public: text(&fields, "token_endpoint_auth_method") == Some("none"),
        device_grant,
    };
    let (id, secret) = client::register(&app.db, &new).await?;
    let issued = now();
    fields.retain(|name, _| ECHOED.contains(&name.as_str()));
    if device_grant {
        fields.insert("grant_types".to_owned(), json!([DEVICE_GRANT, REFRESH_GRANT]));
    }
    fields.entry("redirect_uris").or_insert_with(|| json!([]));
    fields.insert("client_id".to_owned(), json!(id));
    fields.insert("client_secret".to_owned(), json!(secret.expose_secret()));
    fields.insert("client_id_issued_at".to_owned(), json!(issued / 1000));
    let expiry = (issued + SECRET_LIFETIME_MS) / 1000;
    fields.insert("client_secret_expires_at".to_owned(), json!(expiry));
    Ok((StatusCode::CREATED, Json(Value::Object(fields))))
}

fn as_invalid_json(error: ApiError) -> ApiError {
    match error.status() {
        StatusCode::BAD_REQUEST => invalid_request("Invalid JSON body"),
        _ => error,
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

fn texts<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    let list = fields.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// Refuses a client that needs redirects and has none, and redirects to anything but https or this machine. This server never
/// redirects to a client; the check is that of the recorded server.
fn check_redirects(fields: &Map<String, Value>, device_grant: bool) -> ApiResult<()> {
    if !device_grant && texts(fields, "redirect_uris").next().is_none() {
        return Err(invalid_request("redirect_uris is required"));
    }
    let local = |uri: &str| uri.starts_with("http://localhost:") || uri.starts_with("http://localhost/");
    match texts(fields, "redirect_uris").find(|uri| !uri.starts_with("https://") && !local(uri)) {
        Some(uri) => Err(invalid_request(format!(
            "Invalid redirect_uri: {uri}. Must be HTTPS (or http://localhost for development)"
        ))),
        None => Ok(()),
    }
}

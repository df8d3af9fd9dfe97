//! The documents from which a client learns how to sign in. They name only what this server has.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::server::app::{App, Shared};
use crate::server::oauth::scope::ALL;
use crate::server::path::PathIds;

/// The grant type of the device flow.
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The grant type of a refresh.
pub(super) const REFRESH_GRANT: &str = "refresh_token";

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn authorization_server(State(app): State<Shared>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", app.origin());
    Json(json!({
        "issuer": app.origin(),
        "token_endpoint": at("/oauth/token"),
        "registration_endpoint": at("/oauth/register"),
        "revocation_endpoint": at("/oauth/revoke"),
        "device_authorization_endpoint": at("/oauth/device_authorization"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "scopes_supported": ALL,
        "response_types_supported": [],
        "grant_types_supported": [REFRESH_GRANT, DEVICE_GRANT],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
    }))
}

fn resource(app: &App, path: &str) -> Json<Value> {
    Json(json!({
        "resource": format!("{}{path}", app.origin()),
        "authorization_servers": [app.origin()],
        "scopes_supported": ALL,
        "bearer_methods_supported": ["header"],
        "resource_name": "lobuctl",
    }))
}

/// `GET /.well-known/oauth-protected-resource`: the document that the challenge of a 401 names.
pub(super) async fn protected_resource(State(app): State<Shared>) -> Json<Value> {
    resource(&app, "/mcp")
}

/// `GET /.well-known/oauth-protected-resource/mcp/:org`: the same for one organization. It does not show whether the
/// organization exists.
pub(super) async fn protected_organization(State(app): State<Shared>, PathIds(slug): PathIds<String>) -> Json<Value> {
    resource(&app, &format!("/mcp/{slug}"))
}

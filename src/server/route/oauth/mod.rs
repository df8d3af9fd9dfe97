//! The OAuth routes of contract section 2.1: discovery, registration, the device flow, refreshing, revoking, and who one is.

mod attempts;
mod device;
mod discovery;
mod link;
mod page;
mod register;
mod token;
mod userinfo;

use axum::Router;
use axum::routing::{get, post};

use crate::server::app::Shared;

/// Returns the routes.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/.well-known/oauth-authorization-server",
            get(discovery::authorization_server),
        )
        .route(
            "/.well-known/oauth-protected-resource",
            get(discovery::protected_resource),
        )
        .route(
            "/.well-known/oauth-protected-resource/mcp/{org}",
            get(discovery::protected_organization),
        )
        .route("/oauth/register", post(register::register))
        .route("/oauth/device_authorization", post(device::authorize))
        .route("/oauth/device", get(page::show).post(page::act))
        .route("/oauth/sign-in", get(link::show).post(link::sign_in))
        .route("/oauth/device/approve", post(device::approve))
        .route("/oauth/token", post(token::issue))
        .route("/oauth/revoke", post(token::revoke))
        .route("/oauth/userinfo", get(userinfo::userinfo))
        .route("/api/v1/auth/whoami", get(userinfo::whoami))
        .route("/lobu/api/v1/auth/whoami", get(userinfo::whoami))
}

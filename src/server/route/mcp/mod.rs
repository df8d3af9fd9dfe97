//! The endpoint of the Model Context Protocol: contract section 16.
//!
//! Every request is complete in itself: there are no sessions, so any of several servers can answer any of them.

mod handler;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use handler::MemoryHandler;

use crate::server::app::{Shared, now};
use crate::server::auth::{AnyMember, BoundMember, Caller};
use crate::server::body::{self, READER_BODY};
use crate::server::nesting;
use crate::server::reply::{ApiError, ApiResult};

/// What a client has to accept. Those that accept only JSON get it, like all others.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// `/mcp/:org`.
pub(crate) async fn of_organization(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    request: Request,
) -> ApiResult<Response> {
    answer(app, caller, request).await
}

/// `/mcp`: the organization is the one that the token is bound to.
pub(crate) async fn of_token(
    State(app): State<Shared>,
    BoundMember(caller): BoundMember,
    request: Request,
) -> ApiResult<Response> {
    answer(app, caller, request).await
}

async fn answer(app: Shared, caller: Caller, request: Request) -> ApiResult<Response> {
    if !app.attempts.mcp_requests.admits(&caller.member.token, now()) {
        let message = "too many requests; try again in a minute";
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).with(header::RETRY_AFTER, "60"));
    }
    let limit = if caller.member.may_write_memory() {
        app.limits.body
    } else {
        READER_BODY.min(app.limits.body)
    };
    let (mut parts, unread) = request.into_parts();
    // The permit bounds the memory of all bodies together until the answer is there.
    let (bytes, _permit) = body::read_bytes(Request::from_parts(parts.clone(), unread), &app, limit).await?;
    if let Ok(text) = std::str::from_utf8(&bytes) {
        nesting::check(text).map_err(|error| ApiError::bad_request(error.to_string()))?;
    }
    parts.headers.insert(header::ACCEPT, ACCEPT);
    // Looked for also when it is not checked. Requests that do not come over the network have none.
    let host = parts.headers.entry(header::HOST);
    host.or_insert(HeaderValue::from_static("localhost"));
    let handler = MemoryHandler { app, caller };
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        // Names of this server are checked before any route (see `layer`).
        .disable_allowed_hosts();
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let response = service.handle(Request::from_parts(parts, Body::from(bytes))).await;
    Ok(response.map(Body::new))
}

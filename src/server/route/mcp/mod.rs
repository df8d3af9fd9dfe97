//! The endpoint of the Model Context Protocol: contract section 16.
//!
//! Every request is complete in itself: there are no sessions, so any of several servers can answer any of them.

mod handler;
mod instructions;
mod message;

use std::sync::Arc;

use axum::body::{self as http_body, Body};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use handler::MemoryHandler;
use message::{RpcMessage, RpcRefusal};

use crate::server::app::{Shared, now};
use crate::server::auth::{AnyMember, BoundMember, Caller};
use crate::server::body::{self, READER_BODY};
use crate::server::nesting;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::agent;

/// What a client has to accept. Those that accept only JSON get it, like all others.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
/// The header in which a client names the agent that it acts for.
const AGENT: &str = "x-owletto-agent-id";
/// The maximum size of a refusal of the library, in bytes. It may quote the message that it refuses.
const MAX_REFUSAL: usize = 64 * 1024;

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
    if *request.method() != Method::POST {
        return Ok(RpcRefusal::wrong_method().into_response());
    }
    if !app.attempts.mcp_requests.admits(&caller.member.token, now()) {
        let message = "too many requests; try again in a minute";
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).with(header::RETRY_AFTER, "60"));
    }
    let limit = if caller.member.may_write_memory() {
        app.limits.body
    } else {
        READER_BODY.min(app.limits.body)
    };
    let (parts, unread) = request.into_parts();
    // The permit bounds the memory of all bodies together until the answer is there.
    let (bytes, _permit) = body::read_bytes(Request::from_parts(parts.clone(), unread), &app, limit).await?;
    if let Ok(text) = std::str::from_utf8(&bytes) {
        nesting::check(text).map_err(|error| ApiError::bad_request(error.to_string()))?;
    }
    let message = match RpcMessage::read(&parts.headers, &bytes) {
        Ok(message) => message,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    if let Some(agent) = unknown_agent(&app, &caller, &parts.headers).await? {
        return Ok(RpcRefusal::unknown_agent(&agent).about(message.id).into_response());
    }
    let instructions = match message.method.as_str() {
        "initialize" => instructions::read(&app.db, &caller.organization.id).await?,
        _ => String::new(),
    };
    let handler = MemoryHandler {
        app,
        caller,
        instructions,
    };
    let response = serve(handler, parts, Body::from(bytes)).await;
    refused_as_json(response, message.id).await
}

/// Returns the agent that a client says it acts for, if the organization does not have it.
async fn unknown_agent(app: &Shared, caller: &Caller, headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(named) = headers.get(AGENT) else {
        return Ok(None);
    };
    let named = String::from_utf8_lossy(named.as_bytes()).into_owned();
    let known = agent::exists(&app.db, &caller.organization.id, &named).await?;
    Ok(Some(named).filter(|_| !known))
}

/// Lets the library answer one message.
async fn serve(handler: MemoryHandler, mut parts: Parts, body: Body) -> Response {
    parts.headers.insert(header::ACCEPT, ACCEPT);
    // Looked for also when it is not checked. Requests that do not come over the network have none.
    let host = parts.headers.entry(header::HOST);
    host.or_insert(HeaderValue::from_static("localhost"));
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
    service.handle(Request::from_parts(parts, body)).await.map(Body::new)
}

/// Puts a refusal in plain text into the form of JSON-RPC.
async fn refused_as_json(response: Response, id: serde_json::Value) -> ApiResult<Response> {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if response.status().is_success() || is_json {
        return Ok(response);
    }
    let status = response.status();
    let text = http_body::to_bytes(response.into_body(), MAX_REFUSAL).await;
    let text = text.map_err(|error| ApiError::internal(&error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(RpcRefusal::of_library(status, text).about(id).into_response())
}

//! The layers around all routes: limits, a timeout, a 500 for panics, one log line without secrets, and safe headers.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use super::app::{App, Shared};
use super::host_name;
use super::reply::ApiError;
use super::request_info::RequestInfo;

/// The size above which a response is compressed, in bytes.
const MIN_COMPRESSED_BYTES: u16 = 1024;

/// Wraps the routes. The layer that is added last sees a request first.
pub(crate) fn wrap(routes: Router, app: Shared) -> Router {
    routes
        .layer(CatchPanicLayer::custom(panic_response))
        .layer(from_fn_with_state(app, serve_request))
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .compress_when(SizeAbove::new(MIN_COMPRESSED_BYTES)),
        )
}

fn panic_response(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal(&"a handler panicked").into_response()
}

/// Refuses, times and logs one request.
async fn serve_request(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let info = RequestInfo::attach(&mut request, app.behind_proxy);
    let method = method_name(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let mut response = match refusal(&app, &request) {
        Some(refusal) => refusal.into_response(),
        None => with_timeout(app.limits.request, next.run(request)).await,
    };
    add_safe_headers(&mut response, &info);
    tracing::info!(
        %method,
        // The pattern of the route and not the path, which is chosen by the client.
        route = route.as_deref().unwrap_or("none"),
        status = response.status().as_u16(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        id = info.id,
        peer = info.peer.map(tracing::field::display),
        token = info.token(),
        "request"
    );
    response
}

/// Returns the error for a request that must not reach a route. `None` when it may.
fn refusal(app: &App, request: &Request) -> Option<ApiError> {
    if !host_name::is_ours(request.headers(), app.origin()) {
        let message = "this server is not known by that name; `--public-url` tells it which one it has";
        return Some(ApiError::new(StatusCode::MISDIRECTED_REQUEST, message));
    }
    (head_bytes(request) > app.limits.head).then(|| {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        ApiError::new(status, "the request's head is too large")
    })
}

/// Returns the name of the method for the log. Unknown methods are `other`, because a client may send any text as a method.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

async fn with_timeout(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        // Only the response is given up: a change goes on to its end (see `App::run_to_completion`).
        Err(_) => ApiError::unavailable("the request took too long, read before trying again").into_response(),
    }
}

/// Returns the size of a request's path, query and headers, in bytes.
fn head_bytes(request: &Request) -> usize {
    let fields: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    fields + target
}

/// Adds the request's id, and headers that keep browsers and proxies from storing, guessing or framing the response.
fn add_safe_headers(response: &mut Response, info: &RequestInfo) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // A page has its own, because of what browsers do with forms (see `page::document`).
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(&info.id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

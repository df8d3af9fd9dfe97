//! The layers around all routes: limits, a timeout, panics answered with 500, one log line without secrets, safe headers.

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

const COMPRESS_FROM: u64 = 1024;

/// Wraps the routes.
pub(crate) fn wrap(routes: Router, app: Shared) -> Router {
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app, observe))
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .compress_when(SizeAbove::new(COMPRESS_FROM)),
        )
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal(&"a handler panicked").into_response()
}

async fn observe(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let info = RequestInfo::attach(&mut request);
    let method = method_name(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let mut response = match refusal(&app, &request) {
        Some(refusal) => refusal.into_response(),
        None => timed(app.limits.request, next.run(request)).await,
    };
    protect(&mut response, &info);
    tracing::info!(
        %method,
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

/// Returns the refusal of a request that must not reach a route.
fn refusal(app: &App, request: &Request) -> Option<ApiError> {
    if !host_name::is_ours(request.headers(), app.origin()) {
        let message = "this server is not known by that name; `--public-url` tells it which one it has";
        return Some(ApiError::new(StatusCode::MISDIRECTED_REQUEST, message));
    }
    (head_size(request) > app.limits.head).then(|| {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        ApiError::new(status, "the request's head is too large")
    })
}

/// Returns the method for the log. A client may send any word of any length as a method: only the known ones are repeated.
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

async fn timed(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        Err(_) => ApiError::unavailable("the request took too long, read before trying again").into_response(),
    }
}

fn head_size(request: &Request) -> usize {
    let fields: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    fields + target
}

fn protect(response: &mut Response, info: &RequestInfo) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(&info.id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

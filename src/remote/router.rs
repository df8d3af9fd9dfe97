//! The embedded server's own router as a transport: the real handlers, without a socket.

use axum::Router;
use axum::body::Body as RouterBody;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{self, HeaderMap, HeaderName};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tower::ServiceExt;

use super::transport::{Lost, Request, Response, Transport, TransportError};
use crate::resource::Secret;

/// Sends requests to a router in this process.
#[derive(Clone)]
pub struct RouterTransport {
    router: Router,
    token: Option<Secret>,
}

impl RouterTransport {
    /// Speaks to this router with this token.
    pub fn new(router: Router, token: Option<Secret>) -> Self {
        Self { router, token }
    }

    async fn call(&self, request: Request) -> Result<Response, TransportError> {
        let lost = |what: String| TransportError::NoAnswer {
            method: request.method,
            path: request.path.clone(),
            lost: Lost::Broken,
            what,
            maybe_sent: true,
        };
        let mut builder = http::Request::builder()
            .method(request.method.as_str())
            .uri(&request.path)
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            builder = builder.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let body = request
            .body
            .as_ref()
            .map_or_else(RouterBody::empty, |body| body.bytes().into());
        let call = builder.body(body).map_err(|_| TransportError::Path {
            path: request.path.clone(),
        })?;
        let answer = match self.router.clone().oneshot(call).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, super::http::LARGEST_BODY)
            .await
            .map_err(|error| lost(error.to_string()))?;
        Ok(Response {
            status: parts.status.as_u16(),
            content_type: text(&parts.headers, CONTENT_TYPE),
            retry_after: text(&parts.headers, RETRY_AFTER),
            location: text(&parts.headers, LOCATION),
            body: body.into(),
            maybe_applied: false,
        })
    }
}

impl Transport for RouterTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.call(request).boxed()
    }

    fn describe(&self) -> String {
        "http://in-process".to_owned()
    }
}

/// A header as text, if it is.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

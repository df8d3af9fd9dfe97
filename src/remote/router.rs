//! The embedded server's router as a transport: the real handlers, without a socket.

use axum::Router;
use axum::body::Body as RouterBody;
use axum::http;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tower::ServiceExt;

use super::body::Body;
use super::header;
use super::transport::{MAX_BODY, Request, Response, Transport, path_and_query};
use super::transport_error::{NoAnswerCause, TransportError};
use crate::redact::Redactor;
use crate::resource::Secret;

/// Sends requests to a router in this process.
#[derive(Clone)]
pub struct RouterTransport {
    router: Router,
    token: Option<Secret>,
}

impl RouterTransport {
    /// Creates a transport that sends requests to `router`, with the token if there is one.
    pub fn new(router: Router, token: Option<Secret>) -> Self {
        Self { router, token }
    }

    async fn call(&self, request: Request) -> Result<Response, TransportError> {
        let mut builder = http::Request::builder()
            .method(request.method.as_str())
            .uri(path_and_query(&request));
        let content_type = request.body.as_ref().map_or("application/json", Body::content_type);
        builder = builder.header(CONTENT_TYPE, content_type);
        if let Some(token) = &self.token {
            builder = builder.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        for (name, value) in header::of_write(&request) {
            builder = builder.header(name, value);
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
        let body = axum::body::to_bytes(body, MAX_BODY).await;
        let body = body.map_err(|error| TransportError::NoAnswer {
            method: request.method,
            path: request.path.clone(),
            cause: NoAnswerCause::Broken,
            message: error.to_string(),
            maybe_sent: true,
        })?;
        Ok(Response {
            body: body.into(),
            ..header::response(parts.status.as_u16(), &parts.headers)
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

    fn add_secrets(&self, redactor: &Redactor) {
        redactor.add(&self.token);
    }
}

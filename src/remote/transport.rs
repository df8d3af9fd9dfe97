//! The interface between the client and whatever responds: a request goes in, a response or an error comes out.
//!
//! Nothing here knows what a path means.

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::body::{Body, encode};
use super::expectation::Expectation;
use super::method::Method;
use super::random;
use super::transport_error::TransportError;
use crate::redact::Redactor;

/// The maximum size of an unpacked response, in bytes: 64 MB.
pub(super) const MAX_BODY: usize = 64 * MEGABYTE;
pub(super) const MEGABYTE: usize = 1024 * 1024;

/// A way to send requests to one server.
pub trait Transport: Send + Sync {
    /// Sends one request and waits for the whole response.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// Returns the server's address, for messages: a URL without user information and query, or a name in its place.
    fn describe(&self) -> String;

    /// Adds the secrets that every request carries to `redactor`.
    fn add_secrets(&self, _redactor: &Redactor) {}
}

/// A request to a Lobu server.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL: starts with `/`, segments percent-encoded (see [`path`]).
    pub path: String,
    /// The parameters of the query. None of them is a secret.
    pub query: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<Body>,
    /// Whether the request changes the server. A tool call that only lists does not, although it is a POST.
    pub writes: bool,
    /// Whether carrying the request out twice is the same as once.
    pub repeatable: bool,
    /// The condition under which the server carries out the request.
    pub expectation: Expectation,
    /// A name for a creation, the same for all its attempts: a server that knows it repeats its first response.
    pub idempotency_key: Option<String>,
}

impl Request {
    /// Creates a GET request.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// Creates a request without a body. It counts as a write unless it is a GET, and as repeatable.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            writes: method != Method::Get,
            repeatable: true,
            expectation: Expectation::Anything,
            idempotency_key: None,
        }
    }

    /// Returns the request with a further parameter of its query.
    pub(super) fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Returns the request with this body.
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    /// Returns the request with the JSON of `body`.
    pub(super) fn with_json(mut self, body: &impl Serialize) -> Self {
        // Bodies are maps with string keys and plain structs, which always have a JSON form.
        self.body = Body::json(body).ok();
        self
    }

    /// Returns the request as one that changes nothing, although it is not a GET.
    pub fn reading(mut self) -> Self {
        self.writes = false;
        self
    }

    /// Returns the request with a random idempotency key.
    pub(super) fn creating(mut self) -> Self {
        self.idempotency_key = Some(random::uuid());
        self
    }

    /// Returns the request as one that must not be carried out twice.
    pub fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }
}

/// A response that has arrived as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Retry-After`: seconds or a date.
    pub retry_after: Option<String>,
    /// The header `Date`: when the server sent the response.
    pub date: Option<String>,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `ETag`, when it is a strong one: the revision of the resource that was read or written.
    pub revision: Option<String>,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// Whether an earlier attempt of the same request may have been carried out, whatever this response says.
    pub maybe_applied: bool,
}

impl Response {
    /// Whether the status is 2xx.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether this response proves that the request was not carried out, provided that no earlier attempt was.
    ///
    /// Only a 4xx does. A 5xx may come from a proxy, or from a server that failed after it had stored the change, and a
    /// 408 only says that the server or a proxy stopped waiting.
    pub fn proves_refusal(&self) -> bool {
        !self.maybe_applied && (400..500).contains(&self.status) && self.status != 408
    }
}

/// Returns a path made of segments, each percent-encoded: `path(&["api", org, "agents"])` is `/api/ORG/agents`.
pub fn path(segments: &[&str]) -> String {
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        encode(&mut path, segment);
    }
    path
}

/// Returns the path of a request with its query.
pub(super) fn path_and_query(request: &Request) -> String {
    let mut target = request.path.clone();
    for (index, (name, value)) in request.query.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        encode(&mut target, name);
        target.push('=');
        encode(&mut target, value);
    }
    target
}

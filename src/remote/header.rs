//! The headers that the client sends and reads. The network and the router in process share these types.

use reqwest::header::{
    CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};

use super::expectation::Expectation;
use super::transport::{Request, Response};

/// Returns a response with this status and headers, and an empty body.
pub(super) fn response(status: u16, headers: &HeaderMap) -> Response {
    Response {
        status,
        content_type: text(headers, &CONTENT_TYPE),
        retry_after: text(headers, &RETRY_AFTER),
        date: text(headers, &DATE),
        location: text(headers, &LOCATION),
        // A weak tag cannot be a condition of a write (RFC 9110, section 13.1.1).
        revision: text(headers, &ETAG).filter(|tag| tag.starts_with('"')),
        ..Response::default()
    }
}

/// Returns the headers of a request that depend on what it writes.
pub(super) fn of_write(request: &Request) -> impl Iterator<Item = (HeaderName, &str)> {
    let condition = match &request.expectation {
        Expectation::Anything => None,
        Expectation::Revision(revision) => Some((IF_MATCH, revision.as_str())),
        Expectation::Missing => Some((IF_NONE_MATCH, "*")),
    };
    let key = request.idempotency_key.as_deref();
    let key = key.map(|key| (HeaderName::from_static("idempotency-key"), key));
    condition.into_iter().chain(key)
}

/// Returns a header as text; `None` when it is absent or not ASCII.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

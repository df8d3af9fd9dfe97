//! The response headers that the client reads. The network and the router in process share these types.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};

use super::transport::Response;

/// Returns a response with this status and headers, and an empty body.
pub(super) fn response(status: u16, headers: &HeaderMap) -> Response {
    Response {
        status,
        content_type: text(headers, &CONTENT_TYPE),
        retry_after: text(headers, &RETRY_AFTER),
        location: text(headers, &LOCATION),
        ..Response::default()
    }
}

/// Returns a header as text; `None` when it is absent or not ASCII.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

//! `ETag`, `If-Match` and `If-None-Match`: a change is refused when the resource has changed since the client read it.

use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponseParts, ResponseParts};

use super::reply::{ApiError, ApiResult};

/// An opaque name for one state of a resource. It changes with every write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision(String);

impl Revision {
    /// Returns the revision of a row that was last written at `updated_at`, in milliseconds since 1970. Two writes in one
    /// millisecond have different revisions too, because every write increases the time by at least one.
    pub(crate) fn of_row(updated_at: i64) -> Self {
        Self(updated_at.to_string())
    }

    /// Returns the revision of a resource that consists of several rows. Every change of the resource has to change a part.
    pub(crate) fn of_parts(parts: &[i64]) -> Self {
        let parts: Vec<String> = parts.iter().map(i64::to_string).collect();
        Self(parts.join("-"))
    }

    fn first_part(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

impl IntoResponseParts for Revision {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = HeaderValue::from_str(&self.to_string()) {
            response.headers_mut().insert(header::ETAG, value);
        }
        Ok(response)
    }
}

/// The preconditions of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Precondition {
    /// The revisions of `If-Match`, without quotation marks. `None` when the header is absent or `*`.
    expected: Option<Vec<String>>,
    /// Whether the resource must exist: any `If-Match`.
    must_exist: bool,
    /// Whether the resource must not exist: `If-None-Match: *`.
    must_not_exist: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

impl Precondition {
    /// Reads the headers.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let sent = header_text(headers, &header::IF_MATCH);
        let expected = sent.as_deref().filter(|sent| *sent != "*").map(|sent| {
            let tags = sent.split(',').map(|tag| tag.trim().trim_matches('"').to_owned());
            tags.collect()
        });
        Self {
            must_exist: sent.is_some(),
            expected,
            must_not_exist: header_text(headers, &header::IF_NONE_MATCH).as_deref() == Some("*"),
        }
    }

    /// Refuses a change with 412 when the existing resource is not one of the expected ones, or must not exist.
    pub(crate) fn check(&self, current: &Revision) -> ApiResult<()> {
        self.check_by(current, |tag| tag == current.0)
    }

    /// Like [`Precondition::check`], but compares the first part of the revisions only.
    pub(crate) fn check_first_part(&self, current: &Revision) -> ApiResult<()> {
        let first = current.first_part();
        self.check_by(current, |tag| tag.split('-').next() == Some(first))
    }

    fn check_by(&self, current: &Revision, is_current: impl Fn(&str) -> bool) -> ApiResult<()> {
        let expected = self.expected.as_ref();
        if self.must_not_exist || expected.is_some_and(|tags| !tags.iter().any(|tag| is_current(tag))) {
            return Err(changed().with(header::ETAG, current.to_string()));
        }
        Ok(())
    }

    /// Refuses a change with 412 when the missing resource is expected to exist.
    pub(crate) fn check_missing(&self) -> ApiResult<()> {
        if self.must_exist { Err(changed()) } else { Ok(()) }
    }
}

fn changed() -> ApiError {
    let message = "the resource has changed since it was read; read it again";
    ApiError::new(StatusCode::PRECONDITION_FAILED, message)
}

/// Returns the lines of a header, joined by commas, which means the same. `None` when there are none.
fn header_text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn precondition(name: header::HeaderName, value: &'static str) -> Precondition {
        Precondition::from_headers(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
    }

    #[test]
    fn accepts_the_current_revision_among_several() {
        let current = Revision::of_parts(&[7, 1]);
        assert!(Precondition::default().check(&current).is_ok());
        assert!(
            precondition(header::IF_MATCH, "\"6-1\", \"7-1\"")
                .check(&current)
                .is_ok()
        );
        assert!(precondition(header::IF_MATCH, "*").check(&current).is_ok());
        assert!(precondition(header::IF_MATCH, "\"7-2\"").check(&current).is_err());
        assert!(
            precondition(header::IF_MATCH, "\"7-2\"")
                .check_first_part(&current)
                .is_ok()
        );
    }

    #[test]
    fn refuses_by_existence() {
        let current = Revision::of_row(7);
        assert!(precondition(header::IF_NONE_MATCH, "*").check(&current).is_err());
        assert!(precondition(header::IF_NONE_MATCH, "*").check_missing().is_ok());
        assert!(precondition(header::IF_MATCH, "*").check_missing().is_err());
    }
}

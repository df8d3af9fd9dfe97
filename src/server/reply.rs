//! The answers that are not the wanted one, in the two shapes of the contract, and how a body is read.
//!
//! Every failure is JSON; nothing of the database's or the runtime's inner words reaches a client.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::wire::error::ErrorBody;

/// What a route answers.
pub(crate) type Reply<T = Json<Value>> = Result<T, Failure>;

/// A refusal or a fault, on its way to the client. Boxed, for it is the rare case.
#[derive(Debug)]
pub(crate) struct Failure(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    body: ErrorBody,
    header: Option<(header::HeaderName, String)>,
}

impl Failure {
    fn with_body(status: StatusCode, error: String, error_description: Option<String>) -> Self {
        Self(Box::new(Refusal {
            status,
            body: ErrorBody {
                error,
                error_description,
            },
            header: None,
        }))
    }

    /// `{"error": sentence}`.
    pub(crate) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self::with_body(status, sentence.into(), None)
    }

    /// `{"error": code, "error_description": sentence}`.
    pub(crate) fn coded(status: StatusCode, code: &str, sentence: impl Into<String>) -> Self {
        Self::with_body(status, code.to_owned(), Some(sentence.into()))
    }

    pub(crate) fn bad_request(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    pub(crate) fn conflict(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, sentence)
    }

    /// The server cannot do it now; the same request may work in a moment.
    pub(crate) fn unavailable(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence).with(header::RETRY_AFTER, "1")
    }

    /// A fault of the server itself. The log has the reason, the client does not.
    pub(crate) fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    pub(crate) fn with(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.header = Some((name, value.into()));
        self
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Refusal { status, body, header } = *self.0;
        let mut response = (status, Json(body)).into_response();
        if let Some((name, value)) = header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// PostgreSQL's classes of trouble that passes or that a person has to end: connection, authorisation, database,
/// rollback, resources, lock, operator, read-only.
const PASSING: [&str; 9] = ["08", "28", "3D", "40", "53", "55", "57", "25006", "25P0"];
/// SQLite's codes of trouble that ends with its cause, whatever their extension: busy, locked, out of memory, I/O
/// error, full disk, cannot open (out of files).
const BUSY: [i32; 6] = [5, 6, 7, 10, 13, 14];

fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(inner) => inner.code().is_some_and(|code| {
            let sqlite = code.len() < 5 && code.parse::<i32>().is_ok_and(|code| BUSY.contains(&(code & 0xff)));
            sqlite || (code.len() == 5 && PASSING.iter().any(|class| code.starts_with(class)))
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if passes(&error) {
            tracing::error!(reason = %error, "database not available");
            return Self::unavailable("the database is not available, try again");
        }
        Self::internal(&error)
    }
}

impl From<super::crypto::Sealed> for Failure {
    fn from(_: super::crypto::Sealed) -> Self {
        Self::internal(&"a sealed value does not open with this key")
    }
}

/// The path's parameters, decoded. What cannot be an id anywhere is not found anywhere.
pub(crate) struct Ids<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        if parts.uri.path().to_ascii_lowercase().contains("%00") {
            return Err(Failure::bad_request("ids cannot contain U+0000"));
        }
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(ids)| Self(ids))
            .map_err(|_| Failure::not_found("Not found"))
    }
}

/// The body as JSON, whatever its content type says.
pub(crate) struct Body(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let encoding = request.headers().get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| encoding != "identity") {
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "an encoded body is not supported",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                return Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
            }
            Failure::bad_request("the body did not arrive in full")
        })?;
        parse(&bytes).map(Self)
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::bad_request("the body is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The parser's words may quote the body: only the place is repeated.
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Failure::bad_request(format!(
            "JSON Parse error: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if has_nul(&value) {
        return Err(Failure::bad_request("text cannot contain U+0000"));
    }
    Ok(value)
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

impl Body {
    /// The body's fields; a body that is not an object has none.
    pub(crate) fn fields(self) -> Map<String, Value> {
        match self.0 {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// A text field, where null and absent are the same.
pub(crate) fn text_field<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Failure> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::bad_request(format!("{name} must be a string"))),
    }
}

/// `{"success": true}`.
pub(crate) fn success() -> Json<Value> {
    Json(json!({ "success": true }))
}

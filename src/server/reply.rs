//! Error responses, in the two shapes of the contract, and the plain success.
//!
//! Every error is JSON. Messages of the database and of the runtime's internals go to the log, never to a client.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::crypto::SealError;
use crate::wire::error::ErrorBody;

/// The result of a route.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// An error response. Boxed, so that the common `Ok` stays small.
#[derive(Debug)]
pub(crate) struct ApiError(Box<ErrorParts>);

#[derive(Debug)]
struct ErrorParts {
    status: StatusCode,
    body: ErrorBody,
    header: Option<(header::HeaderName, String)>,
    denied: Option<Denial>,
}

/// Who was denied what an organization guards, for the audit. Travels with the response as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    /// The id of the organization.
    pub(crate) organization: String,
    /// The user and the row id of the token, where the token is known.
    pub(crate) actor: Option<(String, String)>,
}

impl ApiError {
    fn with_body(status: StatusCode, error: String, error_description: Option<String>) -> Self {
        Self(Box::new(ErrorParts {
            status,
            body: ErrorBody {
                error,
                error_description,
            },
            header: None,
            denied: None,
        }))
    }

    /// `{"error": message}`.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::with_body(status, message.into(), None)
    }

    /// `{"error": code, "error_description": message}`.
    pub(crate) fn coded(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::with_body(status, code.to_owned(), Some(message.into()))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 503 with `Retry-After`: the same request may succeed in a moment.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message).with(header::RETRY_AFTER, "1")
    }

    /// 500. The reason goes to the log, not to the client.
    pub(crate) fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// Returns the status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Adds a header. A second call replaces the first one's.
    pub(crate) fn with(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.header = Some((name, value.into()));
        self
    }

    /// Marks the error as a denial of access, so that the audit can record it.
    pub(crate) fn denying(mut self, denial: Denial) -> Self {
        self.0.denied = Some(denial);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let ErrorParts {
            status,
            body,
            header,
            denied,
        } = *self.0;
        let mut response = (status, Json(body)).into_response();
        if let Some((name, value)) = header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        if let Some(denial) = denied {
            response.extensions_mut().insert(denial);
        }
        response
    }
}

/// SQLSTATE classes answered with 503, because the same request can succeed later: connection, authorization, database,
/// rollback, resources, lock, operator intervention, read-only.
const TEMPORARY: [&str; 9] = ["08", "28", "3D", "40", "53", "55", "57", "25006", "25P0"];
/// SQLite's codes of trouble that ends with its cause, whatever their extension: busy, locked, out of memory, I/O
/// error, full disk, cannot open (out of files).
const BUSY: [i32; 6] = [5, 6, 7, 10, 13, 14];

fn is_temporary(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(inner) => inner.code().is_some_and(|code| {
            let sqlite = code.len() < 5 && code.parse::<i32>().is_ok_and(|code| BUSY.contains(&(code & 0xff)));
            sqlite || (code.len() == 5 && TEMPORARY.iter().any(|class| code.starts_with(class)))
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

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        if is_temporary(&error) {
            tracing::error!(reason = %error, "database not available");
            return Self::unavailable("the database is not available, try again");
        }
        Self::internal(&error)
    }
}

impl From<SealError> for ApiError {
    fn from(_: SealError) -> Self {
        Self::internal(&"a sealed value does not open with this key")
    }
}

/// `{"success": true}`.
#[derive(Debug, Serialize)]
pub(crate) struct Success {
    success: bool,
}

/// Returns `{"success": true}`.
pub(crate) fn success() -> Json<Success> {
    Json(Success { success: true })
}

//! Error responses, in the two forms of contract section 1, and the plain success.
//!
//! Every error is JSON. Messages of the database and of internal errors go to the log, never to a client.

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

/// A denial of access, for the audit. The response carries it as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Denial {
    /// The id of the organization.
    pub(crate) organization: String,
    /// The id of the user and the row id of the token. `None` when the token is missing or unknown.
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

    /// Creates the error `{"error": message}`.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::with_body(status, message.into(), None)
    }

    /// Creates the error `{"error": code, "error_description": message}`.
    pub(crate) fn coded(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::with_body(status, code.to_owned(), Some(message.into()))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Creates the 400 `{"error": code, "error_description": message}`.
    pub(crate) fn coded_bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::coded(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// Creates a 503 with `Retry-After` of one second, for requests that may succeed when they are sent again.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message).with(header::RETRY_AFTER, "1")
    }

    /// Creates a 500. The reason goes to the log, not to the client.
    pub(crate) fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// Returns the status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Whether the error is `{"error": code, …}` with this code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.0.body.error == code
    }

    /// Returns the message for people.
    pub(crate) fn message(&self) -> &str {
        self.0.body.sentence()
    }

    /// Returns the denial of access that the error is, if it is one.
    pub(crate) fn denial(&self) -> Option<&Denial> {
        self.0.denied.as_ref()
    }

    /// Sets the one additional header of the response. A second call replaces the header of the first one.
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

/// Beginnings of SQLSTATE codes that are answered with 503, because the same request can succeed later: connection (08),
/// authorization (28), unknown database (3D), rollback (40), resources (53), lock (55), operator intervention (57), read-only
/// transaction (25006), and one that has failed or was ended by a timeout (25P0).
const TEMPORARY_SQLSTATES: [&str; 9] = ["08", "28", "3D", "40", "53", "55", "57", "25006", "25P0"];
/// Primary result codes of SQLite that are answered with 503, because the same request can succeed when their cause is gone:
/// busy (5), locked (6), out of memory (7), I/O error (10), full disk (13), cannot open, as without free files (14).
const TEMPORARY_SQLITE: [i32; 6] = [5, 6, 7, 10, 13, 14];

fn is_temporary(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(inner) => inner.code().is_some_and(|code| {
            // SQLite's code is a number whose lowest byte is the primary code; a SQLSTATE has five characters.
            let sqlite = code.len() < 5
                && code
                    .parse::<i32>()
                    .is_ok_and(|code| TEMPORARY_SQLITE.contains(&(code & 0xff)));
            sqlite || (code.len() == 5 && TEMPORARY_SQLSTATES.iter().any(|class| code.starts_with(class)))
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

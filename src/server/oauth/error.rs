//! The errors of the OAuth routes: `{"error": code, "error_description": sentence}`, almost all with 400, as recorded.

use axum::http::StatusCode;

use crate::server::reply::ApiError;

/// Creates the usual error, a 400.
pub(crate) fn refused(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::coded(StatusCode::BAD_REQUEST, code, message)
}

/// Creates the error for a missing or malformed parameter.
pub(crate) fn invalid_request(message: impl Into<String>) -> ApiError {
    refused("invalid_request", message)
}

/// Creates the error for a code or a token that is unknown, expired, used or somebody else's.
pub(crate) fn invalid_grant(message: impl Into<String>) -> ApiError {
    refused("invalid_grant", message)
}

/// Creates the error for scopes that cannot be granted.
pub(crate) fn invalid_scope(message: impl Into<String>) -> ApiError {
    refused("invalid_scope", message)
}

/// Creates the error for a person who may not do what they ask for.
pub(crate) fn access_denied(message: impl Into<String>) -> ApiError {
    ApiError::coded(StatusCode::FORBIDDEN, "access_denied", message)
}

/// Creates the error for a sender who has tried too often, or a server that keeps too much already.
pub(crate) fn too_many(message: impl Into<String>) -> ApiError {
    let error = ApiError::coded(StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable", message);
    error.with(axum::http::header::RETRY_AFTER, "60")
}

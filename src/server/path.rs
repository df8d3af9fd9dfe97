//! The parameters of a path, with errors in the form of the API.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::reply::ApiError;

/// The percent-decoded parameters of the path. A path that does not decode is answered with 404.
pub(crate) struct PathIds<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathIds<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // PostgreSQL refuses U+0000 in a parameter, which would be answered with 500.
        if parts.uri.path().to_ascii_lowercase().contains("%00") {
            return Err(ApiError::bad_request("ids cannot contain U+0000"));
        }
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(ids)| Self(ids))
            .map_err(|_| ApiError::not_found("Not found"))
    }
}

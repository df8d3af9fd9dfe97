//! The parameters of an OAuth request or a form of a page: form-encoded, or a JSON object of texts.

use std::collections::HashMap;

use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

use super::app::Shared;
use super::body::{JsonBody, read_bytes};
use super::oauth::error::invalid_request;
use super::reply::{ApiError, ApiResult};

/// The maximum size of a body, in bytes: its sender has no credentials yet.
pub(crate) const MAX_BYTES: usize = 16 * 1024;
const FORM: &str = "application/x-www-form-urlencoded";

/// The parameters of a request by name. The last one of a name counts.
pub(crate) struct Parameters(HashMap<String, String>);

impl FromRequest<Shared> for Parameters {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> ApiResult<Self> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let read = if kind.is_some_and(|kind| kind.starts_with(FORM)) {
            Self::from_form(request, app).await
        } else {
            Self::from_json(request, app).await
        };
        read.map_err(|error| match error.status() {
            StatusCode::BAD_REQUEST => invalid_request("Invalid request body"),
            _ => error,
        })
    }
}

impl Parameters {
    async fn from_form(request: Request, app: &Shared) -> ApiResult<Self> {
        let (bytes, _permit) = read_bytes(request, app, MAX_BYTES).await?;
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, FORM)
            .body(Body::from(bytes));
        let request = request.map_err(|error| ApiError::internal(&error))?;
        let pairs = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let Form(pairs) = pairs.map_err(|_| ApiError::bad_request("not a form"))?;
        // PostgreSQL cannot store U+0000.
        if pairs.iter().any(|(_, value)| value.contains('\0')) {
            return Err(ApiError::bad_request("text cannot contain U+0000"));
        }
        Ok(Self(pairs.into_iter().collect()))
    }

    async fn from_json(request: Request, app: &Shared) -> ApiResult<Self> {
        let mut body = JsonBody::read(request, app, MAX_BYTES.min(app.limits.body)).await?;
        let texts = body.take_fields().into_iter().filter_map(|(name, value)| {
            let text = value.as_str()?.to_owned();
            Some((name, text))
        });
        Ok(Self(texts.collect()))
    }

    /// Returns a parameter. `None` when it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Returns a parameter.
    ///
    /// # Errors
    /// `invalid_request` with this message when it is absent or empty.
    pub(crate) fn require(&self, name: &str, message: &str) -> ApiResult<&str> {
        self.get(name).ok_or_else(|| invalid_request(message))
    }
}

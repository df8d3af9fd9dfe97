//! Request bodies: bounded in bytes, nesting and number of values before anything is parsed.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use super::app::{App, Shared};
use super::nesting;
use super::reply::ApiError;

/// The maximum size of all bodies that are held at one time, in KiB. Further requests wait.
pub(crate) const HELD_KIB: usize = 64 * 1024;

/// The maximum size of a body, in bytes, from a caller who may only read. Whether a call writes depends on its action, which
/// is known only after the body was parsed; so for such callers, parsing must be cheap.
pub(crate) const READER_BODY: usize = 16 * 1024;

/// The body of a request as JSON. The content type is ignored (contract section 1).
///
/// A handler keeps it until it returns, because its permit bounds the memory of all bodies together.
pub(crate) struct JsonBody {
    value: Value,
    _permit: OwnedSemaphorePermit,
}

/// The body of a change of settings, which holds whole prompts and skills and may therefore be larger than others.
pub(crate) struct SettingsBody(pub(crate) JsonBody);

impl FromRequest<Shared> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        Self::read(request, app, app.limits.body).await
    }
}

impl FromRequest<Shared> for SettingsBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        JsonBody::read(request, app, app.limits.settings_body).await.map(Self)
    }
}

impl JsonBody {
    /// Reads a body of at most `limit` bytes and parses it.
    ///
    /// # Errors
    /// 413 for a larger body, 415 for a compressed one, 400 for one that is not JSON or exceeds the bounds of `nesting`.
    pub(crate) async fn read(request: Request, app: &App, limit: usize) -> Result<Self, ApiError> {
        let (bytes, permit) = read_bytes(request, app, limit).await?;
        Ok(Self {
            value: parse(&bytes)?,
            _permit: permit,
        })
    }

    /// Whether the body is an object or a list.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self.value, Value::Object(_) | Value::Array(_))
    }

    /// Takes the fields of the body. A body that is not an object has none.
    pub(crate) fn take_fields(&mut self) -> Map<String, Value> {
        match self.value.take() {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// Reads a body of at most `limit` bytes. The permit bounds the memory of all bodies together.
///
/// # Errors
/// 413 for a larger body, 415 for a compressed one, 400 for one that ends too early.
pub(crate) async fn read_bytes(
    mut request: Request,
    app: &App,
    limit: usize,
) -> Result<(Bytes, OwnedSemaphorePermit), ApiError> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "an encoded body is not supported",
        ));
    }
    // Without a length, as with chunks, a body may need the whole limit.
    let size = content_length(request.headers()).unwrap_or(limit);
    if size > limit {
        return Err(too_large());
    }
    // Taken before the body is read, so that the requests that wait here hold nothing of theirs.
    let permit = app.bodies.clone().acquire_many_owned(permits(size)).await;
    let permit = permit.map_err(|error| ApiError::internal(&error))?;
    DefaultBodyLimit::max(limit).apply(&mut request);
    let bytes = Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return too_large();
        }
        ApiError::bad_request("the body did not arrive in full")
    })?;
    Ok((bytes, permit))
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the number of permits for a body of this size in bytes.
fn permits(size: usize) -> u32 {
    u32::try_from(size.div_ceil(1024).clamp(1, HELD_KIB)).unwrap_or(1)
}

fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
}

fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ApiError::bad_request("the body is not UTF-8"))?;
    // Some editors and shells put a byte order mark before the text, which serde_json refuses.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    nesting::check(text).map_err(|error| ApiError::bad_request(error.to_string()))?;
    // The parser's message may quote the body, which may hold secrets: only the location is repeated.
    let value: Value = serde_json::from_str(text).map_err(|error| {
        ApiError::bad_request(format!(
            "JSON Parse error: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if has_nul(&value) {
        return Err(ApiError::bad_request("text cannot contain U+0000"));
    }
    Ok(value)
}

/// Whether a text or key contains U+0000, which PostgreSQL cannot store.
pub(crate) fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Returns a text field. `None` when it is null or absent.
///
/// # Errors
/// 400 for a value of another type.
pub(crate) fn text_field<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::bad_request(format!("{name} must be a string"))),
    }
}

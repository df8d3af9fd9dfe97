//! The messages of the protocol, as far as they are checked before the library reads them: what is wrong with one is an error
//! of JSON-RPC, while the library says it in plain text.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The codes of JSON-RPC, and the one that servers of this protocol use for everything that comes before a message.
const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const INVALID_PARAMS: i64 = -32602;
const BEFORE_A_MESSAGE: i64 = -32000;

/// A message that was read as far as it is checked.
#[derive(Debug, PartialEq)]
pub(super) struct RpcMessage {
    /// The id of a request. Null for a notification.
    pub(super) id: Value,
    /// The name of the method. Empty for a response.
    pub(super) method: String,
}

/// A refusal in the form of JSON-RPC.
#[derive(Debug, PartialEq)]
pub(super) struct RpcRefusal {
    status: StatusCode,
    code: i64,
    message: String,
    id: Value,
}

impl RpcMessage {
    /// Reads the message of a request.
    ///
    /// # Errors
    /// A body that is not JSON, or not one message.
    pub(super) fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, RpcRefusal> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
            let message = "Unsupported Media Type: Content-Type must be application/json";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(RpcRefusal::new(status, BEFORE_A_MESSAGE, message));
        }
        // The parser's message may quote the body, which may hold secrets.
        let body: Value = serde_json::from_slice(bytes)
            .map_err(|_| RpcRefusal::bad_request(PARSE_ERROR, "Parse error: Invalid JSON"))?;
        Self::of(&body)
    }

    fn of(body: &Value) -> Result<Self, RpcRefusal> {
        if body.is_array() {
            let message = "Invalid Request: batches are no longer part of the protocol; send one message at a time";
            return Err(RpcRefusal::bad_request(INVALID_REQUEST, message));
        }
        let method = body["method"].as_str();
        let is_response = body.get("result").is_some() || body.get("error").is_some();
        if body["jsonrpc"] != "2.0" || (method.is_none() && !is_response) {
            let message = "Parse error: Invalid JSON-RPC message";
            return Err(RpcRefusal::bad_request(PARSE_ERROR, message));
        }
        let read = Self {
            id: body["id"].clone(),
            method: method.unwrap_or_default().to_owned(),
        };
        match odd_call(&body["params"]).filter(|_| read.method == "tools/call") {
            Some(message) => Err(RpcRefusal::new(StatusCode::OK, INVALID_PARAMS, message).about(read.id)),
            None => Ok(read),
        }
    }
}

/// Returns what is wrong with the parameters of a call of a tool. The library takes such a call for one of a method that it does
/// not know.
fn odd_call(params: &Value) -> Option<&'static str> {
    let arguments = params.get("arguments").filter(|arguments| !arguments.is_null());
    if !params["name"].is_string() {
        Some("the name of the tool must be a string")
    } else if arguments.is_some_and(|arguments| !arguments.is_object()) {
        Some("the arguments of the tool must be an object")
    } else {
        None
    }
}

impl RpcRefusal {
    fn new(status: StatusCode, code: i64, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            id: Value::Null,
        }
    }

    fn bad_request(code: i64, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Creates the 405 for every method but POST: there are no sessions, so there is nothing to stream and nothing to end.
    pub(super) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, BEFORE_A_MESSAGE, "Method not allowed.")
    }

    /// Creates the 400 for a request in the name of an agent that the organization does not have.
    pub(super) fn unknown_agent(agent: &str) -> Self {
        let message = format!("Agent '{agent}' was not found in the current organization.");
        Self::bad_request(BEFORE_A_MESSAGE, message)
    }

    /// Creates the refusal that the library has put into plain text.
    pub(super) fn of_library(status: StatusCode, text: String) -> Self {
        // It has its media type already (see `RpcMessage::read`), so this is about the fields of the message.
        let status = match status {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            other => other,
        };
        Self::new(status, INVALID_REQUEST, text)
    }

    /// Returns the refusal as the response to the request with this id.
    pub(super) fn about(self, id: Value) -> Self {
        Self { id, ..self }
    }
}

impl IntoResponse for RpcRefusal {
    fn into_response(self) -> Response {
        let error = json!({ "code": self.code, "message": self.message });
        let body = json!({ "jsonrpc": "2.0", "error": error, "id": self.id });
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            let headers = response.headers_mut();
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<RpcMessage, RpcRefusal> {
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("Application/JSON; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, kind);
        RpcMessage::read(&headers, body.as_bytes())
    }

    #[test]
    fn reads_requests_notifications_and_responses() {
        for (body, method, id) in [
            (r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#, "ping", json!("a")),
            (
                r#"{"jsonrpc":"2.0","method":"notifications/x"}"#,
                "notifications/x",
                Value::Null,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "", json!(1)),
        ] {
            let method = method.to_owned();
            assert_eq!(read(body).unwrap(), RpcMessage { id, method });
        }
    }

    #[test]
    fn refuses_everything_else_as_json_rpc_does() {
        for (body, code, id) in [
            ("", PARSE_ERROR, Value::Null),
            ("{", PARSE_ERROR, Value::Null),
            ("null", PARSE_ERROR, Value::Null),
            (r#"{"id":1,"method":"ping"}"#, PARSE_ERROR, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1}"#, PARSE_ERROR, Value::Null),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                INVALID_REQUEST,
                Value::Null,
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#,
                INVALID_PARAMS,
                json!(7),
            ),
        ] {
            let refusal = read(body).unwrap_err();
            assert_eq!((refusal.code, &refusal.id), (code, &id), "{body}");
        }
        for (arguments, fits) in [("{}", true), ("null", true), ("[]", false), ("\"{}\"", false)] {
            let params = format!(r#"{{"name":"x","arguments":{arguments}}}"#);
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
            assert_eq!(read(&body).is_ok(), fits, "{body}");
        }
        let refusal = RpcMessage::read(&HeaderMap::new(), b"{}").unwrap_err();
        assert_eq!(refusal.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}

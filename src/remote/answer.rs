//! A server's answer in words: what it said, or that it does not look like a Lobu server's.

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::transport::{Method, Response};
use crate::wire::error::ErrorBody;

/// An answer that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{method} {path} {what}")]
pub struct AnswerError {
    /// What was asked.
    pub method: Method,
    /// Of what.
    pub path: String,
    /// The status code.
    pub status: u16,
    /// What came back, in the server's words where it has some.
    pub what: String,
    /// What to do next.
    pub hint: Option<&'static str>,
}

/// A status that is not 2xx, or a 200 that carries `error`, in the server's words.
pub fn refusal(method: Method, path: &str, response: &Response) -> Option<AnswerError> {
    let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
    if response.succeeded() && body.is_none() {
        return None;
    }
    let words = match body {
        Some(body) => format!(": {}", one_line(body.sentence())),
        None if looks_like_json(response) => " with JSON of another shape".to_owned(),
        None => response
            .first_line()
            .map_or_else(|| " without a word".to_owned(), |line| format!(": {line}")),
    };
    Some(AnswerError {
        method,
        path: path.to_owned(),
        status: response.status,
        what: format!("answered {}{words}", response.status),
        hint: hint(response.status),
    })
}

/// The body as what it should be. What it is instead is told by its first line, never by its values.
pub fn decode<T: DeserializeOwned>(method: Method, path: &str, response: &Response) -> Result<T, AnswerError> {
    if let Some(refusal) = refusal(method, path, response) {
        return Err(refusal);
    }
    serde_json::from_slice(&response.body).map_err(|error| AnswerError {
        method,
        path: path.to_owned(),
        status: response.status,
        what: unexpected(response, &error),
        hint: Some("check that `--url` is a Lobu server, and its path prefix"),
    })
}

fn unexpected(response: &Response, error: &serde_json::Error) -> String {
    let status = response.status;
    if response.body.iter().all(u8::is_ascii_whitespace) {
        return format!("answered {status} with nothing in it");
    }
    if error.is_data() {
        return format!("answered {status} with JSON of another shape");
    }
    if looks_like_json(response) {
        return format!("answered {status} with broken JSON");
    }
    let line = response.first_line().unwrap_or_default();
    format!("answered {status} with something that is not JSON: {line}")
}

/// Such a body may hold somebody's configuration, so that not a word of it is shown.
fn looks_like_json(response: &Response) -> bool {
    let first = response.body.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'[' | b'"'))
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

const fn hint(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("check `LOBU_API_TOKEN`"),
        403 => Some("check that the token belongs to this organisation and has the scope `mcp:admin`"),
        404 => Some("check `--url`, its path prefix, and `--org`"),
        408 | 429 | 502 | 503 | 504 => Some("the server is busy or away: run again in a while"),
        500..=599 => Some("look at the server's log"),
        _ => None,
    }
}

//! Makes errors of responses that are not the expected ones, fit to be shown: without secrets, and cut to a bound.

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::method::Method;
use super::transport::Response;
use crate::redact::Redactor;
use crate::wire::error::ErrorBody;

/// The maximum size of the body of an error response, in bytes. What follows is not read.
pub(super) const MAX_ERROR_BODY: usize = 1024 * 1024;

/// The maximum length of a message of the server, in characters.
const MAX_MESSAGE: usize = 1000;

/// The maximum length of a line of a body that is not JSON, in characters.
const MAX_LINE: usize = 200;

/// The part of a body in which its first line is searched for, in bytes.
const FIRST_LINE_WINDOW: usize = 64 * 1024;

/// A response that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{method} {path} {what}")]
pub struct AnswerError {
    /// The method of the request.
    pub method: Method,
    /// The path of the request.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// What came back, in the server's words where it has some: `answered 403: …`.
    pub what: String,
    /// What to do next, where something is known to help.
    pub hint: Option<&'static str>,
}

/// A response that refuses a request.
pub struct RefusedAnswer {
    /// The request, and what came back.
    pub error: AnswerError,
    /// The server's message alone; empty where it sent none.
    pub message: String,
    /// The `error` of the body alone, which is a code on the routes of the authentication; empty where there is none.
    pub code: String,
}

/// Returns the refusal that a response is: a status other than 2xx, or a 200 whose body has `error`.
pub fn refusal(method: Method, path: &str, response: &Response, redactor: &Redactor) -> Option<RefusedAnswer> {
    let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
    if response.succeeded() && body.is_none() {
        return None;
    }
    let message = body.as_ref().map(|body| one_line(&redactor.text(body.sentence())));
    let detail = match &message {
        Some(message) => format!(": {message}"),
        None if looks_like_json(response) => " with JSON of another shape".to_owned(),
        None => {
            first_line(response, redactor).map_or_else(|| " with an empty body".to_owned(), |line| format!(": {line}"))
        }
    };
    Some(RefusedAnswer {
        error: AnswerError {
            method,
            path: path.to_owned(),
            status: response.status,
            what: format!("answered {}{detail}", response.status),
            hint: hint(response.status),
        },
        message: message.unwrap_or_default(),
        code: body.map(|body| redactor.text(&body.error)).unwrap_or_default(),
    })
}

/// Parses the body of a response.
///
/// # Errors
/// A refusal, or a body of another shape: it is described by its first line or not at all, never by its values.
pub fn decode<T: DeserializeOwned>(
    method: Method,
    path: &str,
    response: &Response,
    redactor: &Redactor,
) -> Result<T, AnswerError> {
    if let Some(refusal) = refusal(method, path, response, redactor) {
        return Err(refusal.error);
    }
    serde_json::from_slice(&response.body).map_err(|error| AnswerError {
        method,
        path: path.to_owned(),
        status: response.status,
        what: unexpected(response, &error, redactor),
        hint: Some("check that `--url` is a Lobu server, and its path prefix"),
    })
}

fn unexpected(response: &Response, error: &serde_json::Error, redactor: &Redactor) -> String {
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
    let line = first_line(response, redactor).unwrap_or_default();
    format!("answered {status} with something that is not JSON: {line}")
}

/// Whether a body looks like JSON. Such a body may hold the configuration of any agent, so nothing of it is shown.
fn looks_like_json(response: &Response) -> bool {
    let first = response.body.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'[' | b'"'))
}

fn one_line(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// Returns the first line of a body that is not blank, without secrets and control characters, cut to [`MAX_LINE`].
fn first_line(response: &Response, redactor: &Redactor) -> Option<String> {
    let window = &response.body[..response.body.len().min(FIRST_LINE_WINDOW)];
    // Secrets are struck out before the text is cut, because half a secret is not found. A value that the window itself
    // cuts stands too far behind to be shown.
    let mut text = redactor.text(&String::from_utf8_lossy(window));
    text.truncate(text.floor_char_boundary(FIRST_LINE_WINDOW / 2));
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let visible = line.chars().filter(|character| !character.is_control());
    Some(visible.take(MAX_LINE).collect())
}

const fn hint(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("sign in with `lobuctl login`, or check `LOBU_API_TOKEN`"),
        403 => Some("check that the token belongs to this organization and has the scope `mcp:admin`"),
        404 => Some("check `--url`, its path prefix, and `--org`"),
        408 | 429 | 502 | 503 | 504 => Some("the server is busy or away: run again in a while"),
        500..=599 => Some("look at the server's log"),
        _ => None,
    }
}

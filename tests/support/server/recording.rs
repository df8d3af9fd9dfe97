//! The recorded exchanges (see `docs/contract.md`): finds their files, reads them, and rebuilds the requests.

use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

/// Returns the folder of the recordings. Reports the skipped test and returns `None` when it is missing.
pub fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    if path.is_dir() {
        return Some(path);
    }
    crate::support::report_skip("no recorded exchanges in ../shared/fixtures");
    None
}

/// Reads a file of recordings by its name without `.json`. `None` when there are no recordings.
pub fn read(name: &str) -> Option<Value> {
    let path = folder()?.join(format!("{name}.json"));
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

/// Rebuilds the request of the exchange at the index `at`. `token` returns the header for a recorded `Authorization`. Returns
/// `None` when the recording does not contain the body.
pub fn request(fixture: &str, at: usize, exchanges: &[Value], token: impl Fn(&str) -> String) -> Option<Request<Body>> {
    let exchange = &exchanges[at];
    let path = exchange["path"].as_str().unwrap();
    // The one path that the recording shortened.
    let path = match path {
        "<344 characters>" => format!("/api/dev/agents/plat/platforms/by-stable-id/{}", "z".repeat(300)),
        path => path.to_owned(),
    };
    let mut request = Request::builder()
        .method(exchange["method"].as_str().unwrap())
        .uri(path);
    if let Some(authorization) = exchange["authorization"].as_str() {
        request = request.header(header::AUTHORIZATION, token(authorization));
    }
    for (name, value) in exchange["request_headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    Some(request.body(Body::from(body(fixture, at, exchanges)?)).unwrap())
}

fn body(fixture: &str, at: usize, exchanges: &[Value]) -> Option<Vec<u8>> {
    let exchange = &exchanges[at];
    if let Some(raw) = exchange["request_raw"].as_str() {
        return if raw.starts_with('<') {
            None
        } else {
            Some(parse_python_bytes(raw))
        };
    }
    match &exchange["request_body"] {
        Value::Null => Some(Vec::new()),
        Value::String(text) if text.starts_with('<') && text.ends_with("bytes of JSON>") => {
            let size = text[1..].split(' ').next().unwrap().parse().unwrap();
            rebuild_body(fixture, at, exchanges, size).map(String::into_bytes)
        }
        body => Some(body.to_string().into_bytes()),
    }
}

/// Rebuilds a body that was too long to record: from what the exchange or the next one contains, or with a filler of the same
/// `size` in bytes. `None` when that is not possible.
fn rebuild_body(fixture: &str, at: usize, exchanges: &[Value], size: usize) -> Option<String> {
    match (fixture, at) {
        ("config", 2) => {
            let mut all = exchanges[3]["response_body"].clone();
            all.as_object_mut().unwrap().remove("updatedAt");
            Some(all.to_string())
        }
        ("agents", 59) => Some(json!({ "agentId": "abcj", "name": "x".repeat(10_000) }).to_string()),
        ("entity-types", 79) => Some(
            json!({ "schema_type": "entity_type", "action": "create", "slug": "long", "name": "x".repeat(5000) })
                .to_string(),
        ),
        ("limits", 0..=3) => Some(format!("{{\"soulMd\": \"{}\"}}", "x".repeat(size - 14))),
        ("limits", 4) => {
            let servers: serde_json::Map<String, Value> = (0..5000)
                .map(|n| (format!("s{n}"), json!({ "url": "u".repeat(1000) })))
                .collect();
            Some(json!({ "mcpServers": servers }).to_string())
        }
        _ => None,
    }
}

/// Parses a bytes literal of Python, such as `b'\xff'`, in which the recordings contain bodies that are not JSON.
fn parse_python_bytes(raw: &str) -> Vec<u8> {
    let inner = raw
        .strip_prefix("b'")
        .or_else(|| raw.strip_prefix("b\""))
        .map(|rest| &rest[..rest.len() - 1]);
    let Some(quoted) = inner else {
        return raw.as_bytes().to_vec();
    };
    let (mut bytes, mut rest) = (Vec::new(), quoted.chars());
    while let Some(letter) = rest.next() {
        match (letter, if letter == '\\' { rest.next() } else { None }) {
            ('\\', Some('x')) => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            ('\\', Some('n')) => bytes.push(b'\n'),
            ('\\', Some('r')) => bytes.push(b'\r'),
            ('\\', Some('t')) => bytes.push(b'\t'),
            ('\\', Some(other)) | (other, _) => bytes.extend(other.to_string().bytes()),
        }
    }
    bytes
}

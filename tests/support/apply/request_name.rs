//! One name for each request, for rules and records of tests.

use lobuctl::remote::{Body, Method, Request};
use serde_json::Value;

/// Returns the name of what a write changes, as `agent desk`, `settings desk`, `platform desk-telegram` or
/// `entity_type company`, and the same after `read` for a read.
pub fn row_name(request: &Request) -> String {
    let body = json_body(request);
    let name = target(request).unwrap_or_else(|| format!("{} {}", text(&body, "schema_type"), text(&body, "slug")));
    if request.writes { name } else { format!("read {name}") }
}

/// Returns the same name, with the action in place of the kind for types: `create company`, `add_rule works-at`.
pub fn request_name(request: &Request) -> String {
    let body = json_body(request);
    let name = target(request).unwrap_or_else(|| format!("{} {}", text(&body, "action"), text(&body, "slug")));
    if request.writes { name } else { format!("read {name}") }
}

/// Returns a text of the request's JSON; empty where there is none.
pub fn body_text(request: &Request, key: &str) -> String {
    text(&json_body(request), key)
}

fn json_body(request: &Request) -> Value {
    let bytes = request.body.as_ref().map(Body::bytes);
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_default().to_owned()
}

/// Returns `None` for the one path under which all types are read and written.
fn target(request: &Request) -> Option<String> {
    let parts: Vec<&str> = request.path.split('/').skip(3).collect();
    Some(match (request.method, parts.as_slice()) {
        (Method::Post, ["agents"]) => format!("agent {}", text(&json_body(request), "agentId")),
        (_, ["agents"]) => "agents".to_owned(),
        (_, ["agents", id]) => format!("agent {id}"),
        (_, ["agents", id, "config"]) => format!("settings {id}"),
        (_, ["agents", id, "platforms"]) => format!("platforms {id}"),
        (_, ["agents", _, "platforms", "by-stable-id", id] | ["agents", _, "platforms", id]) => {
            format!("platform {id}")
        }
        (_, ["manage_entity_schema"]) => return None,
        other => panic!("unexpected request: {other:?}"),
    })
}

//! Any bytes as the body of a request to the server. The first byte chooses the route.

#![no_main]

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use lobuctl::server::{Server, ServerOptions};
use lobuctl_fuzz::project::SECRET;
use secrecy::ExposeSecret;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const ROUTES: [(&str, &str); 10] = [
    ("POST", "/api/dev/agents"),
    ("PATCH", "/api/dev/agents/known"),
    ("PATCH", "/api/dev/agents/known/config"),
    ("POST", "/api/dev/agents/known/platforms"),
    ("PUT", "/api/dev/agents/known/platforms/by-stable-id/known-telegram"),
    ("POST", "/api/dev/agents/known/platforms/known-telegram/start"),
    ("POST", "/api/dev/manage_entity_schema"),
    ("POST", "/api/dev/list_organizations"),
    ("POST", "/api/dev/resolve_path"),
    ("DELETE", "/api/dev/agents/known/platforms/known-telegram"),
];

/// A server in memory with one agent and one platform, whose token no answer may repeat.
struct Target {
    runtime: Runtime,
    router: Router,
    token: String,
}

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let server = runtime
        .block_on(Server::open(ServerOptions::memory()))
        .expect("a server in memory opens");
    let token = server
        .bootstrap_token()
        .expect("a new server has a token")
        .expose_secret()
        .to_owned();
    let target = Target {
        runtime,
        router: server.router(),
        token,
    };
    let platform = format!(r#"{{"platform":"telegram","config":{{"botToken":"{SECRET}"}}}}"#);
    target.send(0, br#"{"agentId":"known","name":"Known"}"#);
    target.send(4, platform.as_bytes());
    target
});

impl Target {
    fn send(&self, route: usize, body: &[u8]) -> (StatusCode, Vec<u8>) {
        let (method, path) = ROUTES[route];
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body.to_vec()))
            .expect("the request is valid");
        self.runtime.block_on(async {
            let response = self
                .router
                .clone()
                .oneshot(request)
                .await
                .expect("a router always answers");
            let status = response.status();
            let body = to_bytes(response.into_body(), usize::MAX)
                .await
                .expect("the body is in memory");
            (status, body.into())
        })
    }
}

/// Whether a body holds this text by itself, also with JSON's escapes: a refusal may quote what it was sent, and the fuzzer
/// learns the secrets from the comparisons that search for them.
fn sends(body: &[u8], secret: &str) -> bool {
    let decoded = serde_json::from_slice::<serde_json::Value>(body).map(|value| value.to_string());
    String::from_utf8_lossy(body).contains(secret) || decoded.is_ok_and(|text| text.contains(secret))
}

fuzz_target!(|bytes: &[u8]| {
    let [route, body @ ..] = bytes else { return };
    let (status, answer) = TARGET.send(usize::from(*route) % ROUTES.len(), body);
    let answer = String::from_utf8(answer).expect("an answer is UTF-8");
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
    for secret in [SECRET, &TARGET.token] {
        assert!(!answer.contains(secret) || sends(body, secret), "{status}: {answer}");
    }
    serde_json::from_str::<serde_json::Value>(&answer).expect("an answer is JSON");
});

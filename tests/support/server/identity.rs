//! A server with nothing but the sign-in of a Lobu server, whose answers are those of the recordings.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the server knows and has seen.
#[derive(Default)]
struct Seen {
    /// What each poll finds, in order; the last one is repeated.
    polls: VecDeque<&'static str>,
    /// The number of pairs of tokens that were issued.
    pairs: usize,
    /// The refresh token that is valid.
    refresh: Option<String>,
    /// The access tokens that are valid.
    access: Vec<String>,
    /// The number of refreshes that succeeded.
    rotations: usize,
    /// Every request: method, path, body.
    requests: Vec<String>,
    /// A status that every request is answered with, if any.
    broken: Option<u16>,
    /// Changes to the document of the discovery.
    discovery: Value,
    /// Changes to the answer that begins a sign-in.
    grant: Value,
    /// Changes to what it says of the owner of a token.
    owner: Value,
}

/// A running server. It stops with the runtime of the test.
#[derive(Clone)]
pub struct IdentityServer {
    /// Such as `http://127.0.0.1:8787`.
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

/// The personal access token that the server accepts.
pub const PERSONAL_TOKEN: &str = "owl_pat_planted0123456789abcdef";

impl IdentityServer {
    /// Starts the server, which finds these decisions when it is polled: `authorization_pending`, `slow_down`,
    /// `access_denied`, `expired_token` or `approved`.
    pub async fn start(polls: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::new(Mutex::new(Seen {
                polls: polls.iter().copied().collect(),
                ..Seen::default()
            })),
        };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// Returns every request so far, as `POST /oauth/token client_id=…`.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// Returns the number of requests that begin with a text.
    pub fn count(&self, start: &str) -> usize {
        self.requests()
            .iter()
            .filter(|request| request.starts_with(start))
            .count()
    }

    /// Returns the number of refreshes that succeeded.
    pub fn rotations(&self) -> usize {
        self.seen.lock().unwrap().rotations
    }

    /// Issues a pair of tokens as if somebody had approved, and returns access and refresh token.
    pub fn issue(&self) -> (String, String) {
        let mut seen = self.seen.lock().unwrap();
        let pair = seen.issue();
        (
            pair["access_token"].as_str().unwrap().to_owned(),
            pair["refresh_token"].as_str().unwrap().to_owned(),
        )
    }

    /// Makes every answer this status with a text that is not JSON, or none any more.
    pub fn break_with(&self, status: Option<u16>) {
        self.seen.lock().unwrap().broken = status;
    }

    /// Makes every token invalid.
    pub fn forget_tokens(&self) {
        let mut seen = self.seen.lock().unwrap();
        seen.refresh = None;
        seen.access.clear();
    }

    /// Whether a token is still valid.
    pub fn accepts(&self, token: &str) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.refresh.as_deref() == Some(token) || seen.access.iter().any(|it| it == token)
    }

    /// Changes what the server says of the owner of a token.
    pub fn says(&self, owner: Value) {
        self.seen.lock().unwrap().owner = owner;
    }

    /// Changes the document of the discovery; `null` removes a key.
    pub fn discovers(&self, key: &str, value: Value) {
        let mut seen = self.seen.lock().unwrap();
        if seen.discovery.is_null() {
            seen.discovery = json!({});
        }
        seen.discovery[key] = value;
    }

    /// Changes the answer that begins a sign-in; `null` removes a key.
    pub fn grants(&self, key: &str, value: Value) {
        let mut seen = self.seen.lock().unwrap();
        if seen.grant.is_null() {
            seen.grant = json!({});
        }
        seen.grant[key] = value;
    }
}

impl Seen {
    fn issue(&mut self) -> Value {
        self.pairs += 1;
        let (access, refresh) = (
            format!("access-planted-{}", self.pairs),
            format!("refresh-planted-{}", self.pairs),
        );
        self.access.push(access.clone());
        self.refresh = Some(refresh.clone());
        json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 86400, "refresh_token": refresh,
            "scope": "mcp:read mcp:write mcp:admin profile:read",
        })
    }

    fn token(&mut self, body: &str) -> (u16, Value) {
        if field(body, "grant_type") == Some("refresh_token") {
            if self.refresh.is_none() || field(body, "refresh_token") != self.refresh.as_deref() {
                return refusal("invalid_grant", "Invalid or expired refresh token");
            }
            self.rotations += 1;
            return (200, self.issue());
        }
        if field(body, "device_code") != Some("device-planted-code") {
            return refusal("invalid_grant", "Unknown device_code");
        }
        let found = if self.polls.len() > 1 {
            self.polls.pop_front()
        } else {
            self.polls.front().copied()
        };
        match found.unwrap() {
            "approved" => (200, self.issue()),
            "authorization_pending" => refusal("authorization_pending", "User has not yet authorized"),
            "access_denied" => refusal("access_denied", "User denied the authorization request"),
            other => refusal(other, "said so"),
        }
    }

    fn revoke(&mut self, body: &str) -> (u16, Value) {
        // The access token lives on (recording `oauth`).
        if self.refresh.as_deref() == field(body, "token") {
            self.refresh = None;
        }
        (200, json!({"revoked": true}))
    }
}

fn refusal(code: &str, description: &str) -> (u16, Value) {
    (400, json!({"error": code, "error_description": description}))
}

/// Returns a field of a form. The values of these tests need no decoding.
fn field<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

async fn answer(State(server): State<IdentityServer>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let mut seen = server.seen.lock().unwrap();
    let method = if body.is_empty() { "GET" } else { "POST" };
    seen.requests.push(format!("{method} {} {body}", uri.path()));
    if let Some(status) = seen.broken {
        return (StatusCode::from_u16(status).unwrap(), "<html>in between</html>").into_response();
    }
    let token = headers
        .get("authorization")
        .and_then(|it| it.to_str().unwrap().strip_prefix("Bearer "));
    let knows = token.is_some_and(|token| seen.access.iter().any(|it| it == token));
    let base = &server.url;
    let (status, value) = match uri.path() {
        "/.well-known/oauth-authorization-server" => (200, discovery(base, &seen.discovery)),
        "/oauth/register" => (
            201,
            json!({
                "client_name": "lobuctl", "token_endpoint_auth_method": "none", "redirect_uris": [],
                "client_id": "mcp_client_7", "client_secret": "mcp_secret_planted",
            }),
        ),
        "/oauth/device_authorization" => (200, device_grant(base, &seen.grant)),
        "/oauth/token" => seen.token(&body),
        "/oauth/revoke" => seen.revoke(&body),
        "/oauth/userinfo" if knows && !seen.owner.is_null() => (200, seen.owner.clone()),
        "/oauth/userinfo" if knows => (
            200,
            json!({
                "sub": "FPus0H4k", "email": "mira@example.test", "name": "Mira", "organization_slug": "desk",
                "organizations": [{"slug": "person", "name": "Person"}, {"slug": "desk", "name": "Desk"}],
            }),
        ),
        "/oauth/userinfo" if token.is_some_and(|it| it.starts_with("owl_pat_")) => (
            403,
            json!({"error": "access_denied", "error_description": "Invalid token or insufficient scope"}),
        ),
        "/api/desk/list_organizations" if knows || token == Some(PERSONAL_TOKEN) => (
            200,
            json!([
                {"slug": "desk", "name": "Desk", "is_member": true, "is_current": true, "visibility": "private"},
                {"slug": "other", "name": "Other", "is_member": false, "is_current": false, "visibility": "public"},
            ]),
        ),
        "/oauth/userinfo" | "/api/desk/list_organizations" => (
            401,
            json!({"error": "invalid_token", "error_description": "Invalid or expired access token"}),
        ),
        _ => (404, json!({"error": "Not found"})),
    };
    (StatusCode::from_u16(status).unwrap(), axum::Json(value)).into_response()
}

fn device_grant(base: &str, changes: &Value) -> Value {
    let grant = json!({
        "device_code": "device-planted-code", "user_code": "WDJB-MJHT", "verification_uri": format!("{base}/oauth/device"),
        "verification_uri_complete": format!("{base}/oauth/device?user_code=WDJB-MJHT"), "expires_in": 900, "interval": 1,
    });
    changed(grant, changes)
}

fn discovery(base: &str, changes: &Value) -> Value {
    let document = json!({
        "issuer": base,
        "token_endpoint": format!("{base}/oauth/token"),
        "registration_endpoint": format!("{base}/oauth/register"),
        "revocation_endpoint": format!("{base}/oauth/revoke"),
        "device_authorization_endpoint": format!("{base}/oauth/device_authorization"),
        "userinfo_endpoint": format!("{base}/oauth/userinfo"),
    });
    changed(document, changes)
}

/// Returns an object with other values of some keys; `null` removes a key.
fn changed(mut document: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().into_iter().flatten() {
        document[key] = value.clone();
        if value.is_null() {
            document.as_object_mut().unwrap().remove(key);
        }
    }
    document
}

//! A server on a loopback port behind a gate that refuses or delays requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::support::server::{JsonClient, memory_server};

/// What happens to a request that writes and whose path contains a text.
#[derive(Debug, Clone)]
pub enum GateRule {
    /// The next such request is refused with 422, and the rule ends.
    Refuse(&'static str),
    /// Every such request is delayed by a time and then passed on.
    Hold(&'static str, Duration),
    /// Every request, reading or writing, gets this status.
    Everything(StatusCode),
    /// Every request is answered as a server without revisions does: there are none, and a reply to a PUT that creates or changes
    /// nothing has another time than lists (contract section 7).
    WithoutRevisions,
}

#[derive(Default)]
struct Gate {
    rules: Mutex<Vec<GateRule>>,
    held: AtomicUsize,
}

/// A server in memory behind a gate.
pub struct GatedServer {
    /// `http://127.0.0.1:PORT`, behind the gate.
    pub url: String,
    /// The admin token of `dev`.
    pub token: String,
    /// A client that reaches the server without passing the gate.
    pub client: JsonClient,
    gate: Arc<Gate>,
}

impl GatedServer {
    /// Starts the server.
    pub async fn open() -> Self {
        let (server, token) = memory_server().await;
        let gate = Arc::<Gate>::default();
        let router = server.router().layer(from_fn_with_state(Arc::clone(&gate), pass));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            client: JsonClient::new(&server, &token),
            token,
            gate,
        }
    }

    /// Adds a rule for the requests from now on.
    pub fn rule(&self, rule: GateRule) {
        self.gate.rules.lock().unwrap().push(rule);
    }

    /// Ends every rule.
    pub fn open_gate(&self) {
        self.gate.rules.lock().unwrap().clear();
    }

    /// Returns the number of requests that were delayed so far.
    pub fn held(&self) -> usize {
        self.gate.held.load(Ordering::SeqCst)
    }

    /// Returns the ids of the agents on the server, sorted.
    pub async fn agents(&self) -> Vec<String> {
        let answer = self.client.get("/api/dev/agents").await;
        let agents = answer.body["agents"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> = agents
            .iter()
            .filter_map(|agent| agent["agentId"].as_str().map(str::to_owned))
            .collect();
        ids.sort();
        ids
    }
}

/// Applies the first rule that matches a request.
async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let writes = request.method() != "GET";
    // In a block, because the lock must not be held while a request is delayed.
    let rule = {
        let mut rules = gate.rules.lock().unwrap();
        let index = rules.iter().position(|rule| match rule {
            GateRule::Everything(_) | GateRule::WithoutRevisions => true,
            GateRule::Refuse(part) | GateRule::Hold(part, _) => writes && path.contains(part),
        });
        index.map(|index| match rules[index] {
            GateRule::Refuse(_) => rules.remove(index),
            GateRule::Hold(..) | GateRule::Everything(_) | GateRule::WithoutRevisions => rules[index].clone(),
        })
    };
    match rule {
        Some(GateRule::Everything(status)) => (status, "{}").into_response(),
        Some(GateRule::Refuse(_)) => {
            let body = r#"{"error":"the gate is closed today"}"#;
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                [("content-type", "application/json")],
                body,
            )
                .into_response()
        }
        Some(GateRule::Hold(_, time)) => {
            gate.held.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(time).await;
            next.run(request).await
        }
        Some(GateRule::WithoutRevisions) => without_revisions(next.run(request).await).await,
        None => next.run(request).await,
    }
}

async fn without_revisions(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove("etag");
    parts.headers.remove("content-length");
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let Ok(mut body) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let differs = parts.status == StatusCode::CREATED || body["noop"] == true;
    if differs && let Some(time) = body.pointer_mut("/platform/updatedAt") {
        *time = "another time".into();
    }
    Response::from_parts(parts, Body::from(body.to_string()))
}

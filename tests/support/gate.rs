//! The server's routes on a loopback port, with somebody at the gate who refuses or holds back requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::server::{Client, memory_server};

/// What happens to a request that writes and whose path contains these words.
#[derive(Debug, Clone)]
pub enum Rule {
    /// Refused, once.
    Refuse(&'static str),
    /// Held for so long.
    Hold(&'static str, Duration),
}

type Rules = Arc<Mutex<Vec<Rule>>>;

/// A server behind a gate.
pub struct Gated {
    pub url: String,
    pub token: String,
    pub client: Client,
    rules: Rules,
}

impl Gated {
    /// Starts the server.
    pub async fn open() -> Self {
        let (server, token) = memory_server().await;
        let rules = Rules::default();
        let router = server.router().layer(from_fn_with_state(Arc::clone(&rules), gate));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            client: Client::new(&server, &token),
            token,
            rules,
        }
    }

    /// From now on.
    pub fn rule(&self, rule: Rule) {
        self.rules.lock().unwrap().push(rule);
    }

    /// Ids of the agents that are there.
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

async fn gate(State(rules): State<Rules>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let writes = request.method() != "GET";
    let rule = {
        let mut rules = rules.lock().unwrap();
        let place = rules.iter().position(|rule| match rule {
            Rule::Refuse(words) | Rule::Hold(words, _) => writes && path.contains(words),
        });
        place.map(|place| match rules[place] {
            Rule::Refuse(_) => rules.remove(place),
            Rule::Hold(..) => rules[place].clone(),
        })
    };
    match rule {
        Some(Rule::Refuse(_)) => {
            let body = r#"{"error":"the gate is closed today"}"#;
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                [("content-type", "application/json")],
                body,
            )
                .into_response()
        }
        Some(Rule::Hold(_, time)) => {
            tokio::time::sleep(time).await;
            next.run(request).await
        }
        None => next.run(request).await,
    }
}

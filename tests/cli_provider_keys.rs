//! `lobuctl secrets push` with the real program against servers of each release: which keys of providers they are sent, and
//! that earlier ones are sent none.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, body};
use serde_json::{Value, json};

use crate::cli_vault::run_at;
use crate::support::program::cli::FILES;
use crate::support::project::TempProject;
use crate::support::snapshot;

/// The value that `run_at` gives `API_KEY`.
const KEY: &str = "planted-key";

/// What a stand-in knows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Generation {
    /// Neither route; a 404 for what it does not know.
    April,
    /// Neither route; 200 and what it is for what it does not know.
    AprilLocal,
    /// Keys below agents.
    May,
    /// Keys below agents, and of the providers that are listed: `anthropic`.
    July,
}

/// What happens to a key below an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum KeyFault {
    None,
    /// It is stored, and answered with 502.
    AnswerLost,
    /// It is refused with 403.
    Refused,
    /// Another provider's is said to be stored.
    OtherName,
}

struct StandIn {
    generation: Generation,
    fault: KeyFault,
    /// The requests, with the JSON of bodies.
    asked: Mutex<Vec<String>>,
}

impl StandIn {
    async fn start(generation: Generation, fault: KeyFault) -> (String, Arc<Self>) {
        let server = Arc::new(Self {
            generation,
            fault,
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(server.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, server)
    }

    /// Returns the requests since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn put_key(&self, provider: &str, sent: &Bytes) -> Response {
        let value: Option<Value> = serde_json::from_slice(sent).ok();
        let has_key = value.is_some_and(|value| value["value"].as_str().is_some_and(|text| !text.is_empty()));
        if !has_key {
            let message = "Body must include a non-empty `value` string";
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": message }))).into_response();
        }
        match self.fault {
            KeyFault::AnswerLost => StatusCode::BAD_GATEWAY.into_response(),
            KeyFault::Refused => (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" }))).into_response(),
            KeyFault::OtherName => Json(json!({ "success": true, "name": "provider:other:apiKey" })).into_response(),
            KeyFault::None => {
                Json(json!({ "success": true, "name": format!("provider:{provider}:apiKey") })).into_response()
            }
        }
    }

    fn unknown(&self) -> Response {
        match self.generation {
            Generation::AprilLocal => Json(json!({ "status": "ok", "mcp_endpoint": "http://x/mcp" })).into_response(),
            _ => (StatusCode::NOT_FOUND, Json(json!({ "error": "Not found" }))).into_response(),
        }
    }
}

async fn answer(State(server): State<Arc<StandIn>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let sent = body::to_bytes(request.into_body(), 10_000).await.unwrap();
    let line = format!("{method} {path} {}", String::from_utf8_lossy(&sent));
    server.asked.lock().unwrap().push(line.trim_end().to_owned());
    let segments: Vec<&str> = path.trim_start_matches("/api/dev/").split('/').collect();
    let generation = server.generation;
    match (method, segments.as_slice()) {
        (Method::GET, ["agents"]) => {
            Json(json!({ "agents": [{ "agentId": "other", "name": "x" }, { "agentId": "desk", "name": "Desk" }] }))
                .into_response()
        }
        (Method::GET, ["agents", "inference-providers"]) if generation == Generation::July => {
            Json(json!({ "providers": [{ "id": "1", "slug": "anthropic", "kind": "anthropic" }] })).into_response()
        }
        (Method::GET, ["agents", _]) => {
            (StatusCode::NOT_FOUND, Json(json!({ "error": "Agent not found" }))).into_response()
        }
        (Method::PUT, ["agents", "inference-providers", "anthropic", "key"]) if generation == Generation::July => {
            Json(json!({ "success": true })).into_response()
        }
        (Method::PUT, ["agents", "desk", "providers", provider, "api-key"])
            if matches!(generation, Generation::May | Generation::July) =>
        {
            server.put_key(provider, &sent)
        }
        _ => server.unknown(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_server_is_sent_no_key_and_the_choices_are_named() {
    let project = TempProject::new(FILES);
    for generation in [Generation::April, Generation::AprilLocal] {
        let (url, server) = StandIn::start(generation, KeyFault::None).await;
        for (line, lacking) in [
            ("secrets list", "keeps no secrets by name"),
            ("secrets push --only BOT_TOKEN --yes", "keeps no secrets by name"),
            (
                "secrets push --yes --yes-rotate",
                "keeps no secrets by name and takes no keys of providers",
            ),
        ] {
            let output = run_at(&project, &url, "t", line).await;
            let expected = format!(
                "error: {url} {lacking}; nothing was sent\n\
                 hint: `lobuctl apply` sends the values that platforms use, each with its platform: BOT_TOKEN\n\
                 hint: `lobuctl serve` keeps secrets by name\n"
            );
            assert_eq!((output.code, output.err.as_str()), (1, expected.as_str()), "{output:?}");
        }
        assert_eq!(
            server.take(),
            [
                "GET /api/dev/secrets",
                "GET /api/dev/secrets",
                "GET /api/dev/secrets",
                "GET /api/dev/agents",
                "GET /api/dev/agents/inference-providers",
                "PUT /api/dev/agents/desk/providers/anthropic/api-key {}",
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_server_is_sent_keys_that_are_written_and_never_unchanged() {
    let project = TempProject::new(FILES);
    for (generation, route) in [
        (Generation::May, "desk/providers/anthropic/api-key"),
        (Generation::July, "inference-providers/anthropic/key"),
    ] {
        let (url, server) = StandIn::start(generation, KeyFault::None).await;
        let mut text = String::new();
        for line in [
            "secrets push --dry-run",
            "secrets push --yes",
            "secrets push --yes-rotate",
        ] {
            let output = run_at(&project, &url, "t", line).await;
            writeln!(text, "$ lobuctl {line}\n{output:?}").unwrap();
            let sent: Vec<String> = server.take();
            let sent: Vec<&String> = sent.iter().filter(|line| line.contains(KEY)).collect();
            let expected = format!("PUT /api/dev/agents/{route} {{\"value\":\"{KEY}\"}}");
            let count = usize::from(line.contains("--yes-rotate"));
            assert_eq!(sent, vec![&expected; count], "{line}");
        }
        snapshot::check("cli_provider_keys", &text.replace(&url, "SERVER"));
        let json = run_at(&project, &url, "t", "secrets push --yes-rotate --format json").await;
        assert_eq!(json.object("provider-key-written")["action"], "written");
        assert_eq!(
            json.object("provider-keys-push")["without_provider"],
            json!(["BOT_TOKEN"])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_listed_gets_its_key_below_an_agent() {
    let files: Vec<(&str, String)> = FILES
        .iter()
        .map(|(path, text)| (*path, text.replace("id = \"anthropic\"", "id = \"groq\"")))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let (url, server) = StandIn::start(Generation::July, KeyFault::None).await;
    let output = run_at(&TempProject::new(&files), &url, "t", "secrets push --yes-rotate").await;
    assert_eq!(output.code, 0, "{output:?}");
    let sent = server.take();
    assert_eq!(
        sent[3..],
        [
            "PUT /api/dev/agents/desk/providers/groq/api-key {}".to_owned(),
            format!("PUT /api/dev/agents/desk/providers/groq/api-key {{\"value\":\"{KEY}\"}}"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_called_written_only_where_the_server_proves_it() {
    let project = TempProject::new(FILES);
    for (fault, code, said) in [
        (
            KeyFault::AnswerLost,
            6,
            "error: it is not known whether the key of provider `anthropic` was written",
        ),
        (
            KeyFault::OtherName,
            6,
            "error: it is not known whether the key of provider `anthropic` was written",
        ),
        (KeyFault::Refused, 1, "error: the server stored nothing"),
    ] {
        let (url, _) = StandIn::start(Generation::May, fault).await;
        let output = run_at(&project, &url, "t", "secrets push --yes-rotate").await;
        assert!(
            output.code == code && output.err.contains(said),
            "{fault:?}: {output:?}"
        );
        assert!(!output.out.contains("written"), "{output:?}");
        let hint = "`lobuctl secrets push --only API_KEY` writes what is left";
        assert!(output.err.contains(hint), "{output:?}");
    }
}

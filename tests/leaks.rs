//! A server that repeats every secret, in every encoding and in every kind of answer, cannot make lobuctl print or keep one.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lobuctl::cli::Cli;
use lobuctl::command;
use lobuctl::host::Host;
use lobuctl::redact::STRUCK;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::redaction::{forms, squeezed};
use crate::support::project::TempProject;
use crate::support::server::memory_server;

const BOT: &str = "4711:AAbbCC/dd+ee==ff";
const PHRASE: &str = "a \"long\" phrase & <more>";

const TOML: &str = r#"
[agents.desk]
name = "Desk"
dir = "."

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "$BOT", chatId = "1" }

[[agents.desk.platforms]]
type = "slack"
config = { botToken = "$BOT", signingSecret = "$PHRASE" }

[memory]
org = "dev"
"#;

/// How the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// As it should.
    Honest,
    /// To reads with this status, and the text as the error.
    Refused(StatusCode),
    /// To reads with 200 and the text as the error.
    ErrorInside,
    /// To reads with a page that holds the text.
    Page,
    /// To reads with the text in each name and description.
    Named,
    /// To writes with this status, and the text as the error.
    WriteRefused(StatusCode),
    /// To writes with a page, after they were carried out.
    WritePage,
}

/// The server behind a way of answering, and what it repeats.
#[derive(Clone)]
struct Echo {
    server: Router,
    mode: Arc<Mutex<(Answer, String)>>,
}

fn named(value: &mut Value, text: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| named(item, text)),
        Value::Object(map) => {
            for (key, value) in map {
                if ["name", "description", "soulMd"].contains(&key.as_str()) {
                    *value = json!(text);
                } else {
                    named(value, text);
                }
            }
        }
        _ => {}
    }
}

async fn answer(State(echo): State<Echo>, request: Request) -> Response {
    let (mode, text) = echo.mode.lock().unwrap().clone();
    let reads = request.method() == Method::GET;
    let error = json!({ "error": format!("what is {text}?") }).to_string();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    match mode {
        Answer::Refused(status) if reads => (status, kind, error).into_response(),
        Answer::WriteRefused(status) if !reads => (status, kind, error).into_response(),
        Answer::ErrorInside if reads => (kind, error).into_response(),
        Answer::Page if reads => ([(header::CONTENT_TYPE, "text/html")], text).into_response(),
        Answer::Named if reads => {
            let answer = echo.server.oneshot(request).await.unwrap();
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let mut value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            named(&mut value, &text);
            (kind, Body::from(value.to_string())).into_response()
        }
        Answer::WritePage if !reads => {
            echo.server.oneshot(request).await.unwrap();
            ([(header::CONTENT_TYPE, "text/html")], text).into_response()
        }
        _ => echo.server.oneshot(request).await.unwrap(),
    }
}

/// A project with an agent, and a server that knows it and echoes.
struct Victim {
    project: TempProject,
    echo: Echo,
    url: String,
    token: String,
}

impl Victim {
    async fn new() -> Self {
        let secrets = format!("BOT={BOT}\nPHRASE='{PHRASE}'\n");
        let project = TempProject::new(&[("lobu.toml", TOML), (".env", &secrets), ("SOUL.md", "Be kind.\n")]);
        let (server, token) = memory_server().await;
        let echo = Echo {
            server: server.router(),
            mode: Arc::new(Mutex::new((Answer::Honest, String::new()))),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(echo.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            project,
            echo,
            url,
            token,
        }
    }

    fn secrets(&self) -> [&str; 3] {
        [&self.token, BOT, PHRASE]
    }

    /// Runs a command while the server answers like this. Returns everything that is printed.
    async fn run(&self, line: &str, answer: Answer, text: &str) -> String {
        *self.echo.mode.lock().unwrap() = (answer, text.to_owned());
        let (host, captured) = Host::fake(self.project.path());
        let state = self.project.path().join("state").display().to_string();
        let host = host.with_environment([("LOBU_API_TOKEN", self.token.as_str()), ("XDG_STATE_HOME", &state)]);
        let words = ["lobuctl"]
            .into_iter()
            .chain(line.split(' '))
            .chain(["--url", &self.url]);
        let cli = Cli::parse_from_arguments(words).unwrap();
        command::run(&cli, host).await;
        format!("{}{}", captured.stdout(), captured.stderr())
    }

    fn assert_clean(&self, what: &str, text: &str) {
        let text = squeezed(text);
        for secret in self.secrets() {
            for form in forms(secret) {
                assert!(!text.contains(&squeezed(&form)), "{what} has {form}: {text}");
            }
        }
    }

    /// Checks everything below a folder, but for the project's own files.
    fn assert_clean_folder(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                self.assert_clean_folder(&path);
            } else if !path.ends_with("lobu.toml") && !path.ends_with(".env") {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                self.assert_clean(&path.display().to_string(), &text);
            }
        }
    }
}

/// Commands that read the server and end.
const READING: [&str; 20] = [
    "plan",
    "plan --format json",
    "plan --format markdown",
    "plan --format html --full",
    "plan -vv --log-file run.log",
    "pull --dry-run",
    "pull --dry-run --format json",
    "doctor",
    "doctor --format json",
    "drift --format json",
    "memory",
    "memory tools --format json",
    "memory run search_knowledge query=a -vv --log-file run.log",
    "memory seed --dry-run",
    "secrets list",
    "secrets list --format json",
    "secrets diff",
    "secrets audit",
    "secrets audit BOT --format json",
    "secrets push --dry-run --format json",
];

/// Commands that write, and what shows their journals.
const WRITING: [&str; 9] = [
    "apply --yes -vv --log-file run.log",
    "apply --yes --format json",
    "apply --yes --format markdown --keep-going",
    "runs show last",
    "runs show last --format json",
    "secrets push --yes --format json",
    "secrets push --yes -vv --log-file run.log",
    "secrets push --rotate BOT PHRASE --yes --yes-rotate",
    "secrets delete BOT --yes",
];

#[expect(
    clippy::disallowed_methods,
    reason = "how much to run is the decision of whoever runs the tests"
)]
fn is_asked_for_all() -> bool {
    std::env::var("LOBUCTL_TEST_LEAKS").is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_printed_or_kept_holds_a_secret_that_the_server_repeats() {
    let victim = Victim::new().await;
    let reads = [
        Answer::Refused(StatusCode::BAD_REQUEST),
        Answer::Refused(StatusCode::FORBIDDEN),
        Answer::Refused(StatusCode::NOT_FOUND),
        Answer::ErrorInside,
        Answer::Page,
        Answer::Named,
    ];
    let mut writes = vec![Answer::WriteRefused(StatusCode::BAD_REQUEST), Answer::WritePage];
    // Each answer meets two commands; with LOBUCTL_TEST_LEAKS all of them. A write that got 500 is tried again, slowly.
    let all = is_asked_for_all();
    if all {
        writes.push(Answer::WriteRefused(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let (reading, writing) = if all { (READING.len(), WRITING.len()) } else { (2, 2) };
    let (mut next_reading, mut next_writing) = (READING.iter().cycle(), WRITING.iter().cycle());
    let mut struck = 0;
    for secret in victim.secrets() {
        // Each form becomes three stars, so that an error has room for all of them.
        let text = forms(secret).join(" | ");
        let reading = reads.iter().flat_map(|answer| std::iter::repeat_n(*answer, reading));
        let writing = writes.iter().flat_map(|answer| std::iter::repeat_n(*answer, writing));
        let reading = reading.map(|answer| (answer, *next_reading.next().unwrap()));
        let writing = writing.map(|answer| (answer, *next_writing.next().unwrap()));
        for (answer, line) in reading.chain(writing) {
            let printed = victim.run(line, answer, &text).await;
            victim.assert_clean(&format!("{line} with {answer:?}"), &printed);
            struck += usize::from(printed.contains(STRUCK));
        }
    }
    victim.assert_clean_folder(victim.project.path());
    assert!(struck > 20, "only {struck} outputs had anything to strike out");
}

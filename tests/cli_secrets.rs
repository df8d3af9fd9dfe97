//! Law 3 with the real program: values planted wherever a project can hold them are in nothing that it says or leaves.

use std::path::Path;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lobuctl::apply::{ApplyOptions, Cancel};
use lobuctl::plan::Prune;
use lobuctl::remote::{Request, Response, RouterTransport, Transport, TransportError};
use serde_json::json;

use crate::support::apply::test_server::{TestServer, expect_valid};
use crate::support::program::cli::CliOutput;
use crate::support::program::serve_process::{ServeProcess, lobuctl};
use crate::support::project::TempProject;

const TOML: &str = r#"
[agents.desk]
name = "Desk"
dir = "./desk"

[[agents.desk.providers]]
id = "anthropic"
key = "planted-literal-key"

[[agents.desk.providers]]
id = "openai"
key = "$OPENAI_KEY"

[[agents.desk.platforms]]
type = "telegram"
config = { botToken = "planted-literal-token", chatId = "1" }

[[agents.desk.platforms]]
type = "slack"
config = { botToken = "$SLACK_TOKEN", signingSecret = "$SIGNING" }

[agents.desk.skills.mcp.linear]
url = "https://mcp.example/mcp"
headers = { Authorization = "Bearer planted-header", X-Key = "$HEADER" }

[agents.desk.skills.mcp.linear.oauth]
auth_url = "https://mcp.example/a"
token_url = "https://mcp.example/t"
client_id = "desk"
client_secret = "planted-client-secret"

[agents.desk.skills.mcp.local]
command = "run-it"
env = { API_TOKEN = "planted-env", DATABASE_URL = "postgres://u:planted-p@db/x" }

[memory]
org = "dev"
"#;

fn project() -> TempProject {
    let secrets = "OPENAI_KEY=planted-dotenv-1\nSLACK_TOKEN=planted-dotenv-2\nSIGNING=\"planted \\\"quoted\\\" 3\"\nHEADER=planted-dotenv-4\n";
    TempProject::new(&[("lobu.toml", TOML), ("desk/SOUL.md", "Be kind.\n"), (".env", secrets)])
}

/// Runs it, with a token of its own; no planted value is in what it says.
fn run(project: &TempProject, url: &str, token: &str, line: &str) -> CliOutput {
    let mut command = lobuctl(project.path());
    command.args(line.split_whitespace()).args(["--url", url]);
    command.current_dir(project.path()).env("LOBU_API_TOKEN", token);
    CliOutput::of(&command.output().unwrap())
}

/// Nothing below this folder holds a planted value, the project's own files left out.
fn leaves_nothing(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            leaves_nothing(&path);
        } else if !path.ends_with("lobu.toml") && !path.ends_with(".env") {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("planted"), "{}: {text}", path.display());
        }
    }
}

#[test]
fn no_planted_value_is_printed_or_stored_in_any_format() {
    let project = project();
    let data = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(data.path());
    let token = server.token();
    for line in [
        "validate",
        "doctor",
        "whoami",
        "plan --all",
        "plan --all --format json",
        "plan --all --format markdown",
        "apply --yes -vv --log-file run.log",
        "apply --yes -vv --format json",
        "secrets push --dry-run --format json",
        "secrets push --yes -vv --log-file run.log",
        "secrets push --rotate SLACK_TOKEN --yes-rotate --format json",
        "secrets diff",
        "secrets list --format json",
        "secrets audit",
        "secrets delete SIGNING --yes",
    ] {
        let output = run(&project, &server.url, &token, line);
        assert_eq!(output.code, 0, "{line}: {output:?}");
    }
    let path = project.path().join("lobu.toml");
    let changed = TOML.replace("planted-", "planted-other-").replace("\"1\"", "\"2\"");
    std::fs::write(&path, changed).unwrap();
    for line in [
        "plan --all",
        "plan --all --format json",
        "plan --all --format markdown",
        "apply --yes -vv --log-file run.log --format json",
        "plan --prune --all --format json",
    ] {
        let output = run(&project, &server.url, &token, line);
        assert_eq!(output.code, 0, "{line}: {output:?}");
    }
    assert!(!server.log().contains("planted"), "{}", server.log());
    leaves_nothing(project.path());
}

/// Refuses every write with the words that it was sent.
struct Echo(RouterTransport);

impl Transport for Echo {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            // What hangs below an agent needs it.
            let creates = request.path.ends_with("/agents");
            let Some(body) = request.body.as_ref().filter(|_| request.writes && !creates) else {
                return self.0.send(request).await;
            };
            let words = String::from_utf8(body.bytes().to_vec()).unwrap();
            Ok(Response {
                status: 400,
                body: json!({ "error": format!("what is {words}?") }).to_string().into_bytes(),
                ..Response::default()
            })
        }
        .boxed()
    }

    fn describe(&self) -> String {
        "http://echo".to_owned()
    }
}

#[tokio::test]
async fn a_server_that_repeats_what_it_was_sent_cannot_make_it_public() {
    let project = expect_valid(project().load());
    for address in ["settings.desk", "platform.desk.slack", "platform.desk.telegram"] {
        let server = TestServer::stored().await;
        let mut draft = server.plan(&project, Prune::Nothing).await;
        draft
            .steps
            .retain(|step, _| step.kind() == "agent" || step.to_string() == address);
        let client = TestServer::client_through(Echo(server.transport()));
        let options = ApplyOptions::default();
        let ran = server.apply_through(&client, &draft, options, Cancel::new()).await;
        let said = serde_json::to_string(&ran.events).unwrap();
        assert!(said.contains("answered 400: what is {"), "{address}: {said}");
        assert!(!said.contains("planted"), "{address}: {said}");
    }
}

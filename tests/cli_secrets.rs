//! Law 3 with the real program: values planted wherever a project can hold them are in nothing that it says or leaves.

use std::path::Path;

use super::support::process::{Process, lobuctl};
use super::support::project::TempProject;
use super::support::shell::Told;
use super::support::stub::{Reply, Stub};

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
env = { API_TOKEN = "planted-env" }

[memory]
org = "dev"
"#;

fn project() -> TempProject {
    let secrets = "OPENAI_KEY=planted-dotenv-1\nSLACK_TOKEN=planted-dotenv-2\nSIGNING=\"planted \\\"quoted\\\" 3\"\nHEADER=planted-dotenv-4\n";
    TempProject::new(&[("lobu.toml", TOML), ("desk/SOUL.md", "Be kind.\n"), (".env", secrets)])
}

/// Runs it, with a token of its own; no planted value is in what it says.
fn run(project: &TempProject, url: &str, token: &str, line: &str) -> Told {
    let mut command = lobuctl(project.path());
    command.args(line.split_whitespace()).args(["--url", url]);
    command.current_dir(project.path()).env("LOBU_API_TOKEN", token);
    Told::of(&command.output().unwrap())
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
fn no_planted_value_is_said_or_left_whatever_the_format() {
    let project = project();
    let data = tempfile::tempdir().unwrap();
    let server = Process::on_sqlite(data.path());
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
    ] {
        let told = run(&project, &server.url, &token, line);
        assert_eq!(told.code, 0, "{line}: {told:?}");
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
        let told = run(&project, &server.url, &token, line);
        assert_eq!(told.code, 0, "{line}: {told:?}");
    }
    assert!(!server.log().contains("planted"), "{}", server.log());
    leaves_nothing(project.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_repeats_what_it_was_sent_cannot_make_it_public() {
    let empty = Reply::json("200 OK", r#"{"agents":[]}"#);
    let types = Reply::json("200 OK", r#"{"entity_types":[],"relationship_types":[]}"#);
    let created = Reply::json("201 Created", r#"{"agentId":"desk","name":"Desk"}"#);
    let echo = r#"{"error":"bad planted-literal-token, planted-dotenv-2, planted-header, planted-client-secret, planted-env, planted \"quoted\" 3, owl_pat_planted"}"#;
    for replies in [
        vec![Reply::json("400 Bad Request", echo)],
        vec![empty.clone(), Reply::json("400 Bad Request", echo)],
        vec![
            empty.clone(),
            types.clone(),
            types.clone(),
            created.clone(),
            Reply::json("400 Bad Request", echo),
        ],
    ] {
        let stub = Stub::start(replies).await;
        let project = project();
        let told = tokio::task::spawn_blocking(move || {
            let raw = lobuctl(project.path())
                .args(["apply", "--yes", "-vv", "--only", "agents", "--url", &stub.url])
                .current_dir(project.path())
                .env("LOBU_API_TOKEN", "owl_pat_planted")
                .output()
                .unwrap();
            (
                String::from_utf8_lossy(&raw.stdout).into_owned() + &String::from_utf8_lossy(&raw.stderr),
                stub.requests(),
            )
        });
        let (told, requests) = told.await.unwrap();
        println!("{told}\n{}", requests.len());
    }
}

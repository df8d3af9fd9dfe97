//! `lobuctl secrets` with the real program: what is pushed, compared, deleted and said, and what servers without secrets get.

use std::io::Write;
use std::process::Stdio;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use lobuctl::config::parse_secret_text;
use lobuctl::resource::{Secret, secret_fingerprint};
use serde_json::json;

use crate::support::program::cli::{CliOutput, CliProject, FILES};
use crate::support::program::pty::{Pty, lobuctl_on_a_terminal};
use crate::support::program::serve_process::lobuctl;
use crate::support::project::TempProject;
use crate::support::server::{JsonClient, memory_server};
use crate::support::snapshot;

/// Runs a command line with this text on standard input.
fn piped(project: &CliProject, line: &str, text: &str) -> CliOutput {
    let mut command = project.command(line);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses the command line does not read it.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    CliOutput::of(&child.wait_with_output().unwrap())
}

#[test]
fn pushes_what_the_server_lacks_and_replaces_only_when_it_is_told_to() {
    let project = CliProject::live();
    let mut text = String::new();
    for line in [
        "secrets push --dry-run",
        "secrets push",
        "secrets push --yes",
        "secrets push --yes",
        "secrets diff --detailed-exitcode",
    ] {
        text += &project.script(line);
    }
    // Another value, from a file that wins over nothing: the environment of the others is not asked.
    std::fs::write(
        project.path().join("new.env"),
        "BOT_TOKEN=planted-newer-token\nUNUSED=planted-unused\n",
    )
    .unwrap();
    for line in [
        "secrets diff --from-env new.env --detailed-exitcode",
        "secrets push --from-env new.env --yes",
        "secrets push --from-env new.env --rotate --yes",
        "secrets push --from-env new.env --rotate --yes-rotate",
        "secrets push --from-env new.env --rotate API_KEY --yes-rotate",
        "secrets push --from-env new.env --all --yes",
        "secrets delete NONE UNUSED --yes",
        "secrets delete UNUSED",
        "secrets delete UNUSED --yes",
    ] {
        text += &project.script(line);
    }
    snapshot::check("cli_vault_push", &text);

    let list = project.expect_exit("secrets list", 0).out;
    assert!(
        list.contains("by bootstrap-user") && list.contains("used by agents.desk.providers[0].key"),
        "{list}"
    );
    let audit = project.expect_exit("secrets audit BOT_TOKEN", 0).out;
    let actions: Vec<&str> = audit
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(actions, ["rotate", "create"], "{audit}");
    let events = project
        .expect_exit("secrets audit --format json --limit 1", 0)
        .objects();
    assert_eq!(
        (&events[0]["action"], &events[0]["name"]),
        (&json!("delete"), &json!("UNUSED"))
    );
}

#[test]
fn takes_json_and_lines_from_a_pipe_and_repeats_nothing_of_them() {
    let project = CliProject::live();
    let json = r#"{"BOT_TOKEN": "planted-json", "API_KEY": "planted-key", "other": "planted"}"#;
    let pushed = piped(&project, "secrets push --from-stdin --yes", json);
    assert!(pushed.code == 0 && pushed.out.contains("2 to create"), "{pushed:?}");
    let lines = "export API_KEY='planted-quoted'\n# a comment\nMORE=planted-more\n";
    let pushed = piped(
        &project,
        "secrets push --from-stdin --all --yes --rotate --yes-rotate",
        lines,
    );
    assert!(pushed.out.contains("1 to create, 1 to replace"), "{pushed:?}");
    for (text, said) in [
        ("{\"BOT_TOKEN\": \"planted", "it is not JSON: line 1"),
        (
            "{\"BOT_TOKEN\": {\"planted\": 1}}",
            "the value of `BOT_TOKEN` is not a text",
        ),
        ("planted\nBOT_TOKEN=x\n", "line 1: there is no `=`"),
        ("BOT_TOKEN='planted\n", "line 1: a quote is not closed"),
    ] {
        let refused = piped(&project, "secrets push --from-stdin --yes", text);
        assert!(refused.code == 1 && refused.err.contains(said), "{text}: {refused:?}");
    }
    // A token that ends soon is pushed, with a warning.
    let token = "BOT_TOKEN=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.planted-signature\n";
    let pushed = piped(
        &project,
        "secrets push --from-stdin --rotate BOT_TOKEN --yes-rotate",
        token,
    );
    let warning = "warning: the value of BOT_TOKEN looks like a JSON Web Token";
    assert!(pushed.code == 0 && pushed.err.contains(warning), "{pushed:?}");
    // A name that was chosen has to have a value; nothing is pushed without it.
    let refused = piped(
        &project,
        "secrets push --from-stdin --only MORE NOT_THERE --yes",
        "MORE=planted\n",
    );
    assert!(
        refused
            .err
            .contains("there is no value for NOT_THERE; nothing was sent"),
        "{refused:?}"
    );
    // A value that was given as an argument by mistake is not repeated.
    for line in [
        "secrets push --only BOT_TOKEN=planted",
        "secrets delete planted-x",
        "secrets audit planted",
    ] {
        let refused = project.expect_exit(line, 64);
        assert!(refused.err.contains("never from arguments"), "{refused:?}");
    }
}

#[test]
fn no_value_is_in_what_is_parsed_but_under_its_name() {
    let parsed = parse_secret_text("\u{feff}A=1\nA=2\nlower=x\nLOBU_API_TOKEN=t\nB=\"two\nlines\"\n").unwrap();
    let shown: Vec<(&str, &str)> = parsed
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(shown, [("A", "2"), ("B", "two\nlines")]);
}

/// Runs a command line against the server at a URL.
pub async fn run_at(project: &TempProject, url: &str, token: &str, line: &str) -> CliOutput {
    let mut command = lobuctl(project.path());
    command
        .args(line.split_whitespace())
        .args(["--url", url])
        .current_dir(project.path());
    command
        .env("LOBU_API_TOKEN", token)
        .env("BOT_TOKEN", "planted-bot")
        .env("API_KEY", "planted-key");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    CliOutput::of(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_lobu_server_is_no_server_without_secrets() {
    let router = axum::Router::new().fallback(async || axum::Json(json!({ "planted": "[]" })));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let output = run_at(&TempProject::new(FILES), &url, "t", "secrets push --yes").await;
    assert!(
        output.code == 1 && output.err.contains("check that `--url` is a Lobu server"),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_told_who_may_see_secrets() {
    let (server, _) = memory_server().await;
    server.add_member("dev", "member", "member").await.unwrap();
    let new = lobuctl::server::NewToken {
        name: "m".to_owned(),
        account: "member".to_owned(),
        organization: Some("dev".to_owned()),
        scope: lobuctl::server::ADMIN_SCOPE.to_owned(),
        expires_at: None,
    };
    let token = server.create_token(&new).await.unwrap().1;
    let server = crate::support::server::listen(server, String::new()).await;
    let token = secrecy::ExposeSecret::expose_secret(&token);
    let output = run_at(&TempProject::new(FILES), &server.url, token, "secrets push --yes").await;
    assert!(output.code == 1 && output.err.contains("answered 403"), "{output:?}");
    assert!(output.err.contains("hint: only owners and admins"), "{output:?}");
}

/// What happens to the next request that changes secrets.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// It is carried out, and answered with 502.
    AnswerLost,
    /// It is not carried out, and answered with 502.
    RequestLost,
}

async fn disturb(State(fault): State<Fault>, request: Request, next: Next) -> Response {
    if !request.uri().path().ends_with("/manage") {
        return next.run(request).await;
    }
    if fault == Fault::AnswerLost {
        next.run(request).await;
    }
    StatusCode::BAD_GATEWAY.into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_reading() {
    for (fault, code, said) in [
        (Fault::AnswerLost, 0, "a reading shows that the values are stored"),
        (Fault::RequestLost, 1, "error: the server stored nothing"),
    ] {
        let (server, token) = memory_server().await;
        let router = server.router().layer(from_fn_with_state(fault, disturb));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let output = run_at(&TempProject::new(FILES), &url, &token, "secrets push --yes").await;
        assert!(output.code == code && output.err.contains(said), "{output:?}");
    }
}

/// Replaces a value just before somebody else's request to replace it.
async fn overtake(State(other): State<JsonClient>, request: Request, next: Next) -> Response {
    if request.uri().path().ends_with("/manage") {
        let action = json!({ "op": "rotate", "name": "BOT_TOKEN", "value": "planted-overtaking" });
        other
            .post("/api/dev/secrets/manage", json!({ "actions": [action] }))
            .await;
    }
    next.run(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_somebody_has_replaced_meanwhile_is_left_alone() {
    let (server, token) = memory_server().await;
    let other = JsonClient::new(&server, &token);
    let action = json!({ "op": "create", "name": "BOT_TOKEN", "value": "planted-first" });
    other
        .post("/api/dev/secrets/manage", json!({ "actions": [action] }))
        .await;
    let router = server.router().layer(from_fn_with_state(other.clone(), overtake));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let line = "secrets push --rotate --yes --yes-rotate";
    let output = run_at(&TempProject::new(FILES), &url, &token, line).await;
    assert!(
        output.code == 1 && output.err.contains("the server stored nothing"),
        "{output:?}"
    );
    assert!(
        output.err.contains("somebody has replaced a value meanwhile"),
        "{output:?}"
    );
    let list = other.get("/api/dev/secrets").await.body;
    let expected = secret_fingerprint(&Secret::new("planted-overtaking"));
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["fingerprint"]),
        (1, &json!(expected))
    );
}

#[test]
fn asks_for_each_name_on_a_terminal() {
    let server = CliProject::live();
    let mut command = lobuctl_on_a_terminal(server.path(), &server.token());
    command.args(["secrets", "push", "--url", server.url()]);
    command.env("BOT_TOKEN", "planted-bot");
    command.env("API_KEY", "planted-key");
    let mut pty = Pty::start(command, 100, 30);
    pty.until("create API_KEY from process environment? [y/n/a/q]");
    pty.line("what");
    pty.until("`q` write nothing");
    pty.line("n");
    pty.until("create BOT_TOKEN from process environment? [y/n/a/q]");
    pty.line("y");
    let (code, text) = pty.ended();
    assert!(
        code == 0 && text.contains("BOT_TOKEN created") && !text.contains("API_KEY created"),
        "{text}"
    );
    assert!(!text.contains("planted"), "{text}");
    let list = server.expect_exit("secrets list --format json", 0).objects();
    assert_eq!((list.len(), &list[0]["name"]), (1, &json!("BOT_TOKEN")));
}

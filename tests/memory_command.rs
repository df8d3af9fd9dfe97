//! `lobuctl memory`: the endpoint that agents are given, called by the real program.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::support::program::cli::{CliOutput, CliProject};
use crate::support::server::stub::{StubReply, StubServer};
use crate::support::snapshot::check;

/// Runs the program with one more argument, which may contain blanks.
fn run_with(cli: &CliProject, line: &str, argument: &str) -> CliOutput {
    CliOutput::of(&cli.command(line).arg(argument).output().unwrap())
}

#[test]
fn facts_are_saved_and_found_from_the_command_line() {
    let cli = CliProject::new();
    let script = [
        "memory",
        "memory run save_knowledge semantic_type=fact content=blue-whales-sing",
        "memory run save_knowledge semantic_type=song content=la",
        "memory run save_knowledge content=la semantic_typ=fact limit=x",
        "memory run save_knowlege content=la",
        "memory run search_knowledge {}",
        "memory run search_knowledge [1]",
        "memory run search_knowledge {",
    ];
    let transcript: Vec<String> = script.iter().map(|line| cli.script(line)).collect();
    let transcript = transcript.join("\n");
    let times = transcript.lines().map(|line| {
        if line.contains("\"created_at\"") {
            "out| SAVED"
        } else {
            line
        }
    });
    check("memory_command", &times.collect::<Vec<_>>().join("\n"));

    let found = run_with(
        &cli,
        "memory run search_knowledge --format json",
        r#"{"query": "blue"}"#,
    );
    let answer = found.object("memory-answer");
    assert_eq!(
        (&answer["tool"], &answer["is_error"]),
        (&json!("search_knowledge"), &json!(false))
    );
    assert!(
        answer["content"][0]["text"]
            .as_str()
            .unwrap()
            .contains("blue-whales-sing"),
        "{found:?}"
    );
    // Text where the schema wants text, and a number where it wants one.
    let few = run_with(&cli, "memory run search_knowledge content_limit=1", "query=blue whales");
    assert!(few.code == 0 && few.out.contains("blue-whales-sing"), "{few:?}");
}

#[test]
fn arguments_come_from_standard_input_too() {
    let cli = CliProject::new();
    let mut command = cli.command("memory run save_knowledge -");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let body = br#"{"semantic_type": "fact", "content": "whales dive"}"#;
    child.stdin.take().unwrap().write_all(body).unwrap();
    let saved = CliOutput::of(&child.wait_with_output().unwrap());
    assert_eq!(saved.code, 0, "{saved:?}");
    let found = cli.expect_exit("memory run search_knowledge query=dive", 0);
    assert!(found.out.contains("whales dive"), "{found:?}");
}

#[test]
fn only_the_tools_of_the_token_are_listed_and_each_object_fits_its_schema() {
    let cli = CliProject::new();
    let names = |token: &str| -> Vec<String> {
        let listed = cli
            .command("memory tools --format json")
            .env("LOBU_API_TOKEN", token)
            .output()
            .unwrap();
        let objects = CliOutput::of(&listed).objects();
        let names = objects.iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(
        names(&cli.create_token("mcp:read")),
        ["search_knowledge", "list_organizations"]
    );
    assert_eq!(names(&cli.token()).len(), 4);
    let health = cli
        .expect_exit("memory health --format json", 0)
        .object("memory-health");
    assert_eq!((&health["ok"], &health["tools"]), (&json!(true), &json!(4)));
    assert_eq!(health["server"]["name"], "lobuctl");
    check("memory_tools", &cli.script("memory tools"));
}

#[test]
fn a_token_that_is_not_accepted_is_named_with_what_to_do() {
    let cli = CliProject::new();
    let refused = cli
        .command("memory health")
        .env("LOBU_API_TOKEN", "owl_pat_none")
        .output()
        .unwrap();
    let text = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text.contains("does not accept the token") && text.contains("lobuctl login"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_answer_is_lost_is_not_sent_again_and_not_called_undone() {
    let start = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26","capabilities":{"tools":{}},
        "serverInfo":{"name":"stub","version":"1"}}}"#;
    let server = StubServer::start(vec![
        StubReply::json("200 OK", start),
        StubReply::new("202 Accepted", "", ""),
        StubReply::Nothing,
    ])
    .await;
    let cli = CliProject::new();
    let url = server.url.clone();
    let output = tokio::task::spawn_blocking(move || {
        let mut command = cli.command("memory run save_knowledge");
        command
            .arg(r#"{"semantic_type":"fact","content":"once"}"#)
            .env("LOBU_API_URL", url);
        CliOutput::of(&command.output().unwrap())
    });
    let output = output.await.unwrap();
    assert_eq!(output.code, 6, "{output:?}");
    assert!(
        output
            .err
            .contains("it is not known whether `save_knowledge` was carried out"),
        "{output:?}"
    );
    let calls = server
        .requests()
        .iter()
        .filter(|request| request.contains("tools/call"))
        .count();
    assert_eq!(calls, 1, "{:?}", server.requests());
}

#[test]
fn a_server_that_is_away_was_sent_nothing() {
    let cli = CliProject::new();
    let mut command = cli.command("memory run save_knowledge");
    command.arg("{}").env("LOBU_API_URL", "http://127.0.0.1:9");
    let output = CliOutput::of(&command.output().unwrap());
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("connection refused by 127.0.0.1:9"), "{output:?}");
}

#[test]
fn seeding_is_an_apply_of_the_memory() {
    let cli = CliProject::new();
    let dry = cli.expect_exit("memory seed --dry-run --format json", 0).object("plan");
    let kinds = dry["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["address"].as_str().unwrap());
    let kinds: Vec<&str> = kinds.map(|address| address.split('.').next().unwrap()).collect();
    assert_eq!(kinds, ["entity-type", "entity-type", "relationship-type"]);
    let folder = cli.path().display().to_string();
    let seeded = run_with(&cli, "memory seed --yes", &folder);
    assert_eq!(seeded.code, 0, "{seeded:?}");
    cli.expect_exit("plan --only memory --detailed-exitcode", 0);
    let refused = cli.expect_exit("memory seed --only agents", 64);
    assert!(refused.err.contains("applies no agents"), "{refused:?}");
}

//! The whole program against servers that are none: a clear error, what to do next, exit 1, and nothing written.

use std::fmt::Write;
use std::fs;
use std::process::Stdio;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use crate::support::server::stub::{StubReply, StubServer};
use crate::support::snapshot::check;

const PROJECT: &str = r#"
[agents.triage]
name = "Triage"
dir = "."

[memory]
org = "dev"
"#;

/// What `lobuctl apply --yes` says to this server, and every request that it made.
async fn apply(reply: StubReply) -> (String, Vec<String>) {
    let stub = StubServer::start(vec![reply]).await;
    let told = apply_to(&stub.url).await;
    let requests = stub.requests();
    (told, requests)
}

async fn apply_to(url: &str) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("lobu.toml"), PROJECT).unwrap();
    let output = tokio::process::Command::new(cargo_bin("lobuctl"))
        .args(["apply", "--yes", "--url", url])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("LOBU_API_TOKEN", "owl_pat_hunter2")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(!format!("{stdout}{stderr}").contains("hunter2"), "{stdout}{stderr}");
    let host = url.trim_start_matches("http://");
    let stderr = stderr
        .replace(host, "HOST")
        .replace(&folder.path().display().to_string(), "PROJECT");
    format!("exit {}\n{stdout}{stderr}", output.status.code().unwrap())
}

fn assert_only_reads(name: &str, requests: &[String]) {
    for request in requests {
        let line = request.lines().next().unwrap();
        let reads = line.starts_with("GET ") || request.contains(r#""action":"list"#);
        assert!(reads, "{name}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_of_another_program_is_reported_and_nothing_is_written() {
    let html = "<!doctype html>\n<html><title>Welcome to nginx!</title></html>";
    let all = r#"{"status":"ok","mcp_endpoint":"http://h/mcp","health":"/health"}"#;
    let unauthorized = r#"{"error":"invalid_token","error_description":"Invalid or expired access token"}"#;
    let cases = [
        ("html", StubReply::new("200 OK", "content-type: text/html\r\n", html)),
        (
            "no content",
            StubReply::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        ),
        ("empty list", StubReply::json("200 OK", "[]")),
        ("catch-all", StubReply::json("200 OK", all)),
        (
            "500 text",
            StubReply::new(
                "500 Internal Server Error",
                "content-type: text/plain\r\n",
                "Internal Server Error",
            ),
        ),
        (
            "redirect",
            StubReply::new("302 Found", "location: https://login.example/?next=x\r\n", ""),
        ),
        ("401", StubReply::json("401 Unauthorized", unauthorized)),
        ("not json", StubReply::json("200 OK", "{\"agents\": [")),
        ("nothing", StubReply::Nothing),
        (
            "half a body",
            StubReply::Bytes(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{\"agents\":["
                    .to_vec(),
            ),
        ),
    ];
    let runs = cases.map(|(name, reply)| async move { (name, apply(reply).await) });
    let mut text = String::new();
    for (name, (told, requests)) in futures_util::future::join_all(runs).await {
        assert!(told.starts_with("exit 1\n"), "{name}: {told}");
        assert!(!requests.is_empty(), "{name}");
        assert_only_reads(name, &requests);
        writeln!(text, "== {name}\n{told}").unwrap();
    }
    check("bad_servers", &text);
}

#[tokio::test]
async fn reports_a_server_that_does_not_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    check("no_server", &apply_to(&url).await);
}

//! How the network transport is set up: timeouts, and certificates where they are needed.

use lobuctl::remote::HttpOptions;
use lobuctl::server::Limits;

use crate::support::project::TempProject;
use crate::support::server::stub::{StubReply, StubServer};

#[test]
fn a_request_is_given_up_well_after_the_server_has_given_it_up() {
    let (client, server) = (HttpOptions::default(), Limits::default());
    // The server answers 503 at its limit; a client that gives up first would lose that answer.
    assert!(client.read_timeout >= server.request * 3 / 2);
    assert!(client.timeout >= client.read_timeout && server.request > server.start);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_needs_no_certificates_of_this_machine() {
    let stub = StubServer::start(vec![StubReply::json("400 Bad Request", r#"{"error":"reached"}"#)]).await;
    let project = TempProject::new(&[(
        "lobu.toml",
        "[agents.desk]\nname = \"Desk\"\ndir = \".\"\n[memory]\norg = \"dev\"\n",
    )]);
    let output = tokio::process::Command::new(assert_cmd::cargo::cargo_bin("lobuctl"))
        .args(["plan", "--only", "agents", "--url", &stub.url])
        .current_dir(project.path())
        .env_clear()
        .env("HOME", project.path())
        .env("LOBU_API_TOKEN", "owl_pat_0123456789")
        .env("SSL_CERT_FILE", "/nowhere")
        .env("SSL_CERT_DIR", "/nowhere")
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(printed.contains("answered 400: reached"), "{printed}");
}

//! What `lobuctl doctor` finds: each verdict, and the exit code of an apply.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::program::cli::{CliOutput, CliProject, alone};
use crate::support::server::stub::{StubReply, StubServer};

/// Returns `VERDICT CHECK` for each check, in order.
fn verdicts(output: &CliOutput) -> Vec<String> {
    let checks = output.objects().into_iter().filter(|it| it["type"] == "check");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks
        .map(|it| format!("{} {}", text(&it["verdict"]), text(&it["check"])))
        .collect()
}

/// Returns the check of this name.
fn check_of(output: &CliOutput, name: &str) -> Value {
    let found = output.objects().into_iter().find(|it| it["check"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {output:?}"))
}

#[test]
fn a_project_that_can_be_applied_has_no_bad_verdict() {
    let cli = CliProject::new();
    let output = cli.expect_exit("doctor --format json", 0);
    assert_eq!(
        verdicts(&output),
        [
            "ok config",
            "ok secrets",
            "ok files",
            "ok context",
            "ok sign-in",
            "ok tls",
            "ok server",
            "ok clock",
            "ok token",
            "ok organization",
            "ok write agents",
            "ok write memory",
            "ok plan",
            "warn terminal",
        ]
    );
    assert!(
        check_of(&output, "server")["message"]
            .as_str()
            .unwrap()
            .contains("runs none"),
        "{output:?}"
    );
}

#[test]
fn what_an_apply_fails_on_is_bad_and_says_what_to_do() {
    let cli = CliProject::new();
    for (remove, check, hint) in [
        ("API_KEY", "secrets", "`.env`"),
        ("LOBU_API_TOKEN", "sign-in", "lobuctl login"),
        ("LOBU_API_URL", "context", "lobuctl login --url"),
    ] {
        let doctor = cli.command("doctor --format json").env_remove(remove).output().unwrap();
        let (doctor, name) = (CliOutput::of(&doctor), remove);
        let found = check_of(&doctor, check);
        assert_eq!(
            (doctor.code, &found["verdict"]),
            (1, &"no".into()),
            "{name}: {doctor:?}"
        );
        assert!(found["hint"].as_str().unwrap().contains(hint), "{name}: {doctor:?}");
        let apply = cli.command("apply --yes").env_remove(remove).output().unwrap();
        assert_eq!(apply.status.code(), Some(1), "{name}");
    }
    for (flags, check) in [
        ("--org nowhere", "organization"),
        ("--url http://127.0.0.1:1", "server"),
    ] {
        let doctor = cli.expect_exit(&format!("doctor --format json {flags}"), 1);
        assert_eq!(check_of(&doctor, check)["verdict"], "no", "{doctor:?}");
        cli.expect_exit(&format!("apply --yes {flags}"), 1);
    }
}

#[test]
fn a_project_of_data_or_watchers_alone_needs_a_token_that_may_write_them() {
    const TOML: &str = "[agents]\n\n[memory]\norg = \"dev\"\n";
    let watcher = "type: watcher\nslug: daily\nname: Daily\nentity: ada\nprompt: What is new?\n\
                   extraction_schema: {type: object, properties: {}}\n";
    let person = "entities:\n  - {entity_type: person, slug: ada, name: Ada}\n";
    let cli = CliProject::new();
    cli.expect_exit("apply --yes", 0);
    let read = cli.create_token("mcp:read");
    for (key, file, text, check, scope) in [
        ("data", "data/all.yaml", person, "write data", "mcp:write"),
        ("models", "watchers/daily.yaml", watcher, "write memory", "mcp:admin"),
    ] {
        let (folder, _) = file.split_once('/').unwrap();
        fs::create_dir_all(cli.path().join(folder)).unwrap();
        fs::write(cli.path().join(file), text).unwrap();
        fs::write(cli.path().join("lobu.toml"), format!("{TOML}{key} = \"{folder}\"\n")).unwrap();
        let able = cli.expect_exit("doctor --format json", 0);
        assert_eq!(check_of(&able, check)["verdict"], "ok", "{able:?}");
        assert!(!verdicts(&able).contains(&"ok write agents".to_owned()), "{able:?}");
        let mut command = cli.command("doctor --format json");
        let unable = CliOutput::of(&command.env("LOBU_API_TOKEN", &read).output().unwrap());
        assert_eq!(
            (unable.code, &check_of(&unable, check)["verdict"]),
            (1, &"no".into()),
            "{unable:?}"
        );
        let hint = check_of(&unable, check)["hint"].clone();
        assert!(hint.as_str().unwrap().contains(scope), "{unable:?}");
        let mut command = cli.command("apply --yes");
        let apply = command.env("LOBU_API_TOKEN", &read).output().unwrap();
        assert_ne!(apply.status.code(), Some(0), "{check}");
        cli.expect_exit("apply --yes", 0);
    }
}

#[test]
fn files_that_others_can_read_are_doubtful_only() {
    let cli = CliProject::new();
    let folder = cli.path().join(".config/lobu");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("credentials.json");
    fs::write(&file, "{\"version\": 2}").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let output = cli.expect_exit("doctor --format json", 0);
    let found = check_of(&output, "files");
    assert_eq!(found["verdict"], "warn", "{output:?}");
    assert!(found["message"].as_str().unwrap().contains("chmod 600"), "{output:?}");
}

/// Runs a doctor against a server that answers everything with these bytes.
async fn examine(reply: StubReply, scheme: &str) -> CliOutput {
    let stub = StubServer::start(vec![reply]).await;
    let folder = tempfile::tempdir().unwrap();
    let url = stub.url.replace("http", scheme);
    alone(folder.path(), &format!("doctor --format json --org dev --url {url}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_not_what_their_address_says_are_named() {
    let health = r#"{"status":"ok","service":"lobu-api","version":"2.0.0"}"#;
    let redirect = StubReply::new(
        "308 Permanent Redirect",
        "location: https://lobu.example/health\r\n",
        "",
    );
    for (reply, scheme, verdict, message) in [
        (StubReply::json("200 OK", health), "http", "ok", "May 2026 or later"),
        (
            StubReply::json("200 OK", "{\"status\":\"ok\"}"),
            "http",
            "no",
            "not as a Lobu server does",
        ),
        (
            StubReply::new("200 OK", "", "<html>"),
            "http",
            "no",
            "not as a Lobu server does",
        ),
        (redirect, "http", "no", "leads to https"),
    ] {
        let output = examine(reply, scheme).await;
        let found = check_of(&output, "server");
        assert_eq!(found["verdict"], verdict, "{output:?}");
        assert!(found["message"].as_str().unwrap().contains(message), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_named_with_the_difference() {
    let health = r#"{"status":"ok","service":"owletto-api","version":"1.6.0"}"#;
    for (date, part) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "ahead of"),
        ("Thu, 06 Nov 2098 08:49:37 GMT", "behind"),
    ] {
        let output = examine(StubReply::new("200 OK", &format!("date: {date}\r\n"), health), "http").await;
        let found = check_of(&output, "clock");
        assert_eq!(found["verdict"], "warn", "{output:?}");
        assert!(found["message"].as_str().unwrap().contains(part), "{output:?}");
    }
}

/// Runs a doctor against a server that answers whatever it is sent with these bytes.
async fn examine_bytes(bytes: &'static [u8], scheme: &str) -> CliOutput {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                stream.write_all(bytes).await.ok();
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    alone(folder.path(), &format!("doctor --format json --org dev --url {url}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_the_wrong_scheme_is_named_with_the_right_one() {
    // An alert of TLS, with which a server refuses a handshake, and whatever is none.
    let tls: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";
    let plain: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    for (bytes, scheme, message, hint) in [
        (tls, "http", "speaks https, not plain http", "`--url https://127.0.0.1:"),
        (
            plain,
            "https",
            "speaks plain http, not https",
            "`--url http://127.0.0.1:",
        ),
    ] {
        let output = examine_bytes(bytes, scheme).await;
        let found = check_of(&output, "server");
        assert_eq!((output.code, &found["verdict"]), (1, &"no".into()), "{output:?}");
        assert!(found["message"].as_str().unwrap().contains(message), "{output:?}");
        assert!(found["hint"].as_str().unwrap().contains(hint), "{output:?}");
    }
}

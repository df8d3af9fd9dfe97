//! Organizations and people: made on the command line beside a running server, listed, recorded, and kept with an owner.

use std::path::Path;

use lobuctl::server::{Server, ServerOptions, Storage};
use serde_json::{Value, json};

use crate::support::program::serve_process::{ServeProcess, maintain};
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{JsonClient, memory_server};

/// Runs a command that must succeed. Returns its standard output.
fn done(dir: &Path, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let output = maintain(dir, &words);
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail. Returns its standard error.
fn refused(dir: &Path, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let output = maintain(dir, &words);
    assert!(!output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn list(dir: &Path, command: &str) -> Vec<Value> {
    serde_json::from_str(&done(dir, &format!("{command} --format json"))).unwrap()
}

#[tokio::test]
async fn two_organizations_with_people_and_tokens_are_made_beside_a_running_server() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let process = ServeProcess::on_sqlite(dir);
    done(dir, "org create shop --name Shop --owner mira");
    done(dir, "org rename shop Workshop");
    done(
        dir,
        "member add tove@example.test --org shop --role admin --full-name Tove",
    );
    done(dir, "member add mira");
    let token = done(
        dir,
        "token create --user tove@example.test --org shop --scope mcp:admin --name desk",
    );
    let tove = JsonClient::at(&process.url, token.trim());
    assert_eq!(tove.get("/api/shop/agents").await.status, 200);
    assert_eq!(tove.get("/api/dev/agents").await.status, 403);
    let agent = json!({ "agentId": "till", "name": "Till" });
    assert_eq!(tove.post("/api/shop/agents", agent).await.status, 201);
    done(dir, "member remove tove@example.test --org shop");
    assert_eq!(tove.get("/api/shop/agents").await.status, 403);

    let organizations = list(dir, "org list");
    let named: Vec<_> = organizations
        .iter()
        .map(|each| (&each["slug"], &each["name"], &each["members"]))
        .collect();
    assert_eq!(
        named,
        [
            (&json!("dev"), &json!("dev"), &json!(2)),
            (&json!("shop"), &json!("Workshop"), &json!(1))
        ]
    );
    let members = list(dir, "member list --org dev");
    let roles: Vec<_> = members.iter().map(|each| (&each["user"], &each["role"])).collect();
    let expected = [
        (json!("bootstrap-user"), json!("owner")),
        (json!("mira"), json!("member")),
    ];
    assert_eq!(
        roles,
        expected.iter().map(|each| (&each.0, &each.1)).collect::<Vec<_>>()
    );
    check_audit(dir);
}

/// The audit of `shop` has what the test above did, newest last.
fn check_audit(dir: &Path) {
    let events = list(dir, "audit --org shop");
    let actions: Vec<&str> = events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert_eq!(
        actions,
        [
            "organization.create",
            "member.add",
            "organization.rename",
            "member.add",
            "token.create",
            "agent.create",
            "member.remove"
        ]
    );
    let agent = &events[5];
    assert_eq!(
        (&agent["user"], &agent["target"]),
        (&json!("tove@example.test"), &json!("till"))
    );
    let newest = done(dir, "audit --org shop --limit 2");
    let lines: Vec<&str> = newest.lines().collect();
    assert!(
        lines.len() == 2 && lines[1].contains("command-line  member.remove  tove@example.test"),
        "{newest}"
    );
    assert!(refused(dir, "audit --org nope").contains("no organization `nope`; `lobuctl serve org list` lists them"));
}

#[test]
fn mistakes_are_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ServeProcess::on_sqlite(dir).signal("TERM");
    let before = done(dir, "audit");
    let last_owner = "`dev` would have no owner; make somebody else its owner first";
    for (command, message) in [
        ("member remove bootstrap-user", last_owner),
        ("member add bootstrap-user --role member", last_owner),
        (
            "member add mira --role boss",
            "no role `boss`; there are: owner, admin, member",
        ),
        (
            "member add mira --org nope",
            "no organization `nope`; `lobuctl serve org list` lists them",
        ),
        ("member add -- -x", "cannot be a user"),
        ("member remove mira", "`mira` is not a member of `dev`"),
        ("org create dev", "organization `dev` exists"),
        (
            "org create tokens",
            "cannot be the slug of an organization: paths of the server begin with it",
        ),
        (
            "org create Shop",
            "cannot be the slug of an organization: it has lower-case letters",
        ),
        (
            "login-link nobody",
            "`lobuctl serve member add nobody --org SLUG` adds one",
        ),
        ("token revoke tok_nope", "`lobuctl serve token list` lists them"),
        (
            "org rename nope New",
            "no organization `nope`; `lobuctl serve org list` lists them",
        ),
        (
            "token create --user mira",
            "`lobuctl serve member add mira --org dev` adds them",
        ),
    ] {
        let shown = refused(dir, command);
        assert!(shown.contains(message), "{command}: {shown}");
    }
    assert_eq!(done(dir, "audit"), before, "what was refused changed nothing");
}

#[tokio::test]
async fn the_last_use_of_a_token_is_written_by_the_upkeep_and_not_by_requests() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    };
    let server = Server::open(ServerOptions::new(storage)).await.unwrap();
    let token = secrecy::ExposeSecret::expose_secret(&server.bootstrap_token().unwrap()).to_owned();
    let client = JsonClient::new(&server, &token);
    let last_use = || list(dir.path(), "token list")[0]["last_used_at"].clone();
    assert_eq!(client.get("/api/dev/agents").await.status, 200);
    assert_eq!(last_use(), Value::Null);
    server.run_upkeep().await.unwrap();
    let used = last_use();
    assert!(used.as_str().is_some_and(|at| at.starts_with("20")), "{used}");
    server.run_upkeep().await.unwrap();
    assert_eq!(last_use(), used, "it was not used again");
    assert!(done(dir.path(), "token list").contains("  used 20"));
}

/// Two owners who remove each other at the same moment leave one.
async fn owners_remove_each_other(servers: [&Server; 2]) {
    for round in 0..20 {
        let slug = format!("pair-{round}");
        servers[0].create_organization(&slug).await.unwrap();
        servers[0].add_member(&slug, "mira", "owner").await.unwrap();
        let (one, other) = tokio::join!(
            servers[0].remove_member(&slug, "mira"),
            servers[1].remove_member(&slug, "bootstrap-user")
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_keeps_an_owner_under_a_race() {
    let (server, _) = memory_server().await;
    owners_remove_each_other([&server, &server]).await;
    let Some(database) = TestDatabase::create("owners").await else {
        return;
    };
    let mut servers = Vec::new();
    for _ in 0..2 {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.encryption_key = Some("7a".repeat(32).into());
        servers.push(Server::open(options).await.unwrap());
    }
    owners_remove_each_other([&servers[0], &servers[1]]).await;
    drop(servers);
    database.drop_now().await;
}

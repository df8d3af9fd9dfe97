//! Platforms that refer to secrets of the vault: the server puts the values in at a start, and restarts what uses a name when
//! its value is rotated.

use std::sync::Arc;

use lobuctl::server::runtime::{RuntimeError, ScriptedRuntime};
use lobuctl::server::{ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::{HttpReply, JsonClient, open};

const MANAGE: &str = "/api/dev/secrets/manage";
const PUT: &str = "/api/dev/agents/owned/platforms/by-stable-id/owned-telegram";
const READ: &str = "/api/dev/agents/owned/platforms/owned-telegram";

fn one(op: &str, name: &str, value: &str) -> Value {
    json!({ "actions": [{ "op": op, "name": name, "value": value }] })
}

fn delete(name: &str, force: bool) -> Value {
    json!({ "actions": [{ "op": "delete", "name": name, "force": force }] })
}

fn telegram(token: &str) -> Value {
    json!({ "platform": "telegram", "config": { "botToken": token, "chatId": "1" } })
}

fn code(reply: &HttpReply) -> (u16, &str) {
    (reply.status.as_u16(), reply.body["error"].as_str().unwrap_or_default())
}

/// A server in memory with an agent, its runtime, and its administrator.
async fn furnished(runtime: ScriptedRuntime) -> (lobuctl::server::Server, Arc<ScriptedRuntime>, JsonClient) {
    let runtime = Arc::new(runtime);
    let mut options = ServerOptions::memory();
    options.runtime = runtime.clone();
    let (server, token) = open(options).await;
    let admin = JsonClient::new(&server, &token);
    admin
        .post("/api/dev/agents", json!({ "agentId": "owned", "name": "x" }))
        .await;
    (server, runtime, admin)
}

/// Returns the token that the instance runs with.
fn running(runtime: &ScriptedRuntime) -> Option<String> {
    let instance = runtime.running("owned-telegram")?;
    Some(instance.config["botToken"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_platform_runs_with_the_value_and_is_answered_with_the_reference() {
    let (_server, runtime, admin) = furnished(ScriptedRuntime::default()).await;
    admin.post(MANAGE, one("create", "BOT", "1:HIDDEN-first")).await;
    let created = admin.put(PUT, telegram("secret://dev/user/BOT")).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(running(&runtime).as_deref(), Some("1:HIDDEN-first"));
    let read = admin.get(READ).await;
    assert_eq!(read.body["config"]["botToken"], "secret://dev/user/BOT");
    assert_eq!(
        admin.get("/api/dev/secrets").await.body[0]["usedBy"],
        json!(["owned-telegram"])
    );
    assert_eq!(
        admin.put(PUT, telegram("secret://dev/user/BOT")).await.body["noop"],
        true
    );

    let rotated = admin.post(MANAGE, one("rotate", "BOT", "2:HIDDEN-second")).await;
    assert_eq!(rotated.body["results"][0]["willRestart"], json!(["owned-telegram"]));
    assert_eq!(running(&runtime).as_deref(), Some("2:HIDDEN-second"));
    assert_eq!(runtime.counts().restarts, 1);

    // A platform that does not run gets the value with its next start.
    let action = |name: &str| format!("{READ}/{name}");
    admin.post(&action("stop"), json!({})).await;
    let rotated = admin.post(MANAGE, one("rotate", "BOT", "3:HIDDEN-third")).await;
    assert_eq!(rotated.body["results"][0]["willRestart"], Value::Null);
    assert_eq!(admin.post(&action("start"), json!({})).await.status, 200);
    assert_eq!(running(&runtime).as_deref(), Some("3:HIDDEN-third"));

    let audit = admin.get("/api/dev/audit").await;
    assert!(audit.text.contains("platform.restart"));
    for reply in [&created, &read, &rotated, &audit] {
        assert!(!reply.text.contains("HIDDEN"), "{}", reply.text);
    }
}

#[tokio::test]
async fn refuses_references_to_what_is_not_there_and_deletes_of_what_is_used() {
    let (server, runtime, admin) = furnished(ScriptedRuntime::default()).await;
    server.create_organization("shop").await.unwrap();
    let shop = server.create_admin_token("shop").await.unwrap();
    let shop = admin.with_token(shop.expose_secret());
    shop.post("/api/shop/secrets/manage", one("create", "THEIRS", "1:x"))
        .await;
    for (token, expected) in [
        ("secret://dev/user/NONE", "unknown_secret"),
        ("secret://dev/user/THEIRS", "unknown_secret"),
        ("secret://shop/user/THEIRS", "invalid_reference"),
        ("secret://dev/BOT", "invalid_reference"),
    ] {
        assert_eq!(code(&admin.put(PUT, telegram(token)).await), (400, expected), "{token}");
    }
    assert!(running(&runtime).is_none());

    admin.post(MANAGE, one("create", "BOT", "1:x")).await;
    admin.put(PUT, telegram("secret://dev/user/BOT")).await;
    let refused = admin.post(MANAGE, delete("BOT", false)).await;
    assert_eq!(code(&refused), (409, "in_use"));
    assert!(
        refused
            .text
            .contains("`BOT` is used by owned-telegram; nothing was changed"),
        "{}",
        refused.text
    );
    assert_eq!(admin.post(MANAGE, delete("BOT", true)).await.status, 200);
    // It goes on running, and does not start again.
    assert!(running(&runtime).is_some());
    admin.post(&format!("{READ}/stop"), json!({})).await;
    assert_eq!(
        code(&admin.post(&format!("{READ}/start"), json!({})).await),
        (400, "unknown_secret")
    );
    // A literal value takes its place.
    assert_eq!(admin.put(PUT, telegram("2:literal")).await.status, 200);
    assert_eq!(admin.get(READ).await.body["config"]["botToken"], "***eral");
}

#[tokio::test]
async fn a_runtime_that_repeats_a_value_cannot_make_it_public() {
    let script = |instance: &lobuctl::server::runtime::Instance| {
        let token = instance.config["botToken"].as_str().unwrap();
        token
            .ends_with("refused")
            .then(|| Err(RuntimeError::invalid(format!("no bot has the token {token}"))))
    };
    let (_server, runtime, admin) = furnished(ScriptedRuntime::default().with_script(Box::new(script))).await;
    admin.post(MANAGE, one("create", "BOT", "1:HIDDEN-refused")).await;
    admin.post(MANAGE, one("create", "NAME", "HIDDEN-name")).await;
    let mut body = telegram("secret://dev/user/BOT");
    let refused = admin.put(PUT, body.clone()).await;
    assert_eq!(code(&refused), (400, "no bot has the token ***"));
    // A start copies the name into the metadata.
    admin.post(MANAGE, one("rotate", "BOT", "2:HIDDEN-good")).await;
    body["config"]["userName"] = json!("secret://dev/user/NAME");
    let created = admin.put(PUT, body).await;
    assert_eq!(
        created.body["platform"]["metadata"]["botUsername"], "***",
        "{}",
        created.text
    );
    // A rotation to a value that does not start: the old one goes on, and both answers say so.
    let rotated = admin.post(MANAGE, one("rotate", "BOT", "3:HIDDEN-refused")).await;
    assert_eq!(rotated.body["results"][0]["restartFailed"], json!(["owned-telegram"]));
    let read = admin.get(READ).await;
    assert_eq!(
        (&read.body["status"], &read.body["errorMessage"]),
        (&json!("active"), &json!("ValidationError: no bot has the token ***"))
    );
    assert_eq!(running(&runtime).as_deref(), Some("2:HIDDEN-good"));
    for reply in [&created, &rotated, &read] {
        assert!(!reply.text.contains("HIDDEN"), "{}", reply.text);
    }
}

/// Whatever the order of PUTs and rotations at once: at the end the platform runs with the last value.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_ends_with_the_last_value_of_many_rotations() {
    let runtime = Arc::new(ScriptedRuntime::default());
    let dir = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::new(Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    });
    options.runtime = runtime.clone();
    let (server, token) = open(options).await;
    let admin = JsonClient::new(&server, &token);
    admin
        .post("/api/dev/agents", json!({ "agentId": "owned", "name": "x" }))
        .await;
    admin.post(MANAGE, one("create", "BOT", "0:start")).await;
    for round in 0..10 {
        admin.delete(READ).await;
        let tasks: Vec<_> = (0..8)
            .map(|at| {
                let admin = admin.clone();
                tokio::spawn(async move {
                    if at % 2 == 0 {
                        let mut body = telegram("secret://dev/user/BOT");
                        body["config"]["chatId"] = json!(at.to_string());
                        admin.put(PUT, body).await.status.as_u16()
                    } else {
                        let value = format!("{round}:value-{at}");
                        admin.post(MANAGE, one("rotate", "BOT", &value)).await.status.as_u16()
                    }
                })
            })
            .collect();
        for task in tasks {
            let status = task.await.unwrap();
            assert!(matches!(status, 200 | 201 | 503), "{status}");
        }
        if admin.get(READ).await.status == 404 {
            continue;
        }
        let stored = admin.get("/api/dev/secrets").await.body[0]["fingerprint"].clone();
        let value = lobuctl::resource::Secret::new(running(&runtime).unwrap());
        assert_eq!(
            stored,
            lobuctl::resource::secret_fingerprint(&value).as_str(),
            "round {round}"
        );
    }
}

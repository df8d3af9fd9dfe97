//! Who may what, and what nobody gets to see.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use lobuctl::server::command::{DataLocation, RekeyArgs, rekey};
use lobuctl::server::runtime::ScriptedRuntime;
use lobuctl::server::{NewToken, Server, ServerOptions, Storage};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::deadline::wait_for_async;
use crate::support::hex;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{JsonClient, ask, listening_with, memory_server, open};

/// Every route that changes something, with a body that would.
fn mutations(org: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let base = format!("/api/{org}/agents");
    let platform = json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN" } });
    vec![
        ("POST", base.clone(), Some(json!({ "agentId": "fresh", "name": "x" }))),
        ("PATCH", format!("{base}/owned"), Some(json!({ "name": "y" }))),
        ("PATCH", format!("{base}/owned/config"), Some(json!({ "soulMd": "y" }))),
        (
            "PUT",
            format!("{base}/owned/platforms/by-stable-id/fresh"),
            Some(platform.clone()),
        ),
        ("POST", format!("{base}/owned/platforms"), Some(platform)),
        ("POST", format!("{base}/owned/platforms/owned-telegram/stop"), None),
        ("POST", format!("{base}/owned/platforms/owned-telegram/start"), None),
        ("DELETE", format!("{base}/owned/platforms/owned-telegram"), None),
        ("DELETE", format!("{base}/owned"), None),
    ]
}

/// Every route that answers something of an organization.
fn readings(org: &str) -> Vec<String> {
    [
        "agents",
        "agents/owned",
        "agents/owned/config",
        "agents/owned/platforms",
        "agents/owned/platforms/owned-telegram",
    ]
    .iter()
    .map(|path| format!("/api/{org}/{path}"))
    .collect()
}

fn schema_writes() -> Vec<Value> {
    let call = |kind: &str, action: &str| {
        json!({ "schema_type": kind, "action": action, "slug": "owned-type", "name": "n", "rule_id": 1,
            "source_entity_type_slug": "a", "target_entity_type_slug": "b" })
    };
    let entity = ["create", "update", "delete"].map(|action| call("entity_type", action));
    let relation = ["create", "update", "add_rule", "remove_rule", "delete"].map(|a| call("relationship_type", a));
    entity.into_iter().chain(relation).collect()
}

async fn furnished() -> (Server, JsonClient) {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    let platform = json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN" } });
    assert_eq!(
        client
            .post("/api/dev/agents", json!({ "agentId": "owned", "name": "x" }))
            .await
            .status,
        201
    );
    let path = "/api/dev/agents/owned/platforms/by-stable-id/owned-telegram";
    assert_eq!(client.put(path, platform).await.status, 201);
    (server, client)
}

async fn token(server: &Server, account: &str, organization: Option<&str>, scope: &str) -> String {
    let new = NewToken {
        name: "t".to_owned(),
        account: account.to_owned(),
        organization: organization.map(str::to_owned),
        scope: scope.to_owned(),
        expires_at: None,
    };
    server.create_token(&new).await.unwrap().1.expose_secret().to_owned()
}

#[tokio::test]
async fn every_mutating_route_asks_for_the_admin_scope() {
    let (server, admin) = furnished().await;
    let before = admin.get("/api/dev/agents/owned/platforms").await.body;
    for scope in ["mcp:read", "mcp:read mcp:write", ""] {
        let weak = admin.with_token(&token(&server, "bootstrap-user", Some("dev"), scope).await);
        for (method, path, body) in mutations("dev") {
            assert_eq!(
                weak.send(method, &path, body).await.status,
                403,
                "{method} {path} with `{scope}`"
            );
        }
        for call in schema_writes() {
            assert_eq!(weak.schema(call.clone()).await.status, 400, "{call} with `{scope}`");
        }
        assert_eq!(weak.get("/api/dev/audit").await.status, 403);
        for path in readings("dev") {
            assert_eq!(weak.get(&path).await.status, 200, "{path} with `{scope}`");
        }
    }
    assert_eq!(admin.get("/api/dev/agents/owned/platforms").await.body, before);
}

#[tokio::test]
async fn no_route_reaches_another_organization() {
    let (server, admin) = furnished().await;
    server.create_organization("other").await.unwrap();
    let stranger =
        admin.with_token(&token(&server, "bootstrap-user", Some("other"), "mcp:read mcp:write mcp:admin").await);
    for (method, path, body) in mutations("dev") {
        assert_eq!(stranger.send(method, &path, body).await.status, 403, "{method} {path}");
    }
    // With its own organization in the path, another's things do not exist.
    for (method, path, body) in mutations("other").into_iter().skip(1) {
        let answer = stranger.send(method, &path, body).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
    }
    for path in readings("other").into_iter().skip(1) {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    let taken = stranger
        .post("/api/other/agents", json!({ "agentId": "owned", "name": "x" }))
        .await;
    assert_eq!((taken.status.as_u16(), taken.text.contains("dev")), (409, false));
    stranger
        .post("/api/other/agents", json!({ "agentId": "theirs", "name": "x" }))
        .await;
    let body = json!({ "platform": "telegram", "config": { "botToken": "1" } });
    let taken = stranger
        .put("/api/other/agents/theirs/platforms/by-stable-id/owned-telegram", body)
        .await;
    assert_eq!((taken.status.as_u16(), taken.text.contains("dev")), (409, false));
    let audit = stranger.get("/api/other/audit").await;
    assert!(
        audit.body["events"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["target"] != "owned"),
        "{}",
        audit.text
    );
}

#[tokio::test]
async fn no_answer_shows_a_secret() {
    let (server, admin) = furnished().await;
    let settings = json!({
        "mcpServers": { "gh": { "url": "https://x", "headers": { "Authorization": "Bearer HIDDEN-header" },
            "env": { "GH_TOKEN": "HIDDEN-env", "MODE": "a" }, "oauth": { "clientSecret": "HIDDEN-oauth" } } },
        "authProfiles": [{ "id": "p", "credential": "HIDDEN-profile" }],
    });
    assert_eq!(admin.patch("/api/dev/agents/owned/config", settings).await.status, 200);
    let reader = admin.with_token(&token(&server, "bootstrap-user", Some("dev"), "mcp:read").await);
    let path = "/api/dev/agents/owned/platforms/by-stable-id/owned-telegram";
    let put =
        |chat: &str, token: &str| json!({ "platform": "telegram", "config": { "botToken": token, "chatId": chat } });
    let mut answers = vec![
        admin.put(path, put("1", "123:SECRETTOKEN")).await,
        admin.put(path, put("1", "123:SECRETTOKEN")).await,
        admin
            .put(
                path,
                json!({ "platform": "carrier", "config": { "botToken": "123:SECRETTOKEN" } }),
            )
            .await,
        admin
            .post("/api/dev/agents/owned/platforms/owned-telegram/stop", json!({}))
            .await,
        admin
            .post("/api/dev/agents/owned/platforms/owned-telegram/start", json!({}))
            .await,
        admin
            .post("/api/dev/agents/owned/platforms", put("2", "456:SECRETTOKEN"))
            .await,
        admin.get("/api/dev/audit").await,
    ];
    for path in readings("dev") {
        answers.push(reader.get(&path).await);
        answers.push(admin.get(&path).await);
    }
    for answer in answers {
        assert!(
            !answer.text.contains("SECRETTOKEN") && !answer.text.contains("HIDDEN"),
            "{}",
            answer.text
        );
    }
    // What was redacted can be sent back, and the stored values stay.
    let config = admin.get("/api/dev/agents/owned/config").await.body;
    assert_eq!(
        config.pointer("/mcpServers/gh/headers/Authorization"),
        Some(&json!("***ader"))
    );
    let mut servers = config["mcpServers"].clone();
    servers["mine"] = json!({ "url": "https://y" });
    admin
        .patch("/api/dev/agents/owned/config", json!({ "mcpServers": servers }))
        .await;
    let config = admin.get("/api/dev/agents/owned/config").await.body;
    assert_eq!(config.pointer("/mcpServers/gh/env/GH_TOKEN"), Some(&json!("***-env")));
    assert_eq!(config.pointer("/mcpServers/mine/url"), Some(&json!("https://y")));
}

#[tokio::test]
async fn limits_hold() {
    let mut options = ServerOptions::memory();
    options.limits.body = 1000;
    options.limits.request = Duration::from_millis(200);
    let runtime = Arc::new(ScriptedRuntime::default().with_delay(Duration::from_millis(500)));
    options.runtime = runtime.clone();
    let (server, token) = open(options).await;
    let client = JsonClient::new(&server, &token);
    let large = client
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x".repeat(2000) }))
        .await;
    assert_eq!(
        (large.status.as_u16(), &large.body["error"]),
        (413, &json!("the body is too large"))
    );
    let request = Request::builder().uri("/health").header("x-long", "y".repeat(20_000));
    assert_eq!(
        ask(&server.router(), request.body(Body::empty()).unwrap()).await.status,
        431
    );
    client
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
        .await;
    let path = "/api/dev/agents/abc/platforms/by-stable-id/slow";
    let body = json!({ "platform": "telegram", "config": { "botToken": "1" } });
    let slow = client.put(path, body.clone()).await;
    assert_eq!(
        (slow.status.as_u16(), slow.headers.contains_key(header::RETRY_AFTER)),
        (503, true)
    );
    // The client gave up, the change did not: a later request finds it.
    wait_for_async(|| runtime.running("slow"), || "the platform does not start".to_owned()).await;
    assert_eq!(client.put(path, body).await.body["noop"], true);
    assert_eq!(runtime.counts().starts, 1);
}

#[tokio::test]
async fn a_key_opens_its_own_database_only_and_secrets_of_older_releases_are_sealed_once() {
    let dir = tempfile::tempdir().unwrap();
    let options = |key: &str| {
        let mut options = ServerOptions::new(Storage::Sqlite {
            data_dir: dir.path().to_owned(),
        });
        options.encryption_key = Some(SecretString::from(key.repeat(32)));
        options
    };
    let (server, admin) = open(options("7a")).await;
    let client = JsonClient::new(&server, &admin);
    client
        .post("/api/dev/agents", json!({ "agentId": "old", "name": "x" }))
        .await;
    let path = "/api/dev/agents/old/platforms/by-stable-id/old-telegram";
    let body = |token: &str| json!({ "platform": "telegram", "config": { "botToken": token } });
    client.put(path, body("to be replaced")).await;
    drop((server, client));
    assert!(Server::open(options("7b")).await.is_err(), "another key");

    // A row as an older release left it: nonce, tag and ciphertext in hexadecimal under the same key, and one in clear.
    let sealed = older("777777777777777777777777", "an older secret");
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("lobu.db"));
    let database = sqlx::SqlitePool::connect_with(file).await.unwrap();
    let config = json!({ "platform": "telegram", "botToken": sealed, "secretToken": "in clear" }).to_string();
    sqlx::query("UPDATE platform SET config = $1")
        .bind(config)
        .execute(&database)
        .await
        .unwrap();
    // A database of an older release has no mark of its key either: a wrong one must not become the mark.
    sqlx::query("DELETE FROM meta WHERE name IN ('older_secrets', 'key_check')")
        .execute(&database)
        .await
        .unwrap();

    assert!(Server::open(options("7b")).await.is_err(), "a secret does not open");
    let server = Server::open(options("7a")).await.unwrap();
    let client = JsonClient::new(&server, &admin);
    let (row,): (String,) = sqlx::query_as("SELECT config FROM platform")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(row.matches("enc:v2:").count(), 2, "{row}");
    let same =
        json!({ "platform": "telegram", "config": { "botToken": "an older secret", "secretToken": "in clear" } });
    assert_eq!(client.put(path, same).await.body["noop"], true);
    // From now on such a text is a value like any other.
    assert_eq!(client.put(path, body(&sealed)).await.body["updated"], true);
    drop((server, client));
    let server = Server::open(options("7a")).await.unwrap();
    assert_eq!(
        JsonClient::new(&server, &admin).put(path, body(&sealed)).await.body["noop"],
        true
    );
}

#[tokio::test]
async fn a_rekey_on_postgres_waits_for_the_last_server_to_stop() {
    let Some(database) = TestDatabase::create("rekey").await else {
        return;
    };
    let key = |byte: &str| SecretString::from(byte.repeat(32));
    let options = |byte: &str| {
        let mut options = ServerOptions::new(Storage::Postgres {
            url: database.url.clone(),
        });
        options.encryption_key = Some(key(byte));
        options
    };
    let listener = listening_with(options("7a")).await;
    let client = JsonClient::at(&listener.url, &listener.token);
    client
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
        .await;
    let path = "/api/dev/agents/abc/platforms/by-stable-id/bot";
    let body = json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN" } });
    assert_eq!(client.put(path, body.clone()).await.status, 201);
    let dir = tempfile::tempdir().unwrap();
    let place = DataLocation {
        data_dir: dir.path().to_owned(),
        database_url: Some(database.url.clone()),
        encryption_key: Some(key("7a")),
        new_encryption_key: None,
    };
    let arguments = RekeyArgs {
        location: place,
        new_key: Some(key("7b")),
    };
    let refused = rekey(&arguments, &mut Vec::new()).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the new key is missing in running servers (1)"),
        "{refused}"
    );
    let token = listener.token.clone();
    listener.stopped().await;
    rekey(&arguments, &mut Vec::new()).await.unwrap();
    assert!(Server::open(options("7a")).await.is_err(), "the old key");
    let server = Server::open(options("7b")).await.unwrap();
    assert_eq!(
        JsonClient::new(&server, &token).put(path, body).await.body["noop"],
        true
    );
    drop(server);
    database.drop_now().await;
}

/// Seals the way older releases did, under the key `7a…7a`.
fn older(nonce: &str, plain: &str) -> String {
    use aes_gcm::aead::{Aead, KeyInit};
    let bytes: Vec<u8> = (0..nonce.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&nonce[at..at + 2], 16).unwrap())
        .collect();
    let nonce_bytes: &[u8; 12] = bytes.as_slice().try_into().unwrap();
    let sealed = aes_gcm::Aes256Gcm::new(&[0x7a; 32].into())
        .encrypt(nonce_bytes.into(), plain.as_bytes())
        .unwrap();
    let (body, tag) = sealed.split_at(sealed.len() - 16);
    format!("{nonce}:{}:{}", hex(tag, ""), hex(body, ""))
}

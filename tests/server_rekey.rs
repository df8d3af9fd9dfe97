//! A new key beside running servers, and rows whose secrets no key opens.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lobuctl::server::command::{DataLocation, RekeyArgs, rekey};
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::SecretString;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::deadline::wait_for_async;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, JsonClient, listen, listening_with, open};

/// The number of tasks that write at the same time.
const WRITERS: usize = 8;

fn key(byte: &str) -> SecretString {
    SecretString::from(byte.repeat(32))
}

fn on_directory(dir: &Path) -> ServerOptions {
    ServerOptions::new(Storage::Sqlite {
        data_dir: dir.to_owned(),
    })
}

fn on_postgres(database: &TestDatabase, now: &str, next: Option<&str>) -> ServerOptions {
    let mut options = ServerOptions::new(Storage::Postgres {
        url: database.url.clone(),
    });
    options.encryption_key = Some(key(now));
    options.next_encryption_key = next.map(key);
    options
}

fn path(number: usize) -> String {
    format!("/api/dev/agents/abc/platforms/by-stable-id/bot-{number}")
}

async fn put(client: &JsonClient, number: usize) -> HttpReply {
    let token = format!("{number}:SECRETTOKEN");
    let body = json!({ "platform": "telegram", "config": { "botToken": token } });
    client.put(&path(number), body).await
}

async fn create_agent(client: &JsonClient) {
    client
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
        .await;
}

/// Writes new platforms from several tasks before, during and after a rekey. Returns the number of platforms.
async fn write_during(clients: &[JsonClient], arguments: RekeyArgs) -> usize {
    let (next, written) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let writers = (0..WRITERS).map(|writer| {
        let client = clients[writer % clients.len()].clone();
        let (next, written, stop) = (next.clone(), written.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let reply = put(&client, next.fetch_add(1, Ordering::SeqCst)).await;
                assert_eq!(reply.status, 201, "{}", reply.text);
                written.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let more_than = async |count: usize| {
        let look = || (written.load(Ordering::SeqCst) > count).then_some(());
        wait_for_async(look, || format!("waited for {count} writes")).await;
    };
    more_than(20).await;
    rekey(&arguments, &mut Vec::new()).await.unwrap();
    // Every writer is in flight across the end of the rekey, and begins another write after it.
    more_than(written.load(Ordering::SeqCst) + 2 * WRITERS).await;
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    written.load(Ordering::SeqCst)
}

/// A PUT of the same secret changes nothing only when the stored one opens.
async fn expect_all_open(client: &JsonClient, count: usize) {
    for number in 0..count {
        let reply = put(client, number).await;
        assert_eq!(reply.body["noop"], true, "{number}: {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rekeys_a_data_directory_while_its_server_writes() {
    let dir = tempfile::tempdir().unwrap();
    let server = listening_with(on_directory(dir.path())).await;
    let client = JsonClient::at(&server.url, &server.token);
    create_agent(&client).await;
    let old = std::fs::read(dir.path().join("encryption-key")).unwrap();
    let arguments = RekeyArgs {
        location: DataLocation::directory(dir.path()),
        new_key: None,
    };
    let count = write_during(std::slice::from_ref(&client), arguments).await;
    expect_all_open(&client, count).await;
    let token = server.token.clone();
    server.stopped().await;

    let server = Server::open(on_directory(dir.path())).await.unwrap();
    expect_all_open(&JsonClient::new(&server, &token), count).await;
    drop(server);
    let mut options = on_directory(dir.path());
    options.encryption_key = Some(SecretString::from(String::from_utf8(old).unwrap()));
    let refused = Server::open(options).await.err().unwrap();
    assert!(refused.to_string().contains("another key"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rekeys_postgres_while_two_servers_write() {
    let Some(database) = TestDatabase::create("rekey_online").await else {
        return;
    };
    let first = listening_with(on_postgres(&database, "7a", Some("7b"))).await;
    let token = first.token.clone();
    let second = Server::open(on_postgres(&database, "7a", Some("7b"))).await.unwrap();
    let second = listen(second, token.clone()).await;
    let clients = [&first, &second].map(|server| JsonClient::at(&server.url, &token));
    create_agent(&clients[0]).await;
    let arguments = RekeyArgs {
        location: location(&database, Path::new(".")),
        new_key: Some(key("7b")),
    };
    let count = write_during(&clients, arguments).await;
    expect_all_open(&clients[1], count).await;
    first.stopped().await;
    second.stopped().await;

    assert!(
        Server::open(on_postgres(&database, "7a", None)).await.is_err(),
        "the old key"
    );
    let server = Server::open(on_postgres(&database, "7b", None)).await.unwrap();
    expect_all_open(&JsonClient::new(&server, &token), count).await;
    drop(server);
    database.drop_now().await;
}

fn location(database: &TestDatabase, dir: &Path) -> DataLocation {
    DataLocation {
        data_dir: dir.to_owned(),
        database_url: Some(database.url.clone()),
        encryption_key: Some(key("7a")),
        new_encryption_key: None,
    }
}

#[tokio::test]
async fn refuses_to_rekey_beside_a_server_that_does_not_have_the_new_key() {
    let Some(database) = TestDatabase::create("rekey_unknown").await else {
        return;
    };
    let server = Server::open(on_postgres(&database, "7a", None)).await.unwrap();
    let arguments = RekeyArgs {
        location: location(&database, Path::new(".")),
        new_key: Some(key("7b")),
    };
    let refused = rekey(&arguments, &mut Vec::new()).await.unwrap_err();
    assert!(refused.to_string().contains("LOBUCTL_NEW_ENCRYPTION_KEY"), "{refused}");
    drop(server);
    database.drop_now().await;
}

/// Replaces the stored config of a platform, or the settings of an agent.
async fn damage(dir: &Path, sql: &'static str, text: &str) {
    let url = format!("sqlite://{}", dir.join("lobu.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(sql).bind(text).execute(&mut connection).await.unwrap();
}

const UNREADABLE: &str = r#"{"platform":"telegram","chatId":"7","botToken":"enc:v2:00112233445566ff:AAAABBBBCCCC"}"#;
const PLATFORM: &str = "UPDATE platform SET config = $1 WHERE id = 'bot-1'";

/// Opens a server on the directory and creates the agent.
async fn with_an_agent(dir: &Path) -> JsonClient {
    let (server, token) = open(on_directory(dir)).await;
    let client = JsonClient::new(&server, &token);
    create_agent(&client).await;
    client
}

/// Opens a server on the directory, with two platforms, of which the first one has a secret that no key opens.
async fn with_an_unreadable_platform(dir: &Path) -> JsonClient {
    let client = with_an_agent(dir).await;
    for number in [1, 2] {
        assert_eq!(put(&client, number).await.status, 201);
    }
    damage(dir, PLATFORM, UNREADABLE).await;
    client
}

#[tokio::test]
async fn lists_a_platform_whose_secret_does_not_open_and_lets_a_put_replace_it() {
    let dir = tempfile::tempdir().unwrap();
    let client = with_an_unreadable_platform(dir.path()).await;

    let listed = client.get("/api/dev/agents/abc/platforms").await;
    let platforms = listed.body["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), 2, "{}", listed.text);
    let broken = platforms.iter().find(|each| each["id"] == "bot-1").unwrap();
    assert_eq!(
        (&broken["config"]["botToken"], &broken["config"]["chatId"]),
        (&json!("***"), &json!("7"))
    );

    let kept = json!({ "platform": "telegram", "config": { "botToken": "***" } });
    assert_eq!(client.put(&path(1), kept).await.status, 400, "nothing to keep");
    let action = |name: &str| format!("/api/dev/agents/abc/platforms/bot-1/{name}");
    assert_eq!(client.post(&action("stop"), json!({})).await.status, 200);
    assert_eq!(client.post(&action("start"), json!({})).await.status, 400);
    assert_eq!(put(&client, 1).await.body["updated"], true);
    assert_eq!(put(&client, 1).await.body["noop"], true);
    let listed = client.get("/api/dev/agents/abc/platforms").await;
    assert!(
        listed.text.contains("***OKEN") && !listed.text.contains("\"***\""),
        "{}",
        listed.text
    );
}

#[tokio::test]
async fn answers_settings_whose_secret_does_not_open_and_keeps_it_until_it_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let client = with_an_agent(dir.path()).await;
    let stored = r#"{"authProfiles":[{"id":"a","credential":"enc:v1:AAAABBBBCCCC"}],"soulMd":"old"}"#;
    damage(dir.path(), "UPDATE agent SET settings = $1", stored).await;

    let config = "/api/dev/agents/abc/config";
    let read = client.get(config).await;
    assert_eq!(read.body["authProfiles"][0]["credential"], "***", "{}", read.text);
    assert_eq!(client.patch(config, json!({ "soulMd": "new" })).await.status, 200);
    let profile = |credential: &str| json!({ "authProfiles": [{ "id": "a", "credential": credential }] });
    assert_eq!(client.patch(config, profile("***")).await.status, 400);
    let read = client.get(config).await;
    assert_eq!(
        (&read.body["soulMd"], &read.body["authProfiles"][0]["credential"]),
        (&json!("new"), &json!("***"))
    );
    assert_eq!(client.patch(config, profile("sk-another")).await.status, 200);
    assert_eq!(
        client.get(config).await.body["authProfiles"][0]["credential"],
        "***ther"
    );
}

#[tokio::test]
async fn rekeys_what_opens_and_names_what_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let client = with_an_unreadable_platform(dir.path()).await;
    let arguments = RekeyArgs {
        location: DataLocation::directory(dir.path()),
        new_key: None,
    };
    let mut out = Vec::new();
    rekey(&arguments, &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("platform/bot-1 holds a secret that no key opens"), "{out}");
    assert_eq!(put(&client, 2).await.body["noop"], true);
    assert_eq!(put(&client, 1).await.body["updated"], true);
}

//! What several servers on one PostgreSQL promise when sessions end, keys change, and one of them stands still.

use std::time::{Duration, Instant};

use lobuctl::server::command::{DataLocation, RekeyArgs, rekey};
use lobuctl::server::{Server, ServerOptions, Storage};
use secrecy::SecretString;
use serde_json::json;
use sqlx::Connection;

use crate::support::deadline::settle_async;
use crate::support::program::serve_process::ServeProcess;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{JsonClient, listening_with};

fn key(byte: &str) -> SecretString {
    SecretString::from(byte.repeat(32))
}

fn options(database: &TestDatabase, byte: &str) -> ServerOptions {
    let mut options = ServerOptions::new(Storage::Postgres {
        url: database.url.clone(),
    });
    options.encryption_key = Some(key(byte));
    options
}

fn platform(id: &str) -> String {
    format!("/api/dev/agents/abc/platforms/by-stable-id/{id}")
}

#[tokio::test]
async fn a_server_whose_sessions_ended_seals_nothing_with_a_key_that_a_rekey_replaced() {
    let Some(database) = TestDatabase::create("generation").await else {
        return;
    };
    let old = listening_with(options(&database, "7a")).await;
    let client = JsonClient::at(&old.url, &old.token);
    client
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
        .await;
    let body = |token: &str| json!({ "platform": "telegram", "config": { "botToken": token } });
    assert_eq!(client.put(&platform("one"), body("123:FIRSTTOKEN")).await.status, 201);

    // PostgreSQL restarts: the lock that shows the server to a rekey is gone until the next heartbeat.
    database.cut().await;
    let dir = tempfile::tempdir().unwrap();
    let arguments = RekeyArgs {
        location: DataLocation {
            data_dir: dir.path().to_owned(),
            database_url: Some(database.url.clone()),
            encryption_key: Some(key("7a")),
            new_encryption_key: None,
        },
        new_key: Some(key("7b")),
    };
    rekey(&arguments, &mut Vec::new()).await.unwrap();

    let created = client.put(&platform("two"), body("456:SECONDTOKEN")).await;
    assert_eq!(created.status, 503, "{}", created.text);
    let patched = client
        .patch("/api/dev/agents/abc/config", json!({ "soulMd": "x" }))
        .await;
    assert_eq!(patched.status, 503, "{}", patched.text);
    let token = old.token.clone();
    let server = Server::open(options(&database, "7b")).await.unwrap();
    let fresh = JsonClient::new(&server, &token);
    let listed = fresh.get("/api/dev/agents/abc/platforms").await;
    assert_eq!(
        listed.body["platforms"].as_array().map(Vec::len),
        Some(1),
        "{}",
        listed.text
    );
    assert_eq!(
        fresh.put(&platform("one"), body("123:FIRSTTOKEN")).await.body["noop"],
        true
    );
    assert_eq!(fresh.put(&platform("two"), body("456:SECONDTOKEN")).await.status, 201);
    drop((server, fresh));
    old.stopped().await;
    database.drop_now().await;
}

#[tokio::test]
async fn a_server_shows_itself_to_a_rekey_again_after_its_sessions_ended() {
    let Some(database) = TestDatabase::create("shown_again").await else {
        return;
    };
    let server = listening_with(options(&database, "7a")).await;
    let shown = database.count_advisory_locks().await;
    assert!(shown > 0);
    database.cut().await;
    let returns = async {
        while database.count_advisory_locks().await < shown {
            settle_async(Duration::from_millis(100)).await;
        }
    };
    // The next heartbeat notices the end of the session, and a second later there is another one.
    tokio::time::timeout(Duration::from_secs(20), returns).await.unwrap();
    server.stopped().await;
    database.drop_now().await;
}

#[tokio::test]
async fn waiting_for_ids_that_another_server_holds_keeps_no_connection_from_other_ids() {
    let Some(database) = TestDatabase::create("waiting").await else {
        return;
    };
    let server = Server::open(options(&database, "7a")).await.unwrap();
    let admin = server.bootstrap_token().unwrap();
    let client = JsonClient::new(&server, secrecy::ExposeSecret::expose_secret(&admin));
    client
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
        .await;
    let body = json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN" } });

    // Another server holds more ids than this one has connections.
    for number in 0..20 {
        let lease = "INSERT INTO lease (name, token, expires_at) VALUES ($1, 'other', 9000000000000)";
        let mut connection = database.connect().await;
        let name = format!("platform/held-{number}");
        sqlx::query(lease).bind(name).execute(&mut connection).await.unwrap();
    }
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let (client, body) = (client.clone(), body.clone());
            tokio::spawn(async move { client.put(&platform(&format!("held-{number}")), body).await.status })
        })
        .collect();
    for number in 0..5 {
        let path = platform(&format!("free-{number}"));
        let put = tokio::time::timeout(Duration::from_secs(10), client.put(&path, body.clone())).await;
        assert_eq!(put.expect("answered in time").status, 201);
    }
    database.execute("UPDATE lease SET expires_at = 0").await;
    for put in waiting {
        assert_eq!(put.await.unwrap(), 201);
    }
    drop((server, client));
    database.drop_now().await;
}

/// The server is frozen between taking the id and writing: a locked table keeps it from reading the agent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_blocks_its_id_for_less_than_half_a_minute_and_no_other_id() {
    let Some(database) = TestDatabase::create("frozen").await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let frozen = ServeProcess::on_postgres(dir.path(), &database.url);
    let healthy = ServeProcess::on_postgres(dir.path(), &database.url);
    let token = frozen.token();
    let clients = [&frozen, &healthy].map(|server| JsonClient::at(&server.url, &token));
    clients[0]
        .post("/api/dev/agents", json!({ "agentId": "abc", "name": "x" }))
        .await;
    let body =
        |chat: &str| json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN", "chatId": chat } });

    let mut connection = database.connect().await;
    let mut blocking = connection.begin().await.unwrap();
    let sql = "LOCK TABLE agent IN ACCESS EXCLUSIVE MODE";
    sqlx::query(sql).execute(&mut *blocking).await.unwrap();
    let late = {
        let (client, body) = (clients[0].clone(), body("late"));
        tokio::spawn(async move { client.put(&platform("bot"), body).await })
    };
    let mut held = 0_i64;
    while held == 0 {
        let sql = "SELECT count(*) FROM lease WHERE name = 'platform/bot'";
        held = sqlx::query_scalar(sql).fetch_one(&mut *blocking).await.unwrap();
    }
    frozen.freeze();
    blocking.rollback().await.unwrap();

    for number in 0..20 {
        let started = Instant::now();
        let put = clients[1].put(&platform(&format!("free-{number}")), body("1")).await;
        assert_eq!(put.status, 201, "{}", put.text);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
    let started = Instant::now();
    let mut put = clients[1].put(&platform("bot"), body("new")).await;
    while put.status == 503 && started.elapsed() < Duration::from_secs(30) {
        put = clients[1].put(&platform("bot"), body("new")).await;
    }
    assert_eq!(put.status, 201, "{}", put.text);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());

    frozen.thaw();
    let late = late.await.unwrap();
    assert_eq!(late.status, 503, "{}", late.text);
    let row = clients[1].get("/api/dev/agents/abc/platforms/bot").await;
    assert_eq!(row.body["config"]["chatId"], "new", "{}", row.text);
    drop((frozen, healthy));
    database.drop_now().await;
}

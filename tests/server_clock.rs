//! A clock that goes back revives no token, and old events of the audit are deleted.

use std::path::Path;

use lobuctl::server::{AuditLimits, NewToken, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::program::serve_process::{ServeProcess, maintain};
use crate::support::server::{JsonClient, open};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn connect(dir: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", dir.join("lobu.db").display());
    SqliteConnection::connect(&url).await.unwrap()
}

/// The database has seen a later time than the system's clock shows: that clock was set back.
#[tokio::test]
async fn a_token_stays_expired_when_the_clock_was_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServeProcess::on_sqlite(dir.path());
    let made = maintain(dir.path(), &["token", "create", "--expires-in-days", "1"]);
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let reader = JsonClient::at(&server.url, &token);
    assert_eq!(reader.get("/api/dev/agents").await.status, 200);
    server.kill();

    let mut connection = connect(dir.path()).await;
    let sql = "INSERT INTO meta (name, value) SELECT 'latest_time', created_at + $1 FROM token ORDER BY created_at DESC LIMIT 1";
    sqlx::query(sql)
        .bind(2 * DAY_MS)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let server = ServeProcess::on_sqlite(dir.path());
    let reader = JsonClient::at(&server.url, &token);
    assert_eq!(reader.get("/api/dev/agents").await.status, 401);
    assert!(server.log().contains("clock is behind"), "{}", server.log());
}

/// What has expired is remembered with the first request that finds it so.
#[tokio::test]
async fn remembers_the_time_when_it_meets_an_expired_token() {
    let dir = tempfile::tempdir().unwrap();
    let (server, admin) = open(ServerOptions::new(Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    }))
    .await;
    let new = NewToken {
        name: "short".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: Some("dev".to_owned()),
        scope: "mcp:read".to_owned(),
        expires_at: Some(1),
    };
    let (_, token) = server.create_token(&new).await.unwrap();
    let expired = JsonClient::new(&server, &admin).with_token(token.expose_secret());
    assert_eq!(expired.get("/api/dev/agents").await.status, 401);
    let sql = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'latest_time'";
    let stored: i64 = sqlx::query_scalar(sql)
        .fetch_one(&mut connect(dir.path()).await)
        .await
        .unwrap();
    assert!(stored > 1_700_000_000_000, "{stored}");
}

#[test]
fn refuses_an_expiry_that_no_date_can_show() {
    let dir = tempfile::tempdir().unwrap();
    ServeProcess::on_sqlite(dir.path()).kill();
    let made = maintain(dir.path(), &["token", "create", "--expires-in-days", "4000000000"]);
    assert_eq!(made.status.code(), Some(64), "{made:?}");
}

#[tokio::test]
async fn keeps_the_newest_events_of_the_audit_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::new(Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    });
    options.audit = AuditLimits {
        events: 5,
        ..AuditLimits::default()
    };
    let (server, token) = open(options).await;
    let client = JsonClient::new(&server, &token);
    for number in 0..20 {
        let id = format!("agent-{number}");
        client
            .post("/api/dev/agents", json!({ "agentId": id, "name": id }))
            .await;
    }
    server.run_upkeep().await.unwrap();
    let events = client.get("/api/dev/audit").await.body["events"].clone();
    let targets: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["target"])
        .collect();
    assert_eq!(targets, ["agent-19", "agent-18", "agent-17", "agent-16", "agent-15"]);

    let sql = "UPDATE audit SET at = 0 WHERE target <> 'agent-19'";
    sqlx::query(sql).execute(&mut connect(dir.path()).await).await.unwrap();
    server.run_upkeep().await.unwrap();
    let events = client.get("/api/dev/audit").await.body["events"].clone();
    assert_eq!(events.as_array().unwrap().len(), 1, "{events}");
}

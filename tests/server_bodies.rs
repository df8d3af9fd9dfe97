//! What a body may cost: bytes, nesting and values are bounded, and nothing is parsed for those who may not write.

use lobuctl::server::{NewToken, Server, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::{JsonClient, memory_server, open};

const CONFIG: &str = "/api/dev/agents/desk/config";

async fn with_an_agent() -> (Server, JsonClient) {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    client
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Desk" }))
        .await;
    (server, client)
}

async fn reader(server: &Server, client: &JsonClient) -> JsonClient {
    let new = NewToken {
        name: "reader".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: Some("dev".to_owned()),
        scope: "mcp:read".to_owned(),
        expires_at: None,
    };
    client.with_token(server.create_token(&new).await.unwrap().1.expose_secret())
}

/// An object around `levels - 1` lists.
fn nested(levels: usize) -> Value {
    let text = format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn accepts_64_levels_of_nesting_and_refuses_65() {
    let (_server, client) = with_an_agent().await;
    // The body itself is one level.
    let body = |levels: usize| json!({ "networkConfig": nested(levels - 1) });
    assert_eq!(client.patch(CONFIG, body(64)).await.status, 200);
    let refused = client.patch(CONFIG, body(65)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error"], "the body is nested more than 64 levels deep");
}

#[tokio::test]
async fn answers_what_an_older_release_stored_too_deep() {
    let dir = tempfile::tempdir().unwrap();
    let options = || {
        ServerOptions::new(Storage::Sqlite {
            data_dir: dir.path().to_owned(),
        })
    };
    let (server, token) = open(options()).await;
    let client = JsonClient::new(&server, &token);
    client
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Desk" }))
        .await;
    let platform = json!({ "platform": "telegram", "config": { "botToken": "1:A" } });
    let path = "/api/dev/agents/desk/platforms/by-stable-id/desk-telegram";
    assert_eq!(client.put(path, platform).await.status, 201);
    for kind in ["entity_type", "relationship_type"] {
        let call = json!({ "schema_type": kind, "action": "create", "slug": "deal", "name": "Deal" });
        assert_eq!(client.schema(call).await.status, 200);
    }
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("lobu.db"));
    let database = sqlx::SqlitePool::connect_with(file).await.unwrap();
    let deep = nested(126);
    for (sql, value) in [
        ("UPDATE agent SET settings = $1", json!({ "networkConfig": deep })),
        ("UPDATE platform SET config = $1", json!({ "x": deep })),
        ("UPDATE entity_type SET metadata_schema = $1", deep.clone()),
        ("UPDATE relationship_type SET metadata_schema = $1", deep.clone()),
    ] {
        sqlx::query(sql)
            .bind(value.to_string())
            .execute(&database)
            .await
            .unwrap();
    }
    let listed = |kind: &str| json!({ "schema_type": kind, "action": "list" });
    for answer in [
        client.get(CONFIG).await,
        client.get("/api/dev/agents/desk").await,
        client.get("/api/dev/agents/desk/platforms").await,
        client.schema(listed("entity_type")).await,
        client.schema(listed("relationship_type")).await,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.body.is_object(), "clients can parse it: {}", answer.text);
        assert!(answer.text.contains("left out: nested more than 64 levels deep"));
    }
}

#[tokio::test]
async fn refuses_more_values_than_anyone_needs() {
    let (_server, client) = with_an_agent().await;
    let many = |count: usize| json!({ "guardrails": vec![""; count] });
    assert_eq!(client.patch(CONFIG, many(100_000)).await.status, 200);
    let refused = client.patch(CONFIG, many(200_001)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error"], "the body has more than 200000 values");
}

#[tokio::test]
async fn accepts_a_mebibyte_and_sixteen_for_settings() {
    let (_server, client) = with_an_agent().await;
    let text = "x".repeat(2 * 1024 * 1024);
    let agent = json!({ "agentId": "large", "name": text });
    assert_eq!(client.post("/api/dev/agents", agent).await.status, 413);
    let schema = json!({ "schema_type": "entity_type", "action": "create", "slug": "a", "name": text });
    assert_eq!(client.schema(schema).await.status, 413);
    assert_eq!(client.patch(CONFIG, json!({ "soulMd": text })).await.status, 200);
    let too_large = json!({ "soulMd": "x".repeat(16 * 1024 * 1024) });
    assert_eq!(client.patch(CONFIG, too_large).await.status, 413);
}

#[tokio::test]
async fn parses_little_for_those_who_may_only_read() {
    let (server, client) = with_an_agent().await;
    let reader = reader(&server, &client).await;
    let call = |size: usize| json!({ "schema_type": "entity_type", "action": "list", "x": "x".repeat(size) });
    assert_eq!(reader.schema(call(1000)).await.status, 200);
    assert_eq!(reader.schema(call(20_000)).await.status, 413);
    assert_eq!(client.schema(call(20_000)).await.status, 200);
    // A body that is no JSON shows whether it was parsed before the scope was checked.
    for (method, path) in [
        ("POST", "/api/dev/agents"),
        ("PATCH", "/api/dev/agents/desk"),
        ("PATCH", CONFIG),
        ("POST", "/api/dev/agents/desk/platforms"),
        ("PUT", "/api/dev/agents/desk/platforms/by-stable-id/a"),
    ] {
        let answer = reader.send(method, path, Some(json!("no object"))).await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn holds_bodies_of_many_clients_one_after_the_other() {
    let (_server, client) = with_an_agent().await;
    let body = json!({ "soulMd": "x".repeat(15 * 1024 * 1024) });
    let changes = (0..3).map(|_| client.patch(CONFIG, body.clone()));
    for answer in futures_util::future::join_all(changes).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

//! Secrets that do not sound like secrets: a client declares them, and the environment of MCP servers holds them.

use lobuctl::server::{NewToken, ServerOptions, Storage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::server::{JsonClient, open};

#[tokio::test]
async fn seals_and_redacts_what_a_client_declares_secret() {
    let dir = tempfile::tempdir().unwrap();
    let (server, token) = open(ServerOptions::new(Storage::Sqlite {
        data_dir: dir.path().to_owned(),
    }))
    .await;
    let admin = JsonClient::new(&server, &token);
    admin
        .post("/api/dev/agents", json!({ "agentId": "owned", "name": "x" }))
        .await;
    let path = "/api/dev/agents/owned/platforms/by-stable-id/owned-telegram";
    let config = json!({ "botToken": "1:A", "hook": "https://hooks/HIDDEN-hook", "chatId": "HIDDEN-chat" });
    let body = |keys: Value| json!({ "platform": "telegram", "config": config, "secretKeys": keys });
    assert_eq!(admin.put(path, body(json!(["hook"]))).await.status, 201);
    assert_eq!(admin.put(path, body(json!("hook"))).await.status, 400);
    let read = "/api/dev/agents/owned/platforms/owned-telegram";
    let shown = admin.get(read).await.body["config"].clone();
    assert_eq!(
        (&shown["hook"], &shown["chatId"]),
        (&json!("***hook"), &json!("HIDDEN-chat"))
    );
    // Declared later, and by a PUT that changes nothing: sealed from then on, and a client cannot take it back.
    assert_eq!(admin.put(path, body(json!(["chatId"]))).await.body["noop"], true);
    assert_eq!(admin.put(path, body(json!([]))).await.body["noop"], true);
    let shown = admin.get(read).await.body["config"].clone();
    assert_eq!(
        (&shown["hook"], &shown["chatId"]),
        (&json!("***hook"), &json!("***chat"))
    );
    let named = json!({ "botToken": "1:A", "signingSecret": "2:B", "userName": "HIDDEN-name" });
    let named = json!({ "platform": "slack", "config": named, "secretKeys": ["userName"] });
    admin
        .put("/api/dev/agents/owned/platforms/by-stable-id/owned-slack", named)
        .await;
    let shown = admin.get("/api/dev/agents/owned/platforms/owned-slack").await;
    // The start copies the name into the metadata.
    assert_eq!(shown.body["metadata"]["botUsername"], "***name");
    assert!(!shown.text.contains("HIDDEN"), "{}", shown.text);
    let settings = json!({ "mcpServers": { "db": { "url": "https://x", "env": { "DATABASE_URL": "HIDDEN-database",
        "PGPASS": "$PGPASS", "REGION": "HIDDEN-region" }, "headers": { "X-Tenant": "HIDDEN-tenant" } } } });
    admin.patch("/api/dev/agents/owned/config", settings).await;
    let new = NewToken {
        name: "reader".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: Some("dev".to_owned()),
        scope: "mcp:read".to_owned(),
        expires_at: None,
    };
    let reader = server.create_token(&new).await.unwrap().1;
    let reader = admin.with_token(reader.expose_secret());
    let shown = reader.get("/api/dev/agents/owned/config").await;
    assert!(!shown.text.contains("HIDDEN"), "{}", shown.text);
    let environment = &shown.body["mcpServers"]["db"]["env"];
    assert_eq!(
        (&environment["PGPASS"], &environment["REGION"]),
        (&json!("$PGPASS"), &json!("***gion"))
    );
    drop((server, admin, reader));
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        // The config that was stored before `chatId` was declared may be left in free pages of the file.
        let text = String::from_utf8_lossy(&bytes).replace("HIDDEN-chat", "");
        assert!(!text.contains("HIDDEN"));
    }
}

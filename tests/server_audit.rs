//! What the audit records beside changes: tokens, a new key, denials; and how large it may become.

use lobuctl::server::{NewToken, Server};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::support::program::serve_process::{ServeProcess, maintain};
use crate::support::server::{HttpReply, JsonClient, memory_server};

async fn token(server: &Server, scope: &str) -> (String, String) {
    let new = NewToken {
        name: "reader".to_owned(),
        account: "bootstrap-user".to_owned(),
        organization: Some("dev".to_owned()),
        scope: scope.to_owned(),
        expires_at: None,
    };
    let (id, token) = server.create_token(&new).await.unwrap();
    (id, token.expose_secret().to_owned())
}

async fn events(client: &JsonClient, action: &str) -> Vec<Value> {
    let page = client.get("/api/dev/audit?limit=500").await.body;
    let events = page["events"].as_array().unwrap().iter();
    events.filter(|event| event["action"] == action).cloned().collect()
}

fn request_id(answer: &HttpReply) -> &str {
    answer.headers["x-request-id"].to_str().unwrap()
}

#[tokio::test]
async fn says_who_changed_what_and_when_without_values() {
    let (server, token) = memory_server().await;
    let admin = JsonClient::new(&server, &token);
    admin
        .post("/api/dev/agents", json!({ "agentId": "owned", "name": "x" }))
        .await;
    let platform = json!({ "platform": "telegram", "config": { "botToken": "123:SECRETTOKEN" } });
    let path = "/api/dev/agents/owned/platforms/by-stable-id/owned-telegram";
    assert_eq!(admin.put(path, platform).await.status, 201);
    admin
        .patch(
            "/api/dev/agents/owned/config",
            json!({ "soulMd": "VALUE", "model": "VALUE" }),
        )
        .await;
    admin.delete("/api/dev/agents/owned").await;
    let audit = admin.get("/api/dev/audit").await;
    assert!(!audit.text.contains("VALUE") && !audit.text.contains("SECRETTOKEN"));
    let events = audit.body["events"].as_array().unwrap();
    let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "agent.delete",
            "settings.update",
            "platform.create",
            "agent.create",
            "token.create"
        ]
    );
    assert_eq!(events[1]["fields"], json!(["model", "soulMd"]));
    assert_eq!(events[1]["actor"]["userId"], "bootstrap-user");
    assert!(events[1]["at"].as_str().unwrap().ends_with('Z'));
    let first = admin.get("/api/dev/audit?limit=2").await.body;
    let rest = admin
        .get(&format!("/api/dev/audit?limit=2&before={}", first["next"]))
        .await
        .body;
    assert_eq!(rest["events"][1]["action"], "agent.create");
    assert_eq!(admin.get("/api/dev/audit?limit=x").await.status, 400);
}

#[tokio::test]
async fn records_minted_and_revoked_tokens_with_their_ids() {
    let (server, admin) = memory_server().await;
    let client = JsonClient::new(&server, &admin);
    let (id, text) = token(&server, "mcp:read").await;
    assert!(server.revoke_token(&id).await.unwrap());
    let created = events(&client, "token.create").await;
    assert_eq!(
        (&created[0]["target"], &created[0]["fields"]),
        (&json!(id), &json!(["mcp:read"]))
    );
    let revoked = events(&client, "token.revoke").await;
    assert_eq!(revoked[0]["target"], json!(id));
    assert!(!client.get("/api/dev/audit").await.text.contains(&text));
}

#[tokio::test]
async fn records_changes_with_the_id_of_their_request() {
    let (server, admin) = memory_server().await;
    let client = JsonClient::new(&server, &admin);
    let created = client
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Desk" }))
        .await;
    let event = &events(&client, "agent.create").await[0];
    assert_eq!(event["requestId"], request_id(&created));
}

#[tokio::test]
async fn records_denied_changes_with_token_and_request_but_no_reading() {
    let (server, admin) = memory_server().await;
    let client = JsonClient::new(&server, &admin);
    let (id, weak) = token(&server, "mcp:read").await;
    let weak = client.with_token(&weak);
    let denied = weak.post("/api/dev/agents", json!({})).await;
    assert_eq!(denied.status, 403);
    let call = json!({ "schema_type": "entity_type", "action": "delete", "slug": "deal" });
    assert_eq!(weak.schema(call).await.status, 400);
    let unknown = client.with_token("owl_pat_unknown");
    assert_eq!(unknown.delete("/api/dev/agents/desk").await.status, 401);
    assert_eq!(unknown.get("/api/dev/agents").await.status, 401);
    let recorded = events(&client, "access.denied").await;
    let targets: Vec<&str> = recorded.iter().filter_map(|event| event["target"].as_str()).collect();
    assert_eq!(
        targets,
        [
            "DELETE /api/dev/agents/desk",
            "POST /api/dev/manage_entity_schema",
            "POST /api/dev/agents"
        ]
    );
    assert_eq!(recorded[0]["actor"], json!({ "userId": null, "tokenId": null }));
    assert_eq!(
        recorded[2]["actor"],
        json!({ "userId": "bootstrap-user", "tokenId": id })
    );
    assert_eq!(recorded[2]["requestId"], request_id(&denied));
}

#[tokio::test]
async fn records_a_bounded_number_of_denials() {
    let (server, admin) = memory_server().await;
    let client = JsonClient::new(&server, &admin);
    let unknown = client.with_token("owl_pat_unknown");
    for _ in 0..100 {
        assert_eq!(unknown.delete("/api/dev/agents/desk").await.status, 401);
    }
    let recorded = events(&client, "access.denied").await.len();
    // A minute may end in between.
    assert!((20..=40).contains(&recorded), "{recorded}");
}

#[tokio::test]
async fn keeps_32_short_names_of_a_change() {
    let (server, admin) = memory_server().await;
    let client = JsonClient::new(&server, &admin);
    client
        .post("/api/dev/agents", json!({ "agentId": "desk", "name": "Desk" }))
        .await;
    let mut config: Map<String, Value> = (0..1000)
        .map(|n| (format!("{n}-{}", "x".repeat(500)), json!(n)))
        .collect();
    config.insert("botToken".to_owned(), json!("1:A"));
    let path = "/api/dev/agents/desk/platforms/by-stable-id/desk-telegram";
    let put = client
        .put(path, json!({ "platform": "telegram", "config": config }))
        .await;
    assert_eq!(put.status, 201, "{}", put.text);
    let event = &events(&client, "platform.create").await[0];
    let fields: Vec<&str> = event["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!((fields.len(), fields[32]), (33, "and 969 more"));
    assert!(fields.iter().all(|field| field.chars().count() <= 64));
}

#[tokio::test]
async fn records_a_new_key() {
    let dir = tempfile::tempdir().unwrap();
    ServeProcess::on_sqlite(dir.path()).signal("TERM");
    let done = maintain(dir.path(), &["rekey"]);
    assert!(done.status.success(), "{done:?}");
    let process = ServeProcess::on_sqlite(dir.path());
    let client = JsonClient::at(&process.url, &process.token());
    let event = &events(&client, "secrets.rekey").await[0];
    assert_eq!(event["actor"]["userId"], "command-line");
}

#[test]
fn creates_tokens_that_are_narrow_and_expire_unless_asked_for_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    ServeProcess::on_sqlite(dir.path()).signal("TERM");
    let create = |arguments: &[&str]| maintain(dir.path(), &[&["token", "create"], arguments].concat());
    assert!(create(&["--name", "plain"]).status.success());
    assert!(
        create(&["--name", "wide", "--scope", "mcp:admin", "--never-expires"])
            .status
            .success()
    );
    let forged = create(&["--name", "a\nactive  never expires"]);
    let message = String::from_utf8(forged.stderr).unwrap();
    assert!(
        !forged.status.success() && message.contains("one printable line"),
        "{message}"
    );
    let listed = maintain(dir.path(), &["token", "list", "--format", "json"]);
    let tokens: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let named = |name: &str| tokens.iter().find(|token| token["name"] == name).unwrap();
    assert_eq!(named("plain")["scopes"], json!(["mcp:read"]));
    assert!(named("plain")["expires_at"].is_string());
    assert_eq!(named("wide")["scopes"], json!(["mcp:admin"]));
    assert!(named("wide")["expires_at"].is_null());
    assert_eq!(named("bootstrap")["state"], "active");
    assert!(
        tokens
            .iter()
            .all(|token| token["id"].as_str().unwrap().starts_with("tok_"))
    );
}

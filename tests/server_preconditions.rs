//! `ETag` and `If-Match`: nobody overwrites what they have not seen.

use axum::body::Body;
use axum::http::{Request, header};
use lobuctl::server::Server;
use serde_json::{Value, json};

use crate::support::server::{HttpReply, JsonClient, ask, memory_server};

const AGENT: &str = "/api/dev/agents/desk";
const CONFIG: &str = "/api/dev/agents/desk/config";
const PLATFORM: &str = "/api/dev/agents/desk/platforms/desk-telegram";
const STABLE: &str = "/api/dev/agents/desk/platforms/by-stable-id/desk-telegram";
const TOOL: &str = "/api/dev/manage_entity_schema";

struct Guarded {
    server: Server,
    token: String,
    client: JsonClient,
}

impl Guarded {
    async fn with_an_agent() -> Self {
        let (server, token) = memory_server().await;
        let client = JsonClient::new(&server, &token);
        let agent = json!({ "agentId": "desk", "name": "Desk" });
        assert_eq!(client.post("/api/dev/agents", agent).await.status, 201);
        Self { server, token, client }
    }

    async fn send(&self, method: &str, path: &str, guard: (header::HeaderName, &str), body: Value) -> HttpReply {
        let request = Request::builder().method(method).uri(path).header(guard.0, guard.1);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        ask(
            &self.server.router(),
            request.body(Body::from(body.to_string())).unwrap(),
        )
        .await
    }

    async fn if_match(&self, method: &str, path: &str, tag: &str, body: Value) -> HttpReply {
        self.send(method, path, (header::IF_MATCH, tag), body).await
    }

    async fn tag(&self, path: &str) -> String {
        tag(&self.client.get(path).await)
    }
}

fn tag(answer: &HttpReply) -> String {
    answer.headers[header::ETAG].to_str().unwrap().to_owned()
}

fn platform(token: &str) -> Value {
    json!({ "platform": "telegram", "config": { "botToken": token } })
}

#[tokio::test]
async fn refuses_an_agent_or_settings_that_have_changed_since_they_were_read() {
    let guarded = Guarded::with_an_agent().await;
    for (path, first, second) in [
        (AGENT, json!({ "name": "A" }), json!({ "name": "B" })),
        (CONFIG, json!({ "soulMd": "A" }), json!({ "soulMd": "B" })),
    ] {
        let read = guarded.tag(path).await;
        let written = guarded.if_match("PATCH", path, &read, first.clone()).await;
        assert_eq!(written.status, 200, "{}", written.text);
        let late = guarded.if_match("PATCH", path, &read, second.clone()).await;
        assert_eq!(late.status, 412, "{}", late.text);
        assert_eq!(tag(&late), tag(&written), "the refusal names the current revision");
        let again = guarded.if_match("PATCH", path, &tag(&written), second).await;
        assert_eq!(again.status, 200, "{}", again.text);
    }
}

#[tokio::test]
async fn changes_of_settings_do_not_disturb_a_change_of_the_name() {
    let guarded = Guarded::with_an_agent().await;
    let (agent, config) = (guarded.tag(AGENT).await, guarded.tag(CONFIG).await);
    let settings = guarded
        .if_match("PATCH", CONFIG, &config, json!({ "soulMd": "A" }))
        .await;
    assert_eq!(settings.status, 200);
    let name = guarded.if_match("PATCH", AGENT, &agent, json!({ "name": "B" })).await;
    assert_eq!(name.status, 200, "{}", name.text);
}

#[tokio::test]
async fn refuses_to_delete_an_agent_when_anything_that_goes_with_it_has_changed() {
    let guarded = Guarded::with_an_agent().await;
    for change in ["settings", "new platform", "changed platform", "deleted platform"] {
        let read = guarded.tag(AGENT).await;
        let client = &guarded.client;
        let answer = match change {
            "settings" => client.patch(CONFIG, json!({ "soulMd": "x" })).await,
            "new platform" => client.put(STABLE, platform("1:A")).await,
            "changed platform" => client.put(STABLE, platform("2:B")).await,
            _ => client.delete(PLATFORM).await,
        };
        assert!(answer.status.is_success(), "{}", answer.text);
        let late = guarded.if_match("DELETE", AGENT, &read, Value::Null).await;
        assert_eq!(late.status, 412, "{change}: {}", late.text);
    }
    let current = guarded.tag(AGENT).await;
    assert_eq!(
        guarded.if_match("DELETE", AGENT, &current, Value::Null).await.status,
        200
    );
}

#[tokio::test]
async fn guards_every_change_of_a_platform() {
    let guarded = Guarded::with_an_agent().await;
    let only_new = (header::IF_NONE_MATCH, "*");
    let missing = guarded.if_match("PUT", STABLE, "\"1\"", platform("1:A")).await;
    assert_eq!(missing.status, 412, "an expected platform is gone");
    let created = guarded.send("PUT", STABLE, only_new.clone(), platform("1:A")).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(guarded.send("PUT", STABLE, only_new, platform("2:B")).await.status, 412);
    assert_eq!(tag(&created), guarded.tag(PLATFORM).await);
    let stale = tag(&created);
    let updated = guarded.if_match("PUT", STABLE, &stale, platform("2:B")).await;
    assert_eq!(updated.body["updated"], true, "{}", updated.text);
    for (method, path, body) in [
        ("PUT", STABLE.to_owned(), platform("3:C")),
        ("POST", format!("{PLATFORM}/start"), Value::Null),
        ("POST", format!("{PLATFORM}/stop"), Value::Null),
        ("DELETE", PLATFORM.to_owned(), Value::Null),
    ] {
        let late = guarded.if_match(method, &path, &stale, body).await;
        assert_eq!(late.status, 412, "{method} {path}: {}", late.text);
    }
    let current = tag(&updated);
    assert_eq!(
        guarded.if_match("DELETE", PLATFORM, &current, Value::Null).await.status,
        200
    );
}

#[tokio::test]
async fn guards_every_change_of_a_type() {
    let guarded = Guarded::with_an_agent().await;
    for kind in ["entity_type", "relationship_type"] {
        let call = |action: &str, name: &str| {
            json!({ "schema_type": kind, "action": action, "slug": "deal", "name": name,
                "source_entity_type_slug": "a", "target_entity_type_slug": "b" })
        };
        assert_eq!(guarded.client.schema(call("create", "A")).await.status, 200);
        let read = tag(&guarded.client.schema(call("get", "")).await);
        let written = guarded.if_match("POST", TOOL, &read, call("update", "B")).await;
        assert_eq!(written.status, 200, "{}", written.text);
        let actions: &[&str] = match kind {
            "entity_type" => &["update", "delete"],
            _ => &["update", "add_rule", "delete"],
        };
        for action in actions {
            let late = guarded.if_match("POST", TOOL, &read, call(action, "C")).await;
            assert_eq!(late.status, 412, "{kind} {action}: {}", late.text);
        }
        let current = tag(&written);
        for action in actions.iter().filter(|action| **action != "update") {
            let answer = guarded.if_match("POST", TOOL, &current, call(action, "C")).await;
            assert_eq!(answer.status, 200, "{kind} {action}: {}", answer.text);
        }
    }
}

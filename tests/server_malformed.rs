//! Whatever comes in, on whatever route: never a 500, never a panic, never a secret in an answer.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use lobuctl::server::{Server, ServerOptions, Storage};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::support::hex;
use crate::support::server::postgres::TestDatabase;
use crate::support::server::{HttpReply, JsonClient, ask, memory_server, open};

const SENTINEL: &str = "SENTINEL-that-must-not-be-seen";

const ROUTES: [(&str, &str); 24] = [
    ("GET", "/api/dev/agents"),
    ("POST", "/api/dev/agents"),
    ("GET", "/api/dev/agents/{id}"),
    ("PATCH", "/api/dev/agents/{id}"),
    ("DELETE", "/api/dev/agents/{id}"),
    ("GET", "/api/dev/agents/{id}/config"),
    ("PATCH", "/api/dev/agents/{id}/config"),
    ("GET", "/api/dev/agents/{id}/platforms"),
    ("POST", "/api/dev/agents/{id}/platforms"),
    ("PUT", "/api/dev/agents/{id}/platforms/by-stable-id/{id}"),
    ("GET", "/api/dev/agents/{id}/platforms/{id}"),
    ("DELETE", "/api/dev/agents/{id}/platforms/{id}"),
    ("POST", "/api/dev/agents/{id}/platforms/{id}/start"),
    ("POST", "/api/dev/agents/{id}/platforms/{id}/stop"),
    ("POST", "/api/dev/manage_entity_schema"),
    ("POST", "/api/dev/list_organizations"),
    ("POST", "/api/dev/resolve_path"),
    ("POST", "/api/dev/{id}"),
    ("GET", "/api/dev/audit?limit={id}&before={id}&action={id}"),
    ("GET", "/api/dev/secrets"),
    ("POST", "/api/dev/secrets/manage"),
    ("GET", "/api/agents/platforms/{id}"),
    ("GET", "/api/{id}/public/agents"),
    ("GET", "/{id}/{id}"),
];

/// Field names that some route reads, and secret ones.
const NAMES: [&str; 40] = [
    "agentId",
    "name",
    "description",
    "owner",
    "platform",
    "userId",
    "config",
    "settings",
    "allowFrom",
    "allowGroups",
    "mcpServers",
    "soulMd",
    "model",
    "templateAgentId",
    "networkConfig",
    "guardrails",
    "installedProviders",
    "schema_type",
    "action",
    "slug",
    "metadata_schema",
    "properties",
    "x-table-column",
    "event_kinds",
    "is_symmetric",
    "inverse_type_slug",
    "status",
    "auto_create_when",
    "rule_id",
    "source_entity_type_slug",
    "target_entity_type_slug",
    "path",
    "mode",
    "parentConnectionId",
    "isWorkspaceAgent",
    "authProfiles",
    "actions",
    "op",
    "value",
    "source",
];
const WORDS: [&str; 22] = [
    "known",
    "bot",
    "",
    " ",
    "telegram",
    "discord",
    "entity_type",
    "relationship_type",
    "create",
    "update",
    "delete",
    "get",
    "list",
    "add_rule",
    "remove_rule",
    "list_rules",
    "audit",
    "$member",
    "***",
    "***abcd",
    "active",
    "/dev",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(&WORDS[..]).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("a\u{0}b")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 40, 6, |inner| {
        let pair = (proptest::sample::select(&NAMES[..]), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            proptest::collection::vec(pair, 0..6).prop_map(|pairs| {
                Value::Object(
                    pairs
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// A body that a route would take, with one field made wrong and secrets where secrets go.
fn nearly_right() -> impl Strategy<Value = Value> {
    (proptest::sample::select(&NAMES[..]), value(), any::<bool>()).prop_map(|(name, wrong, secrets)| {
        let mut body = json!({
            "agentId": "known", "name": "x", "platform": "telegram", "schema_type": "entity_type", "action": "create",
            "slug": "known", "source_entity_type_slug": "a", "target_entity_type_slug": "b", "path": "/dev",
        });
        if secrets {
            body["config"] = json!({ "botToken": SENTINEL, "nested": { "apiKey": [SENTINEL, { "x": SENTINEL }] } });
            body["mcpServers"] = json!({ "m": { "headers": { "Authorization": SENTINEL } } });
            body["authProfiles"] = json!([{ "id": "p", "credential": SENTINEL }]);
        }
        body[name] = wrong;
        body
    })
}

fn raw() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => value().prop_map(|value| value.to_string().into_bytes()),
        4 => nearly_right().prop_map(|value| value.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..60),
        1 => (nearly_right(), 0..400_usize).prop_map(|(value, cut)| {
            let mut bytes = value.to_string().into_bytes();
            bytes.truncate(cut);
            bytes
        }),
    ]
}

/// A path segment: something that exists, or anything that can stand in a URL.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("known".to_owned()),
        2 => Just("bot".to_owned()),
        2 => "[a-z0-9%.$~!*'()_-]{0,12}",
        1 => proptest::collection::vec(any::<u8>(), 0..8)
            .prop_map(|bytes| hex(&bytes, "%")),
    ]
}

async fn furnished() -> (Server, String) {
    let (server, token) = memory_server().await;
    let client = JsonClient::new(&server, &token);
    furnish(&client).await;
    (server, token)
}

async fn furnish(client: &JsonClient) {
    client
        .post("/api/dev/agents", json!({ "agentId": "known", "name": "x" }))
        .await;
    let platform = json!({ "platform": "telegram", "config": { "botToken": SENTINEL } });
    client
        .put("/api/dev/agents/known/platforms/by-stable-id/bot", platform)
        .await;
    for kind in ["entity_type", "relationship_type"] {
        let call = json!({ "schema_type": kind, "action": "create", "slug": "known", "name": "x" });
        client.schema(call).await;
    }
}

async fn send(router: &Router, token: &str, method: &str, path: &str, body: Vec<u8>) -> Option<HttpReply> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    // What is no URL never reaches a server.
    Some(ask(router, request.body(Body::from(body)).ok()?).await)
}

fn judge(answer: &HttpReply, method: &str, path: &str, sent: &[u8]) {
    let status = answer.status.as_u16();
    let about = || {
        format!(
            "{method} {path} {}: {status} {}",
            String::from_utf8_lossy(sent),
            answer.text
        )
    };
    assert!(status < 500, "{}", about());
    assert!(!answer.text.contains(SENTINEL), "{}", about());
    if status >= 400 {
        assert!(answer.body["error"].is_string(), "{}", about());
    }
}

/// Throws requests at a server and judges every answer.
fn pelt(runtime: &tokio::runtime::Runtime, server: &Server, token: &str, cases: u32) {
    let client = JsonClient::new(server, token);
    let thrown = (proptest::sample::select(&ROUTES[..]), segment(), raw());
    proptest!(ProptestConfig { cases, ..ProptestConfig::default() }, |(((method, route), segment, body) in thrown)| {
        let path = route.replace("{id}", &segment);
        runtime.block_on(async {
            furnish(&client).await;
            if let Some(answer) = send(&server.router(), token, method, &path, body.clone()).await {
                judge(&answer, method, &path, &body);
            }
        });
    });
}

fn alone() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn no_body_and_no_path_breaks_a_route() {
    let runtime = alone();
    let (server, token) = runtime.block_on(memory_server());
    pelt(&runtime, &server, &token, 1500);
}

/// PostgreSQL is the stricter of the two about types and texts.
#[test]
fn no_body_and_no_path_breaks_a_route_on_postgres() {
    let runtime = alone();
    let Some(database) = runtime.block_on(TestDatabase::create("malformed")) else {
        return;
    };
    let mut options = ServerOptions::new(Storage::Postgres {
        url: database.url.clone(),
    });
    options.encryption_key = Some(SecretString::from("7a".repeat(32)));
    let (server, token) = runtime.block_on(open(options));
    pelt(&runtime, &server, &token, 600);
    runtime.block_on(async {
        drop(server);
        database.drop_now().await;
    });
}

#[tokio::test]
async fn every_route_survives_what_is_no_json() {
    let (server, token) = furnished().await;
    let deep = "[".repeat(200_000);
    let wide = Value::Object((0..20_000).map(|n| (n.to_string(), json!(n))).collect::<Map<_, _>>()).to_string();
    for (method, route) in ROUTES {
        let path = route.replace("{id}", "known");
        for body in [
            "",
            "{",
            "null",
            "[]",
            "5",
            "\"x\"",
            "{\"a\":1e999}",
            "{\"a\":\"\\ud800\"}",
            "\u{feff}{}",
            &deep,
            &wide,
        ] {
            let answer = send(&server.router(), &token, method, &path, body.as_bytes().to_vec())
                .await
                .unwrap();
            judge(&answer, method, &path, &body.as_bytes()[..body.len().min(80)]);
        }
    }
}

#[tokio::test]
async fn a_parse_error_does_not_repeat_the_body() {
    let (server, token) = furnished().await;
    let body = format!("{{\"config\": {{\"botToken\": \"{SENTINEL}\" oops");
    let path = "/api/dev/agents/known/platforms/by-stable-id/bot";
    let answer = send(&server.router(), &token, "PUT", path, body.into_bytes())
        .await
        .unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.body["error"].as_str().unwrap().starts_with("JSON Parse error"));
    assert!(!answer.text.contains("SENTINEL"));
}

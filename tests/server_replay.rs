//! Every recorded exchange again, against our server. What differs on purpose stands in `server_differences.toml`, with
//! its reason; what stands there must still differ.

use std::collections::BTreeSet;
use std::sync::Arc;

use lobuctl::server::runtime::{Instance, RuntimeError, ScriptedRuntime, Started};
use lobuctl::server::{NewToken, PlatformMode, Server, ServerOptions};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::server::comparison::agrees;
use crate::support::server::recording;
use crate::support::server::{JsonClient, ask, open};

#[derive(Deserialize)]
struct Differences {
    rule: Vec<Rule>,
    difference: Vec<Difference>,
}

#[derive(Deserialize)]
struct Rule {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Difference {
    fixture: String,
    at: Vec<usize>,
    reason: String,
}

fn differences() -> Differences {
    let text = include_str!("server_differences.toml");
    let list: Differences = toml::from_str(text).unwrap();
    let reasons = list
        .rule
        .iter()
        .map(|rule| &rule.reason)
        .chain(list.difference.iter().map(|each| &each.reason));
    assert!(
        reasons.into_iter().all(|reason| reason.len() > 20),
        "every difference has a reason"
    );
    list
}

/// Organisation, id and name of an agent.
type Agent = (&'static str, &'static str, &'static str);

/// What a recording starts from: its mode, its agents.
const SCENES: [(&str, PlatformMode, &[Agent]); 14] = [
    ("agents", PlatformMode::Stored, &[]),
    ("auth", PlatformMode::Stored, &[]),
    ("config", PlatformMode::Stored, &[]),
    ("limits", PlatformMode::Stored, &[("dev", "big", "big")]),
    (
        "platforms",
        PlatformMode::Stored,
        &[
            ("dev", "plat", "plat"),
            ("dev", "plat-b", "plat-b"),
            ("other", "oth", "oth"),
        ],
    ),
    (
        "platform-remove-config-key",
        PlatformMode::Stored,
        &[("dev", "rmk", "rmk")],
    ),
    ("entity-types", PlatformMode::Stored, &[]),
    ("relationship-types", PlatformMode::Stored, &[]),
    ("relationship-type-delete-recreate", PlatformMode::Stored, &[]),
    (
        "platforms-gateway",
        PlatformMode::Live,
        &[("dev", "plat", "plat"), ("dev", "plat-b", "plat-b")],
    ),
    (
        "platform-delete-zombie-gateway",
        PlatformMode::Live,
        &[("dev", "plat", "plat")],
    ),
    (
        "platform-error-status-gateway",
        PlatformMode::Live,
        &[("dev", "err", "r")],
    ),
    (
        "platform-start-errors-gateway",
        PlatformMode::Live,
        &[("dev", "leak", "leak")],
    ),
    (
        "platform-remove-config-key-gateway",
        PlatformMode::Live,
        &[("dev", "rmk", "rmk")],
    ),
];

/// Stands in for the stand-in of the recordings: a Telegram on port 18999 that rejects one token.
fn telegram(instance: &Instance) -> Option<Result<Started, RuntimeError>> {
    let text = |key| instance.config.get(key).and_then(Value::as_str).unwrap_or_default();
    if instance.kind != "telegram" || text("botToken").is_empty() {
        return None;
    }
    let reachable = text("apiBaseUrl").ends_with(":18999");
    if text("mode") == "polling" && !reachable {
        return Some(Err(RuntimeError::new(
            "NetworkError",
            "Network error calling Telegram deleteWebhook",
        )));
    }
    if !reachable || text("botToken").starts_with("333") {
        return None;
    }
    let metadata = json!({ "botUsername": "fake_bot", "botUserId": "1" });
    Some(Ok(Started {
        metadata: metadata.as_object().unwrap().clone(),
    }))
}

/// A server with the recordings' users, and their tokens by name.
async fn scene(mode: PlatformMode, agents: &[(&str, &str, &str)]) -> (Server, Map<String, Value>) {
    let mut options = ServerOptions::memory();
    options.mode = mode;
    options.public_url = Some("http://localhost:8811".to_owned());
    options.runtime = Arc::new(ScriptedRuntime::default().with_script(Box::new(telegram)));
    let (server, admin) = open(options).await;
    server.create_organization("other").await.unwrap();
    server.add_member("dev", "plain", "member").await.unwrap();
    server.add_account("stranger").await.unwrap();
    let mut tokens = Map::new();
    tokens.insert("admin".into(), json!(admin));
    let all = "mcp:read mcp:write mcp:admin";
    for (name, account, organization, scope, expires_at) in [
        ("ro", "bootstrap-user", Some("dev"), "mcp:read", None),
        ("rw", "bootstrap-user", Some("dev"), "mcp:read mcp:write", None),
        ("noscope", "bootstrap-user", Some("dev"), "mcp:read mcp:write", None),
        ("expired", "bootstrap-user", Some("dev"), all, Some(1)),
        ("revoked", "bootstrap-user", Some("dev"), all, None),
        ("unbound", "bootstrap-user", None, all, None),
        ("memberadmin", "plain", Some("dev"), all, None),
        ("other", "bootstrap-user", Some("other"), all, None),
        ("nonmember", "stranger", None, all, None),
    ] {
        let organization = organization.map(str::to_owned);
        let (name, account, scope) = (name.to_owned(), account.to_owned(), scope.to_owned());
        let new = NewToken {
            name: name.clone(),
            account,
            organization,
            scope,
            expires_at,
        };
        let (id, token) = server.create_token(&new).await.unwrap();
        if name == "revoked" {
            server.revoke_token(&id).await.unwrap();
        }
        tokens.insert(name, json!(token.expose_secret()));
    }
    for (organization, id, name) in agents {
        let token = &tokens[if *organization == "dev" { "admin" } else { "other" }];
        let client = JsonClient::new(&server, token.as_str().unwrap());
        let body = json!({ "agentId": id, "name": name });
        assert_eq!(
            client.post(&format!("/api/{organization}/agents"), body).await.status,
            201
        );
    }
    (server, tokens)
}

/// What the recordings' authors put into a public organization by hand.
async fn seed_public(server: &Server) {
    server.create_organization("pub").await.unwrap();
    server.set_public("pub", true).await.unwrap();
    let token = server.create_admin_token("pub").await.unwrap();
    let client = JsonClient::new(server, token.expose_secret());
    for body in [
        json!({ "schema_type": "entity_type", "slug": "shadow", "name": "Shadow", "description": "public" }),
        json!({ "schema_type": "entity_type", "slug": "person", "name": "Public Person" }),
        json!({ "schema_type": "relationship_type", "slug": "pubrel", "name": "PubRel" }),
    ] {
        let mut body = body;
        body["action"] = json!("create");
        assert_eq!(client.post("/api/pub/manage_entity_schema", body).await.status, 200);
    }
}

fn with_token(authorization: &str, tokens: &Map<String, Value>) -> String {
    let Some((before, rest)) = authorization.split_once("<PAT:") else {
        return authorization.to_owned();
    };
    let (name, after) = rest.split_once('>').unwrap();
    format!("{before}{}{after}", tokens[name].as_str().unwrap())
}

/// Replays a file and answers the exchanges that differ, each with what was answered.
async fn replay(name: &str, rules: &mut BTreeSet<String>) -> Option<Vec<(usize, String)>> {
    let file = recording::read(name)?;
    let exchanges = file["exchanges"].as_array().unwrap();
    let (mode, agents) = SCENES
        .iter()
        .find(|scene| scene.0 == name)
        .map_or((PlatformMode::Stored, &[][..]), |s| (s.1, s.2));
    let (server, tokens) = scene(mode, agents).await;
    if name == "auth" {
        seed_public_empty(&server).await;
    }
    let mut differing = Vec::new();
    for (at, exchange) in exchanges.iter().enumerate() {
        if (name, at) == ("schema-cross-org", 8) {
            seed_public(&server).await;
        }
        let token = |authorization: &str| with_token(authorization, &tokens);
        let Some(request) = recording::request(name, at, exchanges, token) else {
            eprintln!("SKIPPED: {name} {at}: the recording does not hold the request's body");
            continue;
        };
        let answer = ask(&server.router(), request).await;
        if !agrees(exchange, &answer, rules) {
            let shown: String = answer.text.chars().take(400).collect();
            differing.push((
                at,
                format!("{} {}: {} {shown}", exchange["method"], exchange["path"], answer.status),
            ));
        }
    }
    Some(differing)
}

async fn seed_public_empty(server: &Server) {
    server.create_organization("pub").await.unwrap();
    server.set_public("pub", true).await.unwrap();
}

#[tokio::test]
async fn recorded_exchanges_are_answered_as_recorded_or_differ_for_a_reason() {
    if recording::folder().is_none() {
        return;
    }
    let list = differences();
    let (mut rules, mut complaints) = (BTreeSet::new(), Vec::new());
    let names = SCENES
        .iter()
        .map(|scene| scene.0)
        .chain(["schema-cross-org", "cli-token-gateway"]);
    for name in names {
        let differing = replay(name, &mut rules).await.unwrap();
        let expected: BTreeSet<usize> = list
            .difference
            .iter()
            .filter(|each| each.fixture == name)
            .flat_map(|each| each.at.clone())
            .collect();
        let found: BTreeSet<usize> = differing.iter().map(|(at, _)| *at).collect();
        for (at, shown) in &differing {
            if !expected.contains(at) {
                complaints.push(format!("{name} {at} differs without a reason: {shown}"));
            }
        }
        for at in expected.difference(&found) {
            complaints.push(format!("{name} {at} is listed, and agrees"));
        }
    }
    config_fields(&mut rules, &mut complaints).await;
    for rule in &list.rule {
        if !rules.remove(&rule.name) {
            complaints.push(format!("rule {} is listed, and was not needed", rule.name));
        }
    }
    complaints.extend(
        rules
            .iter()
            .map(|rule| format!("rule {rule} is needed, and not listed")),
    );
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

/// The table of settings: each field, each kind of value, after the field had a value.
async fn config_fields(rules: &mut BTreeSet<String>, complaints: &mut Vec<String>) {
    let table = recording::read("config-fields").unwrap();
    let (server, tokens) = scene(PlatformMode::Stored, &[("dev", "cfg", "cfg")]).await;
    let client = JsonClient::new(&server, tokens["admin"].as_str().unwrap());
    let path = "/api/dev/agents/cfg/config";
    for (field, cells) in table["table"].as_object().unwrap() {
        for (sent, recorded) in cells.as_object().unwrap() {
            let value: Value = serde_json::from_str(sent).unwrap();
            let answer = client.patch(path, json!({ field: value })).await;
            if answer.status == 400 && !value.is_null() {
                rules.insert("settings-have-types".to_owned());
                continue;
            }
            let now = client
                .get(path)
                .await
                .body
                .get(field)
                .cloned()
                .unwrap_or_else(|| json!("<absent>"));
            if u64::from(answer.status.as_u16()) != recorded[0] || now != recorded[1] {
                complaints.push(format!("config-fields {field} = {sent}: {} then {now}", answer.status));
            }
        }
    }
}

//! A server with the races of the recorded one: every handler reads first and writes later. Each race check must fail on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use lobuctl::server::runtime::{Instance, PlatformRuntime, ScriptedRuntime};
use serde_json::{Map, Value, json};

struct RacyServer {
    agents: Mutex<HashMap<String, Value>>,
    settings: Mutex<HashMap<String, Map<String, Value>>>,
    platforms: Mutex<HashMap<String, Value>>,
    rules: Mutex<Vec<Value>>,
    runtime: Arc<ScriptedRuntime>,
}

type Shared = State<Arc<RacyServer>>;
type JsonReply = (StatusCode, Json<Value>);

/// The routes that the race checks use.
pub fn router(runtime: Arc<ScriptedRuntime>) -> Router {
    let naive = RacyServer {
        agents: Mutex::default(),
        settings: Mutex::default(),
        platforms: Mutex::default(),
        rules: Mutex::default(),
        runtime,
    };
    Router::new()
        .route("/api/dev/agents", post(create))
        .route("/api/dev/agents/{id}/config", get(config).patch(patch))
        .route("/api/dev/agents/{id}/platforms/{platform}", get(platform))
        .route("/api/dev/agents/{id}/platforms/by-stable-id/{platform}", put(upsert))
        .route("/api/dev/manage_entity_schema", post(schema))
        .with_state(Arc::new(naive))
}

/// Where another request gets in between.
async fn gap() {
    tokio::task::yield_now().await;
}

async fn create(State(naive): Shared, Json(body): Json<Value>) -> JsonReply {
    let id = body["agentId"].as_str().unwrap().to_owned();
    let found = naive.agents.lock().unwrap().get(&id).cloned();
    if let Some(found) = found {
        return (StatusCode::OK, Json(found));
    }
    gap().await;
    naive.agents.lock().unwrap().insert(id.clone(), body.clone());
    gap().await;
    // The second write that overwrites what was patched in between.
    let servers = json!({ "owletto": { "url": "http://localhost/mcp/dev" } });
    naive
        .settings
        .lock()
        .unwrap()
        .entry(id)
        .or_default()
        .insert("mcpServers".into(), servers);
    (StatusCode::CREATED, Json(body))
}

async fn config(State(naive): Shared, Path(id): Path<String>) -> JsonReply {
    let settings = naive.settings.lock().unwrap().get(&id).cloned().unwrap_or_default();
    (StatusCode::OK, Json(Value::Object(settings)))
}

async fn patch(State(naive): Shared, Path(id): Path<String>, Json(body): Json<Value>) -> JsonReply {
    let mut settings = naive.settings.lock().unwrap().get(&id).cloned().unwrap_or_default();
    gap().await;
    settings.extend(body.as_object().unwrap().clone());
    naive.settings.lock().unwrap().insert(id, settings);
    (StatusCode::OK, Json(json!({ "success": true })))
}

async fn platform(State(naive): Shared, Path((_, id)): Path<(String, String)>) -> JsonReply {
    match naive.platforms.lock().unwrap().get(&id) {
        Some(found) => (StatusCode::OK, Json(found.clone())),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "Platform not found" }))),
    }
}

async fn upsert(State(naive): Shared, Path((agent, id)): Path<(String, String)>, Json(body): Json<Value>) -> JsonReply {
    let found = naive.platforms.lock().unwrap().get(&id).cloned();
    gap().await;
    let platform = json!({ "id": id, "config": body["config"], "status": "active" });
    match found {
        Some(old) if old == platform => (StatusCode::OK, Json(json!({ "noop": true, "platform": old }))),
        Some(_) => {
            naive.platforms.lock().unwrap().insert(id, platform.clone());
            (StatusCode::OK, Json(json!({ "updated": true, "platform": platform })))
        }
        None => {
            // The row is there before the start is known to work, and goes again when it does not.
            naive.platforms.lock().unwrap().insert(id.clone(), platform.clone());
            let config = body["config"].as_object().unwrap().clone();
            let kind = body["platform"].as_str().unwrap().to_owned();
            let instance = Instance {
                id: id.clone(),
                agent,
                kind,
                config,
                settings: Map::new(),
            };
            if let Err(error) = naive.runtime.start(&instance).await {
                naive.platforms.lock().unwrap().remove(&id);
                return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.message })));
            }
            (StatusCode::CREATED, Json(json!({ "platform": platform })))
        }
    }
}

async fn schema(State(naive): Shared, Json(body): Json<Value>) -> JsonReply {
    if body["action"] == "list_rules" {
        let rules = naive.rules.lock().unwrap().clone();
        let of_slug: Vec<&Value> = rules.iter().filter(|rule| rule["slug"] == body["slug"]).collect();
        return (StatusCode::OK, Json(json!({ "rules": of_slug })));
    }
    if body["action"] != "add_rule" && body["schema_type"] == "relationship_type" {
        return (StatusCode::OK, Json(json!({})));
    }
    let same = naive.rules.lock().unwrap().contains(&body);
    gap().await;
    if same {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "exists" })));
    }
    naive.rules.lock().unwrap().push(body);
    (StatusCode::OK, Json(json!({})))
}

//! A server with the races of the recorded one: every handler reads first and writes later. Each check of `race` must find
//! an error in it, which proves that the check can fail.

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
    let server = RacyServer {
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
        .with_state(Arc::new(server))
}

/// Lets other requests run between a read and the write that depends on it.
async fn let_others_run() {
    tokio::task::yield_now().await;
}

async fn create(State(server): Shared, Json(body): Json<Value>) -> JsonReply {
    let id = body["agentId"].as_str().unwrap().to_owned();
    let found = server.agents.lock().unwrap().get(&id).cloned();
    if let Some(found) = found {
        return (StatusCode::OK, Json(found));
    }
    let_others_run().await;
    server.agents.lock().unwrap().insert(id.clone(), body.clone());
    let_others_run().await;
    // The recorded server adds the MCP server in a second write, which overwrites a patch in between.
    let servers = json!({ "owletto": { "url": "http://localhost/mcp/dev" } });
    server
        .settings
        .lock()
        .unwrap()
        .entry(id)
        .or_default()
        .insert("mcpServers".into(), servers);
    (StatusCode::CREATED, Json(body))
}

async fn config(State(server): Shared, Path(id): Path<String>) -> JsonReply {
    let settings = server.settings.lock().unwrap().get(&id).cloned().unwrap_or_default();
    (StatusCode::OK, Json(Value::Object(settings)))
}

async fn patch(State(server): Shared, Path(id): Path<String>, Json(body): Json<Value>) -> JsonReply {
    let mut settings = server.settings.lock().unwrap().get(&id).cloned().unwrap_or_default();
    let_others_run().await;
    settings.extend(body.as_object().unwrap().clone());
    server.settings.lock().unwrap().insert(id, settings);
    (StatusCode::OK, Json(json!({ "success": true })))
}

async fn platform(State(server): Shared, Path((_, id)): Path<(String, String)>) -> JsonReply {
    match server.platforms.lock().unwrap().get(&id) {
        Some(found) => (StatusCode::OK, Json(found.clone())),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "Platform not found" }))),
    }
}

async fn upsert(
    State(server): Shared,
    Path((agent, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> JsonReply {
    let found = server.platforms.lock().unwrap().get(&id).cloned();
    let_others_run().await;
    let platform = json!({ "id": id, "config": body["config"], "status": "active" });
    match found {
        Some(old) if old == platform => (StatusCode::OK, Json(json!({ "noop": true, "platform": old }))),
        Some(_) => {
            server.platforms.lock().unwrap().insert(id, platform.clone());
            (StatusCode::OK, Json(json!({ "updated": true, "platform": platform })))
        }
        None => {
            // The row is visible before the start has succeeded, and removed when it fails.
            server.platforms.lock().unwrap().insert(id.clone(), platform.clone());
            let config = body["config"].as_object().unwrap().clone();
            let kind = body["platform"].as_str().unwrap().to_owned();
            let instance = Instance {
                id: id.clone(),
                agent,
                kind,
                config,
                settings: Map::new(),
            };
            if let Err(error) = server.runtime.start(&instance).await {
                server.platforms.lock().unwrap().remove(&id);
                return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.message })));
            }
            (StatusCode::CREATED, Json(json!({ "platform": platform })))
        }
    }
}

async fn schema(State(server): Shared, Json(body): Json<Value>) -> JsonReply {
    if body["action"] == "list_rules" {
        let rules = server.rules.lock().unwrap().clone();
        let of_slug: Vec<&Value> = rules.iter().filter(|rule| rule["slug"] == body["slug"]).collect();
        return (StatusCode::OK, Json(json!({ "rules": of_slug })));
    }
    if body["action"] != "add_rule" && body["schema_type"] == "relationship_type" {
        return (StatusCode::OK, Json(json!({})));
    }
    let exists = server.rules.lock().unwrap().contains(&body);
    let_others_run().await;
    if exists {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "exists" })));
    }
    server.rules.lock().unwrap().push(body);
    (StatusCode::OK, Json(json!({})))
}

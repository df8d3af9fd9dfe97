//! Health and discovery: contract section 9, without credentials.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::server::app::{App, Shared, iso, now};
use crate::server::db::DbResult;
use crate::server::options::PlatformMode;

/// The name by which clients recognize the release of the API (contract section 9).
const SERVICE: &str = "owletto-api";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `GET /health`: shows that the process answers. It does not use the database.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({
        "status": "ok",
        "service": SERVICE,
        "timestamp": iso(now()),
        "version": VERSION,
        "revision": null,
        "build_time": null,
        "environment": "embedded",
    }))
}

/// `GET /health/ready`: shows whether the database can be written to, with 503 when it cannot.
pub(crate) async fn ready(State(app): State<Shared>) -> Response {
    match probe(&app).await {
        Ok(()) => Json(json!({ "status": "ok", "service": SERVICE, "database": "ok" })).into_response(),
        Err(error) => {
            tracing::error!(reason = %error, "not ready");
            let body = json!({ "status": "unavailable", "service": SERVICE, "database": "unreachable" });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

/// Writes to the database in a transaction that is rolled back.
async fn probe(app: &App) -> DbResult<()> {
    let mut tx = app.db.begin().await?;
    // No row has this name. PostgreSQL refuses the statement all the same while it is read-only, as a standby is.
    let sql = "UPDATE meta SET value = value WHERE name = 'ready'";
    tx.execute(sql, &[]).await?;
    tx.rollback().await
}

/// `GET /health/scheduler`: shows that this server has no scheduler.
pub(crate) async fn scheduler() -> Json<Value> {
    Json(json!({ "status": "ok", "scheduler": "none" }))
}

/// `GET /api/health`: as the recorded server answers, with the service name that it has on this path.
pub(crate) async fn api() -> Json<Value> {
    Json(json!({ "status": "healthy", "service": "user-research-mcp", "timestamp": iso(now()), "version": VERSION }))
}

/// `GET /api/features`: `lobuEmbedded` is whether platforms are started here (contract section 7.1).
pub(crate) async fn features(State(app): State<Shared>) -> Json<Value> {
    Json(json!({ "agents": true, "lobuEmbedded": app.mode == PlatformMode::Live }))
}

/// `GET /api/auth-config`: none of these ways to sign in. People do so on `/oauth/device`.
pub(crate) async fn auth_config() -> Json<Value> {
    Json(json!({ "social": [], "magicLink": false, "phone": false, "emailPassword": false }))
}

/// `GET /`: what the recorded server answers on every unknown path, and this one only here.
pub(crate) async fn root(State(app): State<Shared>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "mcp_endpoint": format!("{}/mcp", app.origin()),
        "health": "/health",
        "openapi": "/openapi.json",
    }))
}

/// `GET /openapi.json`: the tools, as the recorded server lists them.
pub(crate) async fn openapi() -> Json<Value> {
    let tool =
        |summary: &str| json!({ "post": { "summary": summary, "responses": { "200": { "description": "ok" } } } });
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "lobuctl embedded server", "version": VERSION },
        "paths": {
            "/api/{org}/manage_entity_schema": tool("Entity and relationship types"),
            "/api/{org}/list_organizations": tool("Organizations of the caller"),
            "/api/{org}/resolve_path": tool("The organization of a path"),
        },
    }))
}

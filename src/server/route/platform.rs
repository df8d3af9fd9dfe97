//! Reading platforms and their schemas: contract sections 6 and 7.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::agent;
use super::platform_row::Platform;
use crate::server::app::Shared;
use crate::server::auth::Reader;
use crate::server::reply::{Failure, Ids, Reply};
use crate::server::runtime::SCHEMAS;

/// `GET /api/:org/agents/:id/platforms`
pub(crate) async fn list(
    State(app): State<Shared>,
    Reader(caller): Reader,
    Ids((_, id)): Ids<(String, String)>,
) -> Reply {
    if !agent::exists(&app.db, &caller.organization.id, &id).await? {
        return Err(agent::not_found());
    }
    let platforms: Vec<Value> = Platform::list(&app, &id).await?.iter().map(Platform::answer).collect();
    Ok(Json(json!({ "platforms": platforms })))
}

/// `GET /api/:org/agents/:id/platforms/:platform`. The organisation counts, the agent of the path does not.
pub(crate) async fn read(
    State(app): State<Shared>,
    Reader(caller): Reader,
    Ids((_, _, id)): Ids<(String, String, String)>,
) -> Reply {
    Ok(Json(Platform::of(&app, &caller.organization.id, &id).await?.answer()))
}

/// `GET /api/agents/platforms`
pub(crate) async fn schemas() -> Json<Value> {
    Json(json!({ "platforms": *SCHEMAS }))
}

/// `GET /api/agents/platforms/:type`
pub(crate) async fn schema(Ids(kind): Ids<String>) -> Reply {
    SCHEMAS
        .get(&kind)
        .cloned()
        .map(Json)
        .ok_or_else(|| Failure::not_found("Unknown platform"))
}

//! Platforms: contract sections 6 and 7. Reading them and their schemas; changes have their own modules.

pub(crate) mod action;
mod comparison;
mod request;
mod row;
mod start;
mod status;
pub(crate) mod upsert;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};

use row::{PlatformBody, StoredPlatform};

use super::agent;
use crate::server::app::Shared;
use crate::server::auth::AnyMember;
use crate::server::path::PathIds;
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::runtime::SCHEMAS;

/// The response of [`list`].
#[derive(Serialize)]
pub(crate) struct PlatformListBody {
    platforms: Vec<PlatformBody>,
}

/// `GET /api/:org/agents/:id/platforms`
pub(crate) async fn list(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    PathIds((_, id)): PathIds<(String, String)>,
) -> ApiResult<Json<PlatformListBody>> {
    if !agent::exists(&app.db, &caller.organization.id, &id).await? {
        return Err(agent::not_found());
    }
    let platforms = StoredPlatform::list(&app, &id).await?;
    let platforms = platforms.iter().map(StoredPlatform::body).collect();
    Ok(Json(PlatformListBody { platforms }))
}

/// `GET /api/:org/agents/:id/platforms/:platform`. As on the recorded server, only the organization of the path counts,
/// not the agent.
pub(crate) async fn read(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    PathIds((_, _, id)): PathIds<(String, String, String)>,
) -> ApiResult<(Revision, Json<PlatformBody>)> {
    let platform = StoredPlatform::find_in(&app, &caller.organization.id, &id).await?;
    Ok((platform.revision(), Json(platform.body())))
}

/// The response of [`schemas`].
#[derive(Serialize)]
pub(crate) struct SchemaList {
    platforms: &'static Map<String, Value>,
}

/// `GET /api/agents/platforms`
pub(crate) async fn schemas() -> Json<SchemaList> {
    Json(SchemaList { platforms: &SCHEMAS })
}

/// `GET /api/agents/platforms/:type`
pub(crate) async fn schema(PathIds(kind): PathIds<String>) -> ApiResult<Json<&'static Value>> {
    let schema = SCHEMAS.get(&kind);
    schema.map(Json).ok_or_else(|| ApiError::not_found("Unknown platform"))
}

//! Platforms: contract sections 6 and 7. This module reads them and the schemas of their configs; the others change them.

pub(crate) mod action;
mod comparison;
mod request;
pub(crate) mod rotation;
mod row;
mod start;
mod status;
pub(crate) mod upsert;
mod upsert_body;

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

/// `GET /api/:org/agents/:id/platforms`: lists the platforms of an agent, newest first.
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

/// `GET /api/:org/agents/:id/platforms/:platform`: reads a platform. As on the recorded server, the agent in the path does not
/// count. Unlike there, the organization always does.
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

/// `GET /api/agents/platforms`: returns the schemas of all types of platforms, by type.
pub(crate) async fn schemas() -> Json<SchemaList> {
    Json(SchemaList { platforms: &SCHEMAS })
}

/// `GET /api/agents/platforms/:type`: returns the schema of one type of platform.
pub(crate) async fn schema(PathIds(kind): PathIds<String>) -> ApiResult<Json<&'static Value>> {
    let schema = SCHEMAS.get(&kind);
    schema.map(Json).ok_or_else(|| ApiError::not_found("Unknown platform"))
}

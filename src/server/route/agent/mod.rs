//! Agents: contract section 4.

mod patch;
mod row;
pub(crate) mod settings;

pub(crate) use row::{exists, not_found};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use patch::AgentPatch;
use row::{AgentBody, AgentCounts, AgentMetadata, AgentName, AgentRow};

use crate::server::app::{Shared, now};
use crate::server::audit;
use crate::server::auth::{Admin, AnyMember, Caller};
use crate::server::body::{JsonBody, text_field};
use crate::server::db::params;
use crate::server::idempotency::{IdempotencyKey, IdempotentRequest};
use crate::server::path::PathIds;
use crate::server::precondition::{Precondition, Revision};
use crate::server::reply::{ApiError, ApiResult, Success, success};

const ID_RULE: &str = "agentId must be 3-60 lowercase alphanumeric chars with hyphens, starting with a letter";
/// The number of attempts of a create while other clients create and delete the same agent.
const MAX_ATTEMPTS: usize = 3;

/// The response of [`list`] and [`public`].
#[derive(Serialize)]
pub(crate) struct AgentListBody<T> {
    agents: Vec<T>,
}

/// `GET /api/:org/agents`: lists the agents of the organization, newest first. There are no pages.
pub(crate) async fn list(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
) -> ApiResult<Json<AgentListBody<AgentBody>>> {
    let rows = AgentRow::list(&app.db, &caller.organization.id).await?;
    let agents = rows.into_iter().map(AgentBody::from).collect();
    Ok(Json(AgentListBody { agents }))
}

/// The response of [`read`].
#[derive(Serialize)]
pub(crate) struct AgentWithSettings {
    #[serde(flatten)]
    metadata: AgentMetadata,
    settings: Map<String, Value>,
    #[serde(flatten)]
    counts: AgentCounts,
}

/// `GET /api/:org/agents/:id`: reads an agent with its settings. An agent of another organization is 404.
pub(crate) async fn read(
    State(app): State<Shared>,
    AnyMember(caller): AnyMember,
    PathIds((_, id)): PathIds<(String, String)>,
) -> ApiResult<(Revision, Json<AgentWithSettings>)> {
    // The row is read before the settings. If they change in between, the revision is the older one, and a change that is
    // based on it is refused.
    let row = AgentRow::find(&app.db, &id).await?;
    let row = row.filter(|row| row.organization_id == caller.organization.id);
    let row = row.ok_or_else(not_found)?;
    let (_, settings) = settings::load(&app, &caller, &id).await?;
    let revision = row.revision();
    let AgentBody { metadata, counts } = row.into();
    let body = AgentWithSettings {
        metadata,
        settings,
        counts,
    };
    Ok((revision, Json(body)))
}

/// `GET /api/:org/public/agents`: lists the names of the agents of a public organization.
pub(crate) async fn public(
    State(app): State<Shared>,
    PathIds(slug): PathIds<String>,
) -> ApiResult<Json<AgentListBody<AgentName>>> {
    let sql = "SELECT id FROM organization WHERE slug = $1 AND visibility = 'public'";
    let organization: Option<String> = app.db.value(sql, params![&slug]).await?;
    let organization = organization.ok_or_else(|| ApiError::not_found("Not found"))?;
    let rows = AgentRow::list(&app.db, &organization).await?;
    let agents = rows.into_iter().map(AgentName::from).collect();
    Ok(Json(AgentListBody { agents }))
}

/// The checked body of a create.
struct NewAgent {
    id: String,
    name: String,
    description: Option<String>,
}

impl NewAgent {
    fn from_fields(fields: &Map<String, Value>) -> ApiResult<Self> {
        // An empty text counts as missing, as on the recorded server.
        let given = |name| fields.get(name).filter(|value| !value.is_null() && *value != "");
        let (Some(id), Some(_)) = (given("agentId"), given("name")) else {
            return Err(ApiError::bad_request("agentId and name are required"));
        };
        let id = id
            .as_str()
            .filter(|id| is_agent_id(id))
            .ok_or_else(|| ApiError::bad_request(ID_RULE))?;
        let name = text_field(fields, "name")?.unwrap_or_default();
        let description = text_field(fields, "description")?;
        Ok(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            description: description.map(str::to_owned),
        })
    }

    /// Returns the agent as a create answers it.
    fn body(&self) -> AgentName {
        AgentName {
            agent_id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
        }
    }
}

/// Whether a text is a valid id (contract section 4).
fn is_agent_id(id: &str) -> bool {
    (3..=60).contains(&id.len())
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `POST /api/:org/agents`: creates an agent. 201 for a new one, 200 with the stored values for one that exists (contract
/// section 4).
pub(crate) async fn create(
    State(app): State<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    mut body: JsonBody,
) -> ApiResult<Response> {
    let fields = body.take_fields();
    let request = key.of_request("agent.create", &fields)?;
    let new = NewAgent::from_fields(&fields)?;
    for _ in 0..MAX_ATTEMPTS {
        if let Some(response) = insert(&app, &caller, &new, request.as_ref()).await? {
            return Ok(response);
        }
        // The insert found the agent. If there is no row now, it was deleted in between.
        let Some(row) = AgentRow::find(&app.db, &new.id).await? else {
            continue;
        };
        if row.organization_id != caller.organization.id {
            return Err(ApiError::conflict("Agent ID already exists in another organization"));
        }
        return Ok((StatusCode::OK, Json(AgentName::from(row))).into_response());
    }
    Err(ApiError::unavailable(
        "the agent is being created and deleted, try again",
    ))
}

/// Inserts the agent and returns the response. `None` when the agent exists.
async fn insert(
    app: &Shared,
    caller: &Caller,
    new: &NewAgent,
    request: Option<&IdempotentRequest>,
) -> ApiResult<Option<Response>> {
    let organization = &caller.organization;
    let url = format!("{}/mcp/{}", app.origin(), organization.slug);
    // Every new agent gets this MCP server (contract section 4). Stored by the same statement, so no client can see or change
    // the agent before it is complete.
    let settings = json!({ "mcpServers": { "owletto": { "url": url } } }).to_string();
    let owner = json!({ "platform": "owletto", "userId": caller.member.account }).to_string();
    let mut tx = app.db.begin().await?;
    if let Some(request) = request
        && let Some(answer) = request.begin(&mut tx, caller).await?
    {
        return Ok(Some((answer.status(), Json(answer.body)).into_response()));
    }
    let inserted = tx
        .execute(
            "INSERT INTO agent (id, organization_id, name, description, owner, settings, created_at, updated_at, \
             settings_updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7) ON CONFLICT (id) DO NOTHING",
            params![
                &new.id,
                &organization.id,
                &new.name,
                new.description.as_deref(),
                &owner,
                &settings,
                now()
            ],
        )
        .await?;
    if inserted == 0 {
        // The transaction rolls back here, which also releases the idempotency key.
        return Ok(None);
    }
    let body = new.body();
    if let Some(request) = request {
        request
            .record(&mut tx, caller, StatusCode::CREATED, None, &body)
            .await?;
    }
    audit::record(&mut tx, caller, "agent.create", &new.id, &[]).await?;
    tx.commit().await?;
    Ok(Some((StatusCode::CREATED, Json(body)).into_response()))
}

/// `PATCH /api/:org/agents/:id`: changes the fields that are given.
pub(crate) async fn patch(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, id)): PathIds<(String, String)>,
    precondition: Precondition,
    mut body: JsonBody,
) -> ApiResult<(Revision, Json<Success>)> {
    let patch = AgentPatch::from_fields(&body.take_fields())?;
    let mut tx = app.db.begin().await?;
    let row = AgentRow::lock(&mut tx, &caller.organization.id, &id).await?;
    // The agent's own part only: its settings and platforms, which this does not write, may have changed.
    precondition.check_first_part(&row.revision())?;
    patch.write(&mut tx, &id).await?;
    let written = AgentRow::lock(&mut tx, &caller.organization.id, &id).await?;
    audit::record(&mut tx, &caller, "agent.update", &id, &patch.names).await?;
    tx.commit().await?;
    Ok((written.revision(), success()))
}

/// `DELETE /api/:org/agents/:id`: deletes an agent with its platforms, and stops these.
pub(crate) async fn delete(
    State(app): State<Shared>,
    Admin(caller): Admin,
    PathIds((_, id)): PathIds<(String, String)>,
    precondition: Precondition,
) -> ApiResult<Json<Success>> {
    let work = app.clone();
    app.run_to_completion(async move {
        let mut tx = work.db.begin().await?;
        let row = AgentRow::lock(&mut tx, &caller.organization.id, &id).await?;
        precondition.check(&row.revision())?;
        // The platforms' rows are deleted with the agent's, by a foreign key.
        let platforms: Vec<String> = tx
            .values("SELECT id FROM platform WHERE agent_id = $1", params![&id])
            .await?;
        tx.execute("DELETE FROM agent WHERE id = $1", params![&id]).await?;
        audit::record(&mut tx, &caller, "agent.delete", &id, &[]).await?;
        tx.commit().await?;
        // After the commit, so that everything keeps running when the delete fails.
        for platform in platforms {
            work.runtime.stop(&platform).await;
        }
        Ok(success())
    })
    .await
}

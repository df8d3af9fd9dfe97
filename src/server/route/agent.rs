//! Agents: contract section 4.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::config;
use crate::server::app::{Shared, now};
use crate::server::audit;
use crate::server::auth::{Admin, Caller, Reader};
use crate::server::db::{Db, DbResult, Row, Tx, params};
use crate::server::reply::{Body, Failure, Ids, Reply, success, text_field};

const ID_RULE: &str = "agentId must be 3-60 lowercase alphanumeric chars with hyphens, starting with a letter";
const RETRIES: usize = 3;

pub(crate) fn not_found() -> Failure {
    Failure::not_found("Agent not found")
}

/// Whether the organisation has the agent.
pub(crate) async fn exists(db: &Db, organization: &str, id: &str) -> DbResult<bool> {
    let sql = "SELECT id FROM agent WHERE id = $1 AND organization_id = $2";
    Ok(db.optional(sql, params![id, organization]).await?.is_some())
}

/// `GET /api/:org/agents`
pub(crate) async fn list(State(app): State<Shared>, Reader(caller): Reader) -> Reply {
    let rows = app
        .db
        .fetch(
            "SELECT a.id, a.name, a.description, a.owner, a.is_workspace_agent, a.workspace_id, \
             a.parent_connection_id, a.created_at, COUNT(p.id), \
             CAST(COALESCE(SUM(CASE WHEN p.status = 'active' THEN 1 ELSE 0 END), 0) AS BIGINT) \
             FROM agent a LEFT JOIN platform p ON p.agent_id = a.id \
             WHERE a.organization_id = $1 AND a.parent_connection_id IS NULL \
             GROUP BY a.id ORDER BY a.created_at DESC, a.id DESC",
            params![&caller.organization.id],
        )
        .await?;
    let agents = rows.iter().map(summary).collect::<DbResult<Vec<_>>>()?;
    Ok(Json(json!({ "agents": agents })))
}

fn summary(row: &Row) -> DbResult<Value> {
    let mut agent = metadata(row)?;
    counts(&mut agent, row)?;
    Ok(Value::Object(agent))
}

fn metadata(row: &Row) -> DbResult<Map<String, Value>> {
    let mut agent = Map::new();
    agent.insert("agentId".into(), json!(row.text(0)?));
    agent.insert("name".into(), json!(row.text(1)?));
    if let Some(description) = row.opt_text(2)? {
        agent.insert("description".into(), json!(description));
    }
    agent.insert("owner".into(), row.json(3)?);
    agent.insert("isWorkspaceAgent".into(), json!(row.int(4)? == 1));
    for (key, index) in [("workspaceId", 5), ("parentConnectionId", 6)] {
        if let Some(value) = row.opt_text(index)? {
            agent.insert(key.into(), json!(value));
        }
    }
    agent.insert("createdAt".into(), json!(row.int(7)?));
    Ok(agent)
}

fn counts(agent: &mut Map<String, Value>, row: &Row) -> DbResult<()> {
    let active = row.int(9)?;
    agent.insert("connectionCount".into(), json!(row.int(8)?));
    agent.insert("activeConnectionCount".into(), json!(active));
    agent.insert("clientCount".into(), json!(0));
    agent.insert("status".into(), json!(if active > 0 { "active" } else { "idle" }));
    Ok(())
}

/// `GET /api/:org/agents/:id`
pub(crate) async fn read(
    State(app): State<Shared>,
    Reader(caller): Reader,
    Ids((_, id)): Ids<(String, String)>,
) -> Reply {
    let row = app
        .db
        .optional(
            "SELECT a.id, a.name, a.description, a.owner, a.is_workspace_agent, a.workspace_id, \
             a.parent_connection_id, a.created_at, (SELECT COUNT(*) FROM platform p WHERE p.agent_id = a.id), \
             (SELECT COUNT(*) FROM platform p WHERE p.agent_id = a.id AND p.status = 'active'), \
             a.settings, a.updated_at FROM agent a WHERE a.id = $1 AND a.organization_id = $2",
            params![&id, &caller.organization.id],
        )
        .await?
        .ok_or_else(not_found)?;
    let mut agent = metadata(&row)?;
    let settings = config::answer(&app, &id, row.json(10)?, row.int(11)?)?;
    agent.insert("settings".into(), Value::Object(settings));
    counts(&mut agent, &row)?;
    Ok(Json(Value::Object(agent)))
}

/// `GET /api/:org/public/agents`, for organisations that are public.
pub(crate) async fn public(State(app): State<Shared>, Ids(slug): Ids<String>) -> Reply {
    let sql = "SELECT id FROM organization WHERE slug = $1 AND visibility = 'public'";
    let row = app
        .db
        .optional(sql, params![&slug])
        .await?
        .ok_or_else(|| Failure::not_found("Not found"))?;
    let rows = app
        .db
        .fetch(
            "SELECT id, name, description FROM agent WHERE organization_id = $1 AND parent_connection_id IS NULL \
             ORDER BY created_at DESC, id DESC",
            params![&row.text(0)?],
        )
        .await?;
    let agents: DbResult<Vec<Value>> = rows
        .iter()
        .map(|row| Ok(echo(row.text(0)?, row.text(1)?, row.opt_text(2)?)))
        .collect();
    Ok(Json(json!({ "agents": agents? })))
}

fn echo(id: String, name: String, description: Option<String>) -> Value {
    let mut agent = Map::new();
    agent.insert("agentId".into(), Value::String(id));
    agent.insert("name".into(), Value::String(name));
    if let Some(description) = description {
        agent.insert("description".into(), Value::String(description));
    }
    Value::Object(agent)
}

/// A checked request to create.
struct New {
    id: String,
    name: String,
    description: Option<String>,
}

impl New {
    fn from_fields(fields: &Map<String, Value>) -> Reply<Self> {
        let given = |name| fields.get(name).filter(|value| !value.is_null() && *value != "");
        let (Some(id), Some(_)) = (given("agentId"), given("name")) else {
            return Err(Failure::bad_request("agentId and name are required"));
        };
        let id = id
            .as_str()
            .filter(|id| is_agent_id(id))
            .ok_or_else(|| Failure::bad_request(ID_RULE))?;
        let name = text_field(fields, "name")?.unwrap_or_default();
        let description = text_field(fields, "description")?;
        Ok(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            description: description.map(str::to_owned),
        })
    }
}

fn is_agent_id(id: &str) -> bool {
    (3..=60).contains(&id.len())
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id
            .bytes()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-')
}

/// `POST /api/:org/agents`: 201 for a new one, 200 with what is stored for one that exists.
pub(crate) async fn create(
    State(app): State<Shared>,
    Admin(caller): Admin,
    body: Body,
) -> Reply<(StatusCode, Json<Value>)> {
    let new = New::from_fields(&body.fields())?;
    for _ in 0..RETRIES {
        if insert(&app, &caller, &new).await? {
            return Ok((StatusCode::CREATED, Json(echo(new.id, new.name, new.description))));
        }
        let sql = "SELECT id, name, description, organization_id FROM agent WHERE id = $1";
        // Gone again between the two statements: try once more.
        let Some(row) = app.db.optional(sql, params![&new.id]).await? else {
            continue;
        };
        if row.text(3)? != caller.organization.id {
            return Err(Failure::conflict("Agent ID already exists in another organization"));
        }
        return Ok((StatusCode::OK, Json(echo(row.text(0)?, row.text(1)?, row.opt_text(2)?))));
    }
    Err(Failure::unavailable(
        "the agent is being created and deleted, try again",
    ))
}

/// One statement decides who creates; it carries the injected MCP server, so nothing is written afterwards.
async fn insert(app: &Shared, caller: &Caller, new: &New) -> Reply<bool> {
    let organization = &caller.organization;
    let url = format!("{}/mcp/{}", app.origin(), organization.slug);
    let settings = json!({ "mcpServers": { "owletto": { "url": url } } }).to_string();
    let owner = json!({ "platform": "owletto", "userId": caller.member.account }).to_string();
    let mut tx = app.db.begin().await?;
    let row = tx
        .optional(
            "INSERT INTO agent (id, organization_id, name, description, owner, settings, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (id) DO NOTHING RETURNING id",
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
    if row.is_none() {
        return Ok(false);
    }
    audit::record(&mut tx, caller, "agent.create", &new.id, &[]).await?;
    tx.commit().await?;
    Ok(true)
}

/// `PATCH /api/:org/agents/:id`
pub(crate) async fn patch(
    State(app): State<Shared>,
    Admin(caller): Admin,
    Ids((_, id)): Ids<(String, String)>,
    body: Body,
) -> Reply {
    let change = Change::from_fields(&body.fields())?;
    let mut tx = app.db.begin().await?;
    if !change.write(&mut tx, &caller.organization.id, &id).await? {
        return Err(not_found());
    }
    audit::record(&mut tx, &caller, "agent.update", &id, &change.names).await?;
    tx.commit().await?;
    Ok(success())
}

/// What a PATCH says about a text that may be absent.
#[derive(Default)]
enum Edit {
    #[default]
    Keep,
    Clear,
    To(String),
}

impl Edit {
    fn is_given(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::To(text) => Some(text),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// The fields of a PATCH.
#[derive(Default)]
struct Change {
    name: Option<String>,
    description: Edit,
    owner: Option<String>,
    is_workspace_agent: Option<bool>,
    workspace_id: Edit,
    parent_connection_id: Edit,
    names: Vec<&'static str>,
}

impl Change {
    fn from_fields(fields: &Map<String, Value>) -> Reply<Self> {
        let mut change = Self::default();
        if let Some(name) = fields.get("name") {
            let name = name
                .as_str()
                .ok_or_else(|| Failure::bad_request("name must be a string"))?;
            change.name = Some(name.to_owned());
            change.names.push("name");
        }
        if let Some(owner) = fields.get("owner") {
            change.owner = Some(checked_owner(owner)?);
            change.names.push("owner");
        }
        if let Some(value) = fields.get("isWorkspaceAgent") {
            let value = value
                .as_bool()
                .ok_or_else(|| Failure::bad_request("isWorkspaceAgent must be a boolean"))?;
            change.is_workspace_agent = Some(value);
            change.names.push("isWorkspaceAgent");
        }
        change.description = change.clearable(fields, "description")?;
        change.workspace_id = change.clearable(fields, "workspaceId")?;
        change.parent_connection_id = change.clearable(fields, "parentConnectionId")?;
        Ok(change)
    }

    fn clearable(&mut self, fields: &Map<String, Value>, name: &'static str) -> Reply<Edit> {
        if !fields.contains_key(name) {
            return Ok(Edit::Keep);
        }
        self.names.push(name);
        Ok(text_field(fields, name)?.map_or(Edit::Clear, |text| Edit::To(text.to_owned())))
    }

    async fn write(&self, tx: &mut Tx<'_>, organization: &str, id: &str) -> DbResult<bool> {
        let done = tx
            .execute(
                "UPDATE agent SET name = COALESCE($1, name), \
                 description = CASE WHEN $2 = 1 THEN $3 ELSE description END, owner = COALESCE($4, owner), \
                 is_workspace_agent = COALESCE($5, is_workspace_agent), \
                 workspace_id = CASE WHEN $6 = 1 THEN $7 ELSE workspace_id END, \
                 parent_connection_id = CASE WHEN $8 = 1 THEN $9 ELSE parent_connection_id END, \
                 updated_at = CASE WHEN updated_at >= $10 THEN updated_at + 1 ELSE $10 END \
                 WHERE id = $11 AND organization_id = $12",
                params![
                    self.name.as_deref(),
                    self.description.is_given(),
                    self.description.text(),
                    self.owner.as_deref(),
                    self.is_workspace_agent.map(i64::from),
                    self.workspace_id.is_given(),
                    self.workspace_id.text(),
                    self.parent_connection_id.is_given(),
                    self.parent_connection_id.text(),
                    now(),
                    id,
                    organization
                ],
            )
            .await?;
        Ok(done == 1)
    }
}

fn checked_owner(owner: &Value) -> Reply<String> {
    let text = |key| owner.get(key).and_then(Value::as_str);
    match (text("platform"), text("userId")) {
        (Some(platform), Some(user)) => Ok(json!({ "platform": platform, "userId": user }).to_string()),
        _ => Err(Failure::bad_request("owner must be an object with platform and userId")),
    }
}

/// `DELETE /api/:org/agents/:id`: its platforms go with it, and stop.
pub(crate) async fn delete(
    State(app): State<Shared>,
    Admin(caller): Admin,
    Ids((_, id)): Ids<(String, String)>,
) -> Reply {
    let work = app.clone();
    app.finish(async move {
        let mut tx = work.db.begin().await?;
        let lock = "UPDATE agent SET updated_at = updated_at WHERE id = $1 AND organization_id = $2";
        if tx.execute(lock, params![&id, &caller.organization.id]).await? == 0 {
            return Err(not_found());
        }
        let platforms = tx
            .fetch("SELECT id FROM platform WHERE agent_id = $1", params![&id])
            .await?;
        tx.execute("DELETE FROM agent WHERE id = $1", params![&id]).await?;
        audit::record(&mut tx, &caller, "agent.delete", &id, &[]).await?;
        tx.commit().await?;
        for platform in platforms {
            work.runtime.stop(&platform.text(0)?).await;
        }
        Ok(success())
    })
    .await
}

//! Creating watchers, and changing what is not versioned. A unique index refuses a taken slug, also that of a concurrent
//! request and of an archived watcher.

use serde_json::{Value, json};

use super::check;
use super::draft::{VersionDraft, json_argument};
use super::row::WatcherRow;
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::{Tx, params};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::MemoryArguments;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// Returns the schedule that a call sets. An empty one counts as none.
pub(super) fn schedule(arguments: &MemoryArguments) -> ApiResult<Option<&str>> {
    Ok(arguments.text("schedule")?.filter(|schedule| !schedule.is_empty()))
}

/// Returns the tags that a call sets, as a JSON list.
fn tags(arguments: &MemoryArguments) -> ApiResult<Value> {
    match json_tags(arguments) {
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => Ok(Value::Array(list)),
        None => Ok(json!([])),
        Some(_) => Err(ApiError::bad_request("tags must be a list of strings")),
    }
}

fn json_tags(arguments: &MemoryArguments) -> Option<Value> {
    arguments.get("tags").cloned()
}

/// Returns the configuration of the model that a call sets.
fn model_config(arguments: &MemoryArguments) -> ApiResult<Value> {
    match json_argument(arguments, "model_config")? {
        None => Ok(json!({})),
        Some(config @ Value::Object(_)) => Ok(config),
        Some(_) => Err(ApiError::bad_request("model_config must be an object")),
    }
}

/// Creates a watcher with its first version.
pub(crate) async fn create(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let arguments = &call.arguments;
    let draft = VersionDraft::of_create(arguments)?;
    let slug = arguments.required_text("slug", "create action")?;
    let entity = arguments.id("entity_id")?;
    let entity = entity.ok_or_else(|| ApiError::bad_request("entity_id is required"))?;
    draft.check()?;
    if let Some(schedule) = schedule(arguments)? {
        check::check_schedule(schedule)?;
    }
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    check_entity(call, &mut tx, entity).await?;
    let Some(id) = insert(call, &mut tx, slug, entity).await? else {
        let message = format!("Watcher with slug '{slug}' already exists in this organization");
        return Err(ApiError::bad_request(message));
    };
    draft.insert(&mut tx, (id, 1), &caller.member.account).await?;
    let row = WatcherRow::lock(&mut tx, call.organization(), id).await?;
    let reply = MemoryReply::from(json!({
        "action": "create",
        "watcher_id": id.to_string(),
        "version": 1,
        "status": "active",
        "sources": draft.sources,
        "view_url": row.view_url(call),
    }));
    call.record_answer(&mut tx, &reply).await?;
    audit::record(&mut tx, caller, "watcher.create", slug, &arguments.names()).await?;
    tx.commit().await?;
    Ok(reply)
}

/// Checks that the entity of a new watcher belongs to the organization, and keeps it from being removed meanwhile.
async fn check_entity(call: &MemoryCall, tx: &mut Tx<'_>, entity: i64) -> ApiResult<()> {
    let sql = "UPDATE entity SET updated_at = updated_at WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL";
    if tx.execute(sql, params![entity, call.organization()]).await? == 0 {
        let message = format!("Access denied: entity {entity} does not belong to your organization");
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

/// Inserts a watcher. Returns its id; `None` when the slug is taken.
async fn insert(call: &MemoryCall, tx: &mut Tx<'_>, slug: &str, entity: i64) -> ApiResult<Option<i64>> {
    let arguments = &call.arguments;
    let sql = "INSERT INTO watcher (organization_id, entity_id, slug, status, current_version, schedule, agent_id, \
        scheduler_client_id, model_config, tags, created_by, created_at, updated_at) \
        VALUES ($1, $2, $3, 'active', 1, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT DO NOTHING RETURNING id";
    let id = tx
        .value(
            sql,
            params![
                call.organization(),
                entity,
                slug,
                schedule(arguments)?,
                arguments.text("agent_id")?,
                arguments.text("scheduler_client_id")?,
                &model_config(arguments)?.to_string(),
                &tags(arguments)?.to_string(),
                &call.caller.member.account,
                now()
            ],
        )
        .await?;
    Ok(id)
}

/// Updates what is not versioned. Other fields are ignored, as on the recorded server, which names those that it has updated;
/// a schedule that is refused is a 200 with `error`.
pub(crate) async fn update(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let arguments = &call.arguments;
    let id = arguments.required_id("watcher_id", "update action")?;
    let names = ["model_config", "schedule", "agent_id", "scheduler_client_id", "tags"];
    let updated: Vec<&str> = names.into_iter().filter(|name| arguments.has(name)).collect();
    let mut tx = call.app.db.begin().await?;
    let row = WatcherRow::lock(&mut tx, call.organization(), id).await?;
    if let Some(problem) = schedule(arguments)?.and_then(check::schedule_problem) {
        return Ok(json!({ "error": problem }).into());
    }
    if !updated.is_empty() {
        store(call, &mut tx, id).await?;
        audit::record(&mut tx, caller, "watcher.update", &row.slug, &updated).await?;
    }
    tx.commit().await?;
    Ok(json!({ "action": "update", "watcher_id": arguments.get("watcher_id"), "updated_fields": updated }).into())
}

async fn store(call: &MemoryCall, tx: &mut Tx<'_>, id: i64) -> ApiResult<()> {
    let arguments = &call.arguments;
    let sql = "UPDATE watcher SET model_config = CASE WHEN $1 = 1 THEN $2 ELSE model_config END, \
        schedule = CASE WHEN $3 = 1 THEN $4 ELSE schedule END, agent_id = CASE WHEN $5 = 1 THEN $6 ELSE agent_id END, \
        scheduler_client_id = CASE WHEN $7 = 1 THEN $8 ELSE scheduler_client_id END, \
        tags = CASE WHEN $9 = 1 THEN $10 ELSE tags END, \
        updated_at = CASE WHEN updated_at >= $11 THEN updated_at + 1 ELSE $11 END WHERE id = $12";
    tx.execute(
        sql,
        params![
            arguments.has("model_config"),
            &model_config(arguments)?.to_string(),
            arguments.has("schedule"),
            schedule(arguments)?,
            arguments.has("agent_id"),
            arguments.text("agent_id")?,
            arguments.has("scheduler_client_id"),
            arguments.text("scheduler_client_id")?,
            arguments.has("tags"),
            &tags(arguments)?.to_string(),
            now(),
            id
        ],
    )
    .await?;
    Ok(())
}

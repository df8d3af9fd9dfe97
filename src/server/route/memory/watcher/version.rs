//! The versions of watchers. The lock of the watcher's row makes their numbers count up without gaps or doubles.

use serde_json::json;

use super::check;
use super::draft::VersionDraft;
use super::row::{WatcherRow, not_found};
use super::version_row::VersionRow;
use super::write::schedule;
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::params;
use crate::server::nesting;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// Adds a version, and makes it the current one unless `set_as_current` is false; then its schedule is ignored too. Its number
/// follows the highest one: on the recorded server it follows the current one, and may be taken.
pub(crate) async fn create(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let arguments = &call.arguments;
    let id = arguments.required_id("watcher_id", "create_version action")?;
    let set_as_current = arguments.get("set_as_current").is_none_or(|value| value != false);
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    let row = WatcherRow::lock(&mut tx, call.organization(), id).await?;
    let latest = VersionRow::latest(&mut tx, id).await?;
    let version = latest.version + 1;
    let draft = VersionDraft::of_version(arguments, latest)?;
    draft.check()?;
    let version_id = draft.insert(&mut tx, (id, version), &caller.member.account).await?;
    if set_as_current {
        if let Some(schedule) = schedule(arguments)? {
            check::check_schedule(schedule)?;
        }
        let sql = "UPDATE watcher SET current_version = $1, schedule = CASE WHEN $2 = 1 THEN $3 ELSE schedule END, \
            scheduler_client_id = CASE WHEN $4 = 1 THEN $5 ELSE scheduler_client_id END, \
            updated_at = CASE WHEN updated_at >= $6 THEN updated_at + 1 ELSE $6 END WHERE id = $7";
        let values = params![
            version,
            arguments.has("schedule"),
            schedule(arguments)?,
            arguments.has("scheduler_client_id"),
            arguments.text("scheduler_client_id")?,
            now(),
            id
        ];
        tx.execute(sql, values).await?;
    }
    let reply = MemoryReply::from(json!({
        "action": "create_version",
        "watcher_id": arguments.get("watcher_id"),
        "version_id": version_id.to_string(),
        "version": version,
        "previous_version": row.version,
    }));
    call.record_answer(&mut tx, &reply).await?;
    audit::record(&mut tx, caller, "watcher.version", &row.slug, &arguments.names()).await?;
    tx.commit().await?;
    Ok(reply)
}

/// Makes a version the current one, with everything in it.
pub(crate) async fn upgrade(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let arguments = &call.arguments;
    let id = arguments.required_id("watcher_id", "upgrade action")?;
    let target = arguments.required_id("target_version", "upgrade action")?;
    let mut tx = call.app.db.begin().await?;
    let row = WatcherRow::lock(&mut tx, call.organization(), id).await?;
    let sql = "SELECT id FROM watcher_version WHERE watcher_id = $1 AND version = $2";
    if !tx.exists(sql, params![id, target]).await? {
        return Err(no_version(target, id));
    }
    let sql = "UPDATE watcher SET current_version = $1, \
        updated_at = CASE WHEN updated_at >= $2 THEN updated_at + 1 ELSE $2 END WHERE id = $3";
    tx.execute(sql, params![target, now(), id]).await?;
    audit::record(&mut tx, caller, "watcher.upgrade", &row.slug, &[]).await?;
    tx.commit().await?;
    Ok(json!({
        "action": "upgrade",
        "watcher_id": arguments.get("watcher_id"),
        "version": target,
        "previous_version": row.version,
    })
    .into())
}

fn no_version(version: i64, watcher: i64) -> ApiError {
    ApiError::bad_request(format!("Version {version} not found for watcher {watcher}"))
}

/// Reads the watcher whose versions a call asks for.
async fn find(call: &MemoryCall, purpose: &str) -> ApiResult<WatcherRow> {
    let id = call.arguments.required_id("watcher_id", purpose)?;
    let row = WatcherRow::find(&call.app.db, call.organization(), id).await?;
    row.ok_or_else(|| not_found(id))
}

/// Lists the versions of a watcher, newest first.
pub(crate) async fn list(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let row = find(call, "get_versions action").await?;
    let versions = VersionRow::all(&call.app.db, row.id).await?;
    let versions: Vec<_> = versions
        .iter()
        .map(|version| version.listed_body(row.version))
        .collect();
    let watcher = call.arguments.get("watcher_id");
    Ok(json!({ "action": "get_versions", "watcher_id": watcher, "versions": versions }).into())
}

/// Reads one version of a watcher: the current one unless the call names another.
pub(crate) async fn get(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let row = find(call, "get_version_details action").await?;
    let version = call.arguments.id("version")?.unwrap_or(row.version);
    let found = VersionRow::find(&call.app.db, row.id, version).await?;
    let found = found.ok_or_else(|| no_version(version, row.id))?;
    let mut body = json!({
        "action": "get_version_details",
        "watcher_id": call.arguments.get("watcher_id"),
        "version_id": found.id.to_string(),
        "version": found.version,
        "name": found.name,
        "description": found.description,
        "prompt": found.prompt,
        "extraction_schema": nesting::cut_nullable(Some(found.extraction_schema)),
        "sources": nesting::cut_nullable(Some(found.sources)),
        "condensation_prompt": found.condensation_prompt,
        "condensation_window_count": found.condensation_window_count,
        "reactions_guidance": found.reactions_guidance,
    });
    // Left out when they are not set, as on the recorded server.
    for (name, value) in [
        ("json_template", found.json_template),
        ("keying_config", found.keying_config),
        ("classifiers", found.classifiers),
    ] {
        if let Some(value) = value {
            body[name] = nesting::cut_nullable(Some(value));
        }
    }
    Ok(body.into())
}

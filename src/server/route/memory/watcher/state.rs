//! Archiving watchers, taking that back, and their reaction scripts.

use serde_json::{Value, json};

use super::row::WatcherRow;
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::{Tx, params};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::id_of;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// The maximum number of watchers that one call archives.
const MAX_ARCHIVED: usize = 500;

/// Sets the status of a watcher that has another one. Returns its slug; `None` when there is no such watcher.
async fn set_status(call: &MemoryCall, tx: &mut Tx<'_>, id: i64, status: &str) -> ApiResult<Option<String>> {
    let sql = "UPDATE watcher SET status = $1, updated_at = CASE WHEN updated_at >= $2 THEN updated_at + 1 ELSE $2 END \
        WHERE organization_id = $3 AND id = $4 AND status <> $1 RETURNING slug";
    Ok(tx.value(sql, params![status, now(), call.organization(), id]).await?)
}

/// Archives watchers: their slugs stay taken. The answer says for each whether that was done, and is 200 also when none was.
pub(crate) async fn archive(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let ids = call
        .arguments
        .get("watcher_ids")
        .and_then(Value::as_array)
        .filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| ApiError::bad_request("watcher_ids is required and cannot be empty"))?;
    if ids.len() > MAX_ARCHIVED {
        return Err(ApiError::bad_request(format!(
            "watcher_ids has more than {MAX_ARCHIVED} ids"
        )));
    }
    // In one order for all, so that two calls cannot wait for each other's rows.
    let mut sorted = Vec::new();
    for id in ids {
        sorted.push(id_of(id, "watcher_ids")?);
    }
    sorted.sort_unstable();
    sorted.dedup();
    let mut tx = call.app.db.begin().await?;
    let mut archived = Vec::new();
    for id in sorted {
        if let Some(slug) = set_status(call, &mut tx, id, "archived").await? {
            audit::record(&mut tx, caller, "watcher.archive", &slug, &[]).await?;
            archived.push(id);
        }
    }
    tx.commit().await?;
    let successful = archived.len();
    let mut results = Vec::new();
    for id in ids {
        // Once for each id that was archived, so that an id that was sent twice is not counted twice.
        let at = archived
            .iter()
            .position(|done| Ok::<_, ()>(*done) == id_of(id, "watcher_ids").map_err(drop));
        let message = match at.map(|at| archived.remove(at)) {
            Some(_) => "Watcher archived successfully",
            None => "Watcher not found or already archived",
        };
        results.push(json!({ "watcher_id": id, "success": at.is_some(), "message": message }));
    }
    let summary = json!({ "total": ids.len(), "successful": successful, "failed": ids.len() - successful });
    Ok(json!({ "action": "delete", "results": results, "summary": summary }).into())
}

/// Makes an archived watcher active again. The recorded server has no such action: there, an archived slug stays taken for
/// good.
pub(crate) async fn restore(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let id = call.arguments.required_id("watcher_id", "restore action")?;
    let mut tx = call.app.db.begin().await?;
    let row = WatcherRow::lock(&mut tx, call.organization(), id).await?;
    if set_status(call, &mut tx, id, "active").await?.is_none() {
        return Err(ApiError::bad_request(format!("Watcher {id} is not archived")));
    }
    audit::record(&mut tx, caller, "watcher.restore", &row.slug, &[]).await?;
    tx.commit().await?;
    let watcher = call.arguments.get("watcher_id");
    Ok(json!({ "action": "restore", "watcher_id": watcher, "status": "active" }).into())
}

/// Stores or removes the script that a watcher's results start. It is not compiled, because this server does not run it.
pub(crate) async fn set_script(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let id = call.arguments.required_id("watcher_id", "set_reaction_script action")?;
    let script = call
        .arguments
        .text("reaction_script")?
        .filter(|script| !script.is_empty());
    let mut tx = call.app.db.begin().await?;
    let row = WatcherRow::lock(&mut tx, call.organization(), id).await?;
    let sql = "UPDATE watcher SET reaction_script = $1, \
        updated_at = CASE WHEN updated_at >= $2 THEN updated_at + 1 ELSE $2 END WHERE id = $3";
    tx.execute(sql, params![script, now(), id]).await?;
    audit::record(&mut tx, caller, "watcher.script", &row.slug, &[]).await?;
    tx.commit().await?;
    let message = match script {
        Some(_) => "Reaction script saved. This server neither compiles nor runs it.",
        None => "Reaction script removed.",
    };
    Ok(json!({
        "action": "set_reaction_script",
        "watcher_id": call.arguments.get("watcher_id"),
        "has_script": script.is_some(),
        "message": message,
    })
    .into())
}

/// Refuses to run a watcher.
pub(crate) fn trigger(call: &MemoryCall) -> ApiResult<MemoryReply> {
    call.administrator()?;
    let id = call.arguments.required_id("watcher_id", "trigger action")?;
    let message = format!("Watcher {id} cannot be run here: this server stores watchers and does not run them");
    Err(ApiError::bad_request(message))
}

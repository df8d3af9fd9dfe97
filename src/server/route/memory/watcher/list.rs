//! Reading watchers.

use serde_json::{Value, json};

use super::row::WatcherRow;
use super::version_row::VersionRow;
use crate::server::nesting;
use crate::server::reply::ApiResult;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// What a watcher that is asked about by its id says about its runs.
const NO_RUNS: &str = "This server stores watchers and does not run them.";

/// Lists the watchers of the organization, or describes the one that `watcher_id` names.
pub(crate) async fn list(call: &MemoryCall) -> ApiResult<MemoryReply> {
    if let Some(id) = call.arguments.id("watcher_id")? {
        return describe(call, id).await;
    }
    let arguments = &call.arguments;
    let status = arguments.text("status")?.unwrap_or("active");
    let entity = arguments.id("entity_id")?;
    // A query has texts only.
    let with_details = arguments
        .get("include_details")
        .is_some_and(|value| value == true || value == "true");
    let rows = WatcherRow::list(&call.app.db, call.organization(), status, entity).await?;
    let watchers: Vec<_> = rows.into_iter().map(|row| row.body(call, with_details)).collect();
    Ok(json!({ "watchers": watchers }).into())
}

/// Describes one watcher. The answer about an unknown one has no watcher, and is no error.
async fn describe(call: &MemoryCall, id: i64) -> ApiResult<MemoryReply> {
    let mut body = json!({
        "windows": [],
        "pagination": { "page": 1, "page_size": 50, "total": 0 },
        "metadata": {
            "query_type": "specific",
            "date_range": { "content_since": null, "content_until": null },
            "granularity_filter": null,
            "granularity_inferred": false,
            "granularity_actual": null,
            "granularity_fallback_used": false,
        },
    });
    if let Some(row) = WatcherRow::find(&call.app.db, call.organization(), id).await? {
        let versions = VersionRow::all(&call.app.db, id).await?;
        let versions = versions.iter().map(|version| version.short_body(row.version));
        let versions: Vec<Value> = versions.collect();
        body["pending_analysis"] = json!({ "unprocessed_count": 0, "next_window": null, "next_action": null });
        body["watcher_statuses"] = json!([{
            "watcher_id": row.id, "watcher_name": row.name, "status": row.status, "total_windows": 0,
        }]);
        body["entity_context"] = json!({
            "entity_id": row.entity_id.to_string(),
            "entity_name": row.entity_name,
            "entity_type": row.entity_type,
            "total_content": 0,
            "active_connections": 0,
            "latest_content_date": null,
        });
        body["warnings"] = json!([NO_RUNS]);
        body["view_url"] = row.view_url(call).into();
        body["watcher"] = watcher(row, &versions);
    }
    Ok(body.into())
}

fn watcher(row: WatcherRow, versions: &[Value]) -> Value {
    let mut body = json!({
        "watcher_id": row.id,
        "watcher_name": row.name,
        "slug": row.slug,
        "status": row.status,
        "schedule": row.schedule,
        "next_run_at": null,
        "agent_id": row.agent_id,
        "scheduler_client_id": row.scheduler_client_id,
        "version": row.version,
        "sources": nesting::cut_nullable(Some(row.sources)),
        "prompt": row.prompt,
        "extraction_schema": nesting::cut_nullable(Some(row.extraction_schema)),
        "available_versions": versions,
    });
    // Left out when they are not set, as on the recorded server.
    for (name, value) in [
        ("description", row.description),
        ("reaction_script", row.reaction_script),
    ] {
        if let Some(value) = value {
            body[name] = value.into();
        }
    }
    body
}

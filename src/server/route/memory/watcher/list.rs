//! Reading watchers.

use serde_json::{Value, json};

use super::row::{WatcherFilter, WatcherRow};
use super::version_row::VersionRow;
use crate::server::app::iso;
use crate::server::nesting;
use crate::server::reply::ApiResult;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};
use crate::server::route::memory::knowledge::row::ContentSummary;

/// What a watcher that is asked about by its id says about its runs.
const NO_RUNS: &str = "This server stores watchers and does not run them.";

/// The maximum number of watchers in a page.
const MAX_PAGE: i64 = 500;

/// Lists the watchers of the organization, or describes the one that `watcher_id` names. As on the recorded server there are
/// no pages, unless a call asks for them with a `limit`.
pub(crate) async fn list(call: &MemoryCall) -> ApiResult<MemoryReply> {
    if let Some(id) = call.arguments.id("watcher_id")? {
        return describe(call, id).await;
    }
    let arguments = &call.arguments;
    let limit = arguments.id("limit")?.map(|limit| limit.clamp(1, MAX_PAGE));
    let filter = WatcherFilter {
        status: arguments.text("status")?.unwrap_or("active"),
        entity: arguments.id("entity_id")?,
        slug: arguments.text("slug")?,
        before: arguments.id("before_id")?,
        // One more than is shown tells whether more follow.
        limit: limit.map_or(i64::MAX, |limit| limit + 1),
    };
    // A query has texts only.
    let with_details = arguments
        .get("include_details")
        .is_some_and(|value| value == true || value == "true");
    let mut rows = WatcherRow::list(&call.app.db, call.organization(), &filter).await?;
    let page = limit.and_then(|limit| usize::try_from(limit).ok());
    let has_more = page.is_some_and(|page| rows.len() > page);
    rows.truncate(page.unwrap_or(rows.len()));
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    let watchers: Vec<_> = rows.into_iter().map(|row| row.body(call, with_details)).collect();
    let mut body = json!({ "watchers": watchers });
    if limit.is_some() {
        body["metadata"] = json!({ "limit": limit, "has_more": has_more, "next_before_id": next });
    }
    Ok(body.into())
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
        let content = ContentSummary::of_entity(&call.app.db, row.entity_id).await?;
        body["entity_context"] = json!({
            "entity_id": row.entity_id.to_string(),
            "entity_name": row.entity_name,
            "entity_type": row.entity_type,
            "total_content": content.total,
            "active_connections": 0,
            "latest_content_date": content.latest.map(iso),
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

//! Reading entities.

use serde_json::{Value, json};

use super::row::{EntityFilter, EntityOrder, EntityRow};
use crate::server::reply::ApiResult;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// Lists the living entities of the organization in pages. What cannot be sorted by is sorted by time, newest first, as on
/// the recorded server.
pub(crate) async fn list(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let arguments = &call.arguments;
    let entity_type = arguments.text("entity_type")?;
    let parent = if arguments.has("parent_id") {
        Some(arguments.id("parent_id")?.unwrap_or(0))
    } else {
        None
    };
    let filter = EntityFilter {
        entity_type,
        parent,
        pattern: arguments
            .text("search")?
            .filter(|text| !text.is_empty())
            .map(EntityFilter::pattern_of),
    };
    let order = EntityOrder {
        by_name: arguments.get("sort_by").is_some_and(|by| by == "name"),
        descending: arguments.get("sort_order").is_none_or(|order| order != "asc"),
    };
    let window = arguments.window();
    let page = (window.limit, window.offset);
    let (rows, total) = EntityRow::page(&call.app.db, call.organization(), &filter, order, page).await?;
    let entities: Vec<_> = rows.into_iter().map(|row| row.listed_body(call)).collect();
    let size = i64::try_from(entities.len()).unwrap_or(i64::MAX);
    let mut metadata = json!({
        "page_size": size,
        "has_more": window.offset.saturating_add(size) < total,
        "total_count": total,
        "limit": window.limit,
        "offset": window.offset,
        "sort_by": if order.by_name { "name" } else { "created_at" },
        "sort_order": if order.descending { "desc" } else { "asc" },
    });
    if let (Some(kind), Value::Object(fields)) = (entity_type, &mut metadata) {
        fields.insert("filtered_by_type".to_owned(), kind.into());
    }
    Ok(json!({ "action": "list", "entities": entities, "metadata": metadata }).into())
}

/// Reads one entity of the organization, or of a public one.
pub(crate) async fn get(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let id = call.arguments.required_id("entity_id", "get action")?;
    let row = EntityRow::find(&call.app.db, call.organization(), id).await?;
    let updated_at = Some(row.updated_at);
    Ok(MemoryReply {
        body: json!({ "action": "get", "entity": row.body(call) }),
        updated_at,
    })
}

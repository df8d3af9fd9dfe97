//! Reading relationships.

use serde_json::{Value, json};

use super::row::{LinkFilter, LinkRow};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// Lists the relationships of an entity in pages, newest first. An entity that does not exist has none.
pub(crate) async fn of_entity(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let arguments = &call.arguments;
    let min_confidence = match arguments.get("confidence_min") {
        None => None,
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => return Err(ApiError::bad_request("confidence_min must be a number")),
    };
    let filter = LinkFilter {
        entity: arguments.required_id("entity_id", "list_links")?,
        direction: arguments.get("direction").and_then(Value::as_str).unwrap_or("both"),
        relationship_type: arguments.text("relationship_type_slug")?,
        source: arguments.text("source")?,
        min_confidence,
        with_deleted: arguments.is_true("include_deleted"),
    };
    let window = arguments.window();
    let page = (window.limit, window.offset);
    let (rows, counts) = LinkRow::page(&call.app.db, call.organization(), &filter, page).await?;
    let total: i64 = counts.iter().map(|each| each.count).sum();
    let counts: Vec<Value> = counts
        .into_iter()
        .map(|each| {
            json!({
                "relationship_type_slug": each.type_slug,
                "relationship_type_name": each.type_name,
                "count": each.count,
            })
        })
        .collect();
    let relationships: Vec<_> = rows.into_iter().map(LinkRow::body).collect();
    let seen = window
        .offset
        .saturating_add(i64::try_from(relationships.len()).unwrap_or(i64::MAX));
    Ok(json!({
        "action": "list_links",
        "relationships": relationships,
        "counts_by_type": counts,
        "metadata": {
            "total": total,
            "limit": window.limit,
            "offset": window.offset,
            "has_more": seen < total,
        },
    })
    .into())
}

/// Lists all relationships of the organization whose entities and types were not deleted, oldest first, from the one after
/// `after_id`. The recorded server has no such list: a client has to ask it about each entity.
pub(crate) async fn of_organization(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let after = call.arguments.id("after_id")?.unwrap_or(0);
    let limit = call.arguments.window_of(500).limit;
    // One more than asked for shows whether there is another page.
    let mut rows = LinkRow::all(&call.app.db, call.organization(), after, limit + 1).await?;
    let size = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().map_or(after, |row| row.id);
    let relationships: Vec<_> = rows.into_iter().map(LinkRow::body).collect();
    Ok(json!({
        "action": "list_all_links",
        "relationships": relationships,
        "metadata": { "limit": limit, "next_after_id": next, "has_more": has_more },
    })
    .into())
}

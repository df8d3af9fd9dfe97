//! Reading knowledge: by words, or newest first.

use serde_json::{Value, json};

use super::row::{FoundKnowledge, KnowledgeFilter, KnowledgeRow};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::RowWindow;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};
use crate::server::route::memory::entity::row::EntityRow;

/// The number of pieces in a page, unless a call names another.
const PAGE: i64 = 50;
/// The minimum number of characters of a question.
const MIN_QUESTION: usize = 3;

/// The tool `read_knowledge`: searches for the words of `query`, or lists the newest without one.
pub(crate) async fn read(call: &MemoryCall) -> ApiResult<MemoryReply> {
    match call.arguments.text("query")?.filter(|question| !question.is_empty()) {
        Some(_) => search(call).await,
        None => newest(call).await,
    }
}

/// `GET knowledge/search`: searches for the words of `query`.
pub(crate) async fn search(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let question = call.arguments.text("query")?.unwrap_or_default();
    if question.chars().count() < MIN_QUESTION {
        return Err(ApiError::bad_request("Query must be at least 3 characters"));
    }
    let (filter, entity) = filter(call).await?;
    let window = call.arguments.window_of(PAGE);
    let (rows, total) = FoundKnowledge::page(&call.app.db, call.organization(), &filter, question, window).await?;
    let content: Vec<Value> = rows.into_iter().map(|row| row.body(call)).collect();
    Ok(page(call, &content, (total, window), entity.as_ref()).into())
}

async fn newest(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let (filter, entity) = filter(call).await?;
    let window = call.arguments.window_of(PAGE);
    let (rows, total) = KnowledgeRow::page(&call.app.db, call.organization(), &filter, window).await?;
    let content: Vec<Value> = rows.into_iter().map(|row| row.body(call)).collect();
    let mut body = page(call, &content, (total, window), entity.as_ref());
    body["page"]["has_older"] = body["page"]["has_more"].clone();
    body["page"]["has_newer"] = (window.offset > 0).into();
    Ok(body.into())
}

/// Returns the filter of a call, and the entity in it.
async fn filter(call: &MemoryCall) -> ApiResult<(KnowledgeFilter<'_>, Option<EntityRow>)> {
    let entity = call.arguments.id("entity_id")?;
    let row = match entity {
        Some(id) => {
            let row = EntityRow::find(&call.app.db, call.organization(), id).await;
            let denied = format!("Access denied: entity {id} is not accessible to your organization");
            Some(row.map_err(|error| {
                if error.status().is_server_error() {
                    error
                } else {
                    ApiError::bad_request(denied)
                }
            })?)
        }
        None => None,
    };
    let kind = call.arguments.text("semantic_type")?;
    Ok((KnowledgeFilter { kind, entity }, row))
}

fn page(call: &MemoryCall, content: &[Value], (total, window): (i64, RowWindow), entity: Option<&EntityRow>) -> Value {
    let seen = window
        .offset
        .saturating_add(i64::try_from(content.len()).unwrap_or(i64::MAX));
    let more = total.saturating_sub(seen).max(0);
    let mut body = json!({
        "content": content,
        "total": total,
        "page": { "limit": window.limit, "offset": window.offset, "has_more": more > 0 },
        "classification_stats": {},
    });
    if let Some(entity) = entity {
        body["view_url"] = format!("{}/content", entity.view_url(&call.base_url())).into();
    }
    if more > 0 {
        body["hints"] = json!([format!("{more} more results available.")]);
    }
    body
}

//! The tool `search_knowledge`: the entities with a name, and the knowledge with the words of a question.

use serde_json::{Value, json};

use super::row::{FoundKnowledge, KnowledgeFilter};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::RowWindow;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};
use crate::server::route::memory::entity::row::{EntityFilter, EntityOrder, EntityRow};

/// The numbers of entities, and of pieces of knowledge, in an answer, unless a call names another.
const ENTITIES: i64 = 5;
const PIECES: i64 = 5;
/// The maximum number of entities in an answer.
const MAX_ENTITIES: i64 = 100;

/// Finds entities and knowledge.
pub(crate) async fn search(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let arguments = &call.arguments;
    let question = arguments.text("query")?.filter(|question| !question.trim().is_empty());
    let entity = arguments.id("entity_id")?;
    let (matches, total) = match (question, entity) {
        (_, Some(id)) => (vec![EntityRow::find(&call.app.db, call.organization(), id).await?], 1),
        (Some(question), None) => named(call, question).await?,
        (None, None) => {
            let message = "Must provide either query, entity_id, or query_embedding";
            return Err(ApiError::bad_request(message));
        }
    };
    let content = pieces(call, question, entity).await?;
    let status = if matches.is_empty() && content.is_empty() {
        "not_found"
    } else {
        "complete"
    };
    let reason = if entity.is_some() { "exact_name" } else { "fuzzy_match" };
    let view_url = matches.first().map(|row| row.view_url(&call.base_url()));
    let matches: Vec<Value> = matches.into_iter().map(|row| row.match_body(call, reason)).collect();
    let first = matches.first();
    let mut body = json!({
        "entity_type": first.map(|entity| &entity["type"]),
        "entity": first,
        "matches": matches,
        "content": content,
        "discovery_status": status,
        "metadata": { "total_matches": total, "page_size": matches.len() },
    });
    if let Some(url) = view_url {
        body["view_url"] = url.into();
    }
    Ok(body.into())
}

/// Returns the entities with a text in their name, their slug or their domain.
async fn named(call: &MemoryCall, question: &str) -> ApiResult<(Vec<EntityRow>, i64)> {
    let filter = EntityFilter {
        entity_type: call.arguments.text("entity_type")?,
        parent: call.arguments.id("parent_id")?,
        pattern: Some(EntityFilter::pattern_of(question.trim())),
    };
    let order = EntityOrder {
        by_name: true,
        descending: false,
    };
    let limit = call.arguments.window_of(ENTITIES).limit.min(MAX_ENTITIES);
    Ok(EntityRow::page(&call.app.db, call.organization(), &filter, order, (limit, 0)).await?)
}

/// Returns the knowledge with the words of a question, best first. A call may leave it out.
async fn pieces(call: &MemoryCall, question: Option<&str>, entity: Option<i64>) -> ApiResult<Vec<Value>> {
    let arguments = &call.arguments;
    let wanted = arguments.get("include_content").is_none_or(|value| value != false);
    let Some(question) = question.filter(|_| wanted) else {
        return Ok(Vec::new());
    };
    let filter = KnowledgeFilter {
        kind: arguments.text("semantic_type")?,
        entity,
    };
    let window = RowWindow {
        limit: arguments.id("content_limit")?.unwrap_or(PIECES).clamp(1, 50),
        offset: 0,
    };
    let (rows, _) = FoundKnowledge::page(&call.app.db, call.organization(), &filter, question, window).await?;
    Ok(rows.into_iter().map(|row| row.body(call)).collect())
}

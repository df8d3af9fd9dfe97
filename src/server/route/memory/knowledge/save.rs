//! Saving knowledge. A unique index lets one piece supersede another only once, also in concurrent requests.

use serde_json::{Value, json};

use super::words::{self, WordPrefix};
use crate::server::app::{iso, now};
use crate::server::audit;
use crate::server::db::{Tx, params};
use crate::server::random;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::{MemoryArguments, id_of};
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// The kinds that every entity may have, in the order of the recorded message.
const KINDS: [&str; 11] = [
    "fact",
    "note",
    "todo",
    "event",
    "change",
    "content",
    "summary",
    "decision",
    "identity",
    "preference",
    "observation",
];
/// How a text may be written.
const PAYLOAD_TYPES: [&str; 4] = ["text", "markdown", "json_template", "media"];
/// The maximum number of entities that one piece is about.
const MAX_ENTITIES: usize = 100;

/// A piece of knowledge that a call sends, checked as far as that needs no database.
struct NewKnowledge<'a> {
    kind: &'a str,
    payload_type: &'a str,
    content: Option<&'a str>,
    title: Option<&'a str>,
    metadata: Value,
    payload_data: Value,
    payload_template: Option<Value>,
    entities: Vec<i64>,
    occurred_at: Option<i64>,
    supersedes: Option<i64>,
}

/// Returns an argument that is an object, by default an empty one.
fn object(arguments: &MemoryArguments, name: &str) -> ApiResult<Value> {
    match arguments.get(name) {
        None => Ok(json!({})),
        Some(value @ Value::Object(_)) => Ok(value.clone()),
        Some(_) => Err(ApiError::bad_request(format!("{name} must be an object"))),
    }
}

impl<'a> NewKnowledge<'a> {
    fn of(arguments: &'a MemoryArguments) -> ApiResult<Self> {
        let kind = arguments.text("semantic_type")?.filter(|kind| !kind.is_empty());
        let kind = kind.ok_or_else(|| ApiError::bad_request("semantic_type is required"))?;
        let payload_type = arguments.text("payload_type")?.unwrap_or("text");
        if !PAYLOAD_TYPES.contains(&payload_type) {
            let message = format!("payload_type must be one of: {}", PAYLOAD_TYPES.join(", "));
            return Err(ApiError::bad_request(message));
        }
        let content = arguments.text("content")?.filter(|content| !content.is_empty());
        let payload_template = arguments.get("payload_template").cloned();
        if payload_type == "json_template" && payload_template.is_none() {
            let message = "payload_template is required when payload_type is 'json_template'";
            return Err(ApiError::bad_request(message));
        }
        if payload_type != "json_template" && content.is_none() {
            let message = format!("content is required for payload_type '{payload_type}'");
            return Err(ApiError::bad_request(message));
        }
        Ok(Self {
            kind,
            payload_type,
            content,
            title: arguments.text("title")?,
            metadata: object(arguments, "metadata")?,
            payload_data: object(arguments, "payload_data")?,
            payload_template,
            entities: entities(arguments)?,
            occurred_at: arguments.text("occurred_at")?.map(time).transpose()?,
            supersedes: arguments.id("supersedes_event_id")?,
        })
    }
}

/// Returns the ids of the entities that the knowledge is about, without repetitions.
fn entities(arguments: &MemoryArguments) -> ApiResult<Vec<i64>> {
    let list = match arguments.get("entity_ids") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(ApiError::bad_request("entity_ids must be a list of ids")),
    };
    if list.len() > MAX_ENTITIES {
        return Err(ApiError::bad_request(format!(
            "entity_ids has more than {MAX_ENTITIES} ids"
        )));
    }
    let mut ids = Vec::new();
    for value in list {
        let id = id_of(value, "entity_ids")?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Returns the time that a text means, in milliseconds since 1970.
fn time(text: &str) -> ApiResult<i64> {
    let time: jiff::Timestamp = text.parse().map_err(|_| ApiError::bad_request("Invalid time value"))?;
    Ok(time.as_millisecond())
}

/// Saves a piece of knowledge. Sent twice without an `Idempotency-Key`, it is there twice.
pub(crate) async fn save(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.writer()?;
    let new = NewKnowledge::of(&call.arguments)?;
    let prefix = WordPrefix::of(&call.app.db, call.organization()).await?;
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    let kinds = check_entities(call, &mut tx, &new.entities).await?;
    check_kind(new.kind, &kinds)?;
    if let Some(older) = new.supersedes {
        let sql = "SELECT id FROM knowledge WHERE id = $1 AND organization_id = $2";
        if !tx.exists(sql, params![older, call.organization()]).await? {
            let message = format!("Cannot supersede event {older}: not found in this organization");
            return Err(ApiError::bad_request(message));
        }
    }
    let at = now();
    let Some(id) = insert(call, &mut tx, &new, &prefix, at).await? else {
        let older = new.supersedes.unwrap_or_default();
        let newer: Option<i64> = tx
            .value("SELECT id FROM knowledge WHERE supersedes_id = $1", params![older])
            .await?;
        let message = format!(
            "Cannot supersede event {older}: already superseded by event {}",
            newer.unwrap_or_default()
        );
        return Err(ApiError::bad_request(message));
    };
    for entity in &new.entities {
        let sql = "INSERT INTO knowledge_entity (knowledge_id, entity_id) VALUES ($1, $2)";
        tx.execute(sql, params![id, *entity]).await?;
    }
    let mut body = json!({
        "id": id,
        "entity_ids": new.entities,
        "title": new.title,
        "semantic_type": new.kind,
        "created_at": iso(at),
        "view_url": format!("{}/events/{id}", call.base_url()),
    });
    if let Some(older) = new.supersedes {
        body["supersedes_event_id"] = older.into();
    }
    let reply = MemoryReply::from(body);
    call.record_answer(&mut tx, &reply).await?;
    audit::record(
        &mut tx,
        caller,
        "knowledge.save",
        &id.to_string(),
        &call.arguments.names(),
    )
    .await?;
    tx.commit().await?;
    Ok(reply)
}

/// Checks that a kind is one that every entity may have, or one of the others.
fn check_kind(kind: &str, others: &[String]) -> ApiResult<()> {
    let valid: Vec<&str> = KINDS.into_iter().chain(others.iter().map(String::as_str)).collect();
    if valid.contains(&kind) {
        return Ok(());
    }
    let message = format!("Invalid kind '{kind}'. Valid kinds: {}.", valid.join(", "));
    Err(ApiError::bad_request(message))
}

/// Checks that the entities belong to the organization. Returns the further kinds that their types have.
async fn check_entities(call: &MemoryCall, tx: &mut Tx<'_>, entities: &[i64]) -> ApiResult<Vec<String>> {
    let sql = "SELECT COALESCE(t.event_kinds, 'null') FROM entity e JOIN entity_type t ON t.id = e.entity_type_id \
        WHERE e.id = $1 AND e.organization_id = $2 AND e.deleted_at IS NULL";
    let mut kinds = Vec::new();
    for entity in entities {
        let found: Option<Value> = tx.value(sql, params![*entity, call.organization()]).await?;
        let Some(found) = found else {
            let message = format!("Access denied: entity {entity} does not belong to your organization");
            return Err(ApiError::bad_request(message));
        };
        kinds.extend(found.as_object().into_iter().flat_map(|kinds| kinds.keys().cloned()));
    }
    Ok(kinds)
}

/// Inserts a piece of knowledge. Returns its id; `None` when the older piece was already superseded.
async fn insert(
    call: &MemoryCall,
    tx: &mut Tx<'_>,
    new: &NewKnowledge<'_>,
    prefix: &WordPrefix,
    at: i64,
) -> ApiResult<Option<i64>> {
    let random = random::random_id().map_err(|error| ApiError::internal(&error))?;
    let origin = format!("uc_{random}");
    let sql = "INSERT INTO knowledge (organization_id, semantic_type, title, payload_type, content, payload_data, \
        payload_template, metadata, source_url, origin_id, entity_ids, supersedes_id, title_words, words, created_by, \
        occurred_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
        ON CONFLICT (supersedes_id) DO NOTHING RETURNING id";
    let template = new.payload_template.as_ref().map(Value::to_string);
    let id = tx
        .value(
            sql,
            params![
                call.organization(),
                new.kind,
                new.title,
                new.payload_type,
                new.content,
                &new.payload_data.to_string(),
                template.as_deref(),
                &new.metadata.to_string(),
                call.arguments.text("source_url")?,
                &origin,
                &json!(new.entities).to_string(),
                new.supersedes,
                &words::indexed(prefix, new.title.unwrap_or_default()),
                &words::indexed(prefix, new.content.unwrap_or_default()),
                &call.caller.member.account,
                new.occurred_at.unwrap_or(at),
                at
            ],
        )
        .await?;
    Ok(id)
}

//! Creating, updating and deleting relationships. A unique index refuses a second living relationship of a type between two
//! entities, also that of a concurrent request.

use serde_json::{Value, json};

use super::row::LinkRow;
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::{Tx, params, table_row};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::MemoryArguments;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// Where a relationship may come from.
const SOURCES: [&str; 4] = ["ui", "llm", "feed", "api"];

/// Returns the source that a call names.
fn source(arguments: &MemoryArguments) -> ApiResult<Option<&str>> {
    match arguments.text("source")? {
        Some(other) if !SOURCES.contains(&other) => Err(ApiError::bad_request(format!(
            "Invalid source \"{other}\". Must be one of: {}",
            SOURCES.join(", ")
        ))),
        known => Ok(known),
    }
}

/// Returns the confidence that a call names, as JSON.
fn confidence(arguments: &MemoryArguments) -> ApiResult<Option<String>> {
    match arguments.get("confidence") {
        None => Ok(None),
        Some(value) if value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number)) => {
            Ok(Some(value.to_string()))
        }
        Some(_) => Err(ApiError::bad_request("Confidence must be a number between 0 and 1")),
    }
}

/// Returns the metadata that a call names, as JSON.
fn metadata(arguments: &MemoryArguments) -> ApiResult<Option<String>> {
    match arguments.get("metadata") {
        None => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(Value::Object(fields.clone()).to_string())),
        Some(_) => Err(ApiError::bad_request("metadata must be an object")),
    }
}

table_row! {
    /// The type of a new relationship.
    pub(crate) struct LinkKind, columns kind_columns {
        id: i64 = "r.id",
        slug: String = "r.slug",
        is_symmetric: bool = "r.is_symmetric",
    }
}

const KIND: &str = concat!(
    "SELECT ",
    kind_columns!(),
    " FROM relationship_type r JOIN organization o ON o.id = r.organization_id WHERE r.slug = $2 AND r.deleted_at IS NULL \
     AND (r.organization_id = $1 OR o.visibility = 'public')"
);

table_row! {
    /// An end of a new relationship.
    pub(crate) struct LinkEnd, columns end_columns {
        id: i64 = "e.id",
        organization_id: String = "e.organization_id",
        visibility: String = "o.visibility",
        entity_type: String = "t.slug",
    }
}

const END: &str = concat!(
    "SELECT ",
    end_columns!(),
    " FROM entity e JOIN organization o ON o.id = e.organization_id JOIN entity_type t ON t.id = e.entity_type_id \
     WHERE e.id = $1 AND e.deleted_at IS NULL"
);

/// Reads an end that the caller may use: an entity of the organization, or of a public one where that is allowed. An entity
/// of another, private organization is not found, so that nobody learns that it exists.
async fn end(call: &MemoryCall, tx: &mut Tx<'_>, id: i64, public: bool) -> ApiResult<LinkEnd> {
    let end: Option<LinkEnd> = tx.row(END, params![id]).await?;
    let own = |end: &LinkEnd| end.organization_id == call.organization();
    match end {
        Some(end) if own(&end) || (public && end.visibility == "public") => Ok(end),
        Some(end) if end.visibility == "public" => Err(ApiError::bad_request(format!(
            "Entity {id} does not belong to your organization"
        ))),
        _ => Err(ApiError::bad_request(format!("Entity {id} not found"))),
    }
}

/// Checks the rules of a type: one without rules joins anything.
async fn check_rules(tx: &mut Tx<'_>, kind: &LinkKind, from: &LinkEnd, to: &LinkEnd) -> ApiResult<()> {
    let any = "SELECT id FROM relationship_rule WHERE relationship_type_id = $1";
    let fits = "SELECT id FROM relationship_rule WHERE relationship_type_id = $1 AND ((source_slug = $2 AND target_slug = $3) \
        OR ($4 = 1 AND source_slug = $3 AND target_slug = $2))";
    let (source, target) = (&from.entity_type, &to.entity_type);
    if !tx.exists(any, params![kind.id]).await?
        || tx
            .exists(fits, params![kind.id, source, target, kind.is_symmetric])
            .await?
    {
        return Ok(());
    }
    let message = format!("Relationship type {} does not allow {source} → {target}", kind.id);
    Err(ApiError::bad_request(message))
}

/// Creates a relationship. One of a symmetric type within the organization is stored with the lower id first.
pub(crate) async fn create(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.writer()?;
    let arguments = &call.arguments;
    let from_id = arguments.required_id("from_entity_id", "link")?;
    let to_id = arguments.required_id("to_entity_id", "link")?;
    let slug = arguments.required_text("relationship_type_slug", "link")?;
    let source = source(arguments)?.unwrap_or("api");
    // What a person or a program states is certain unless it says otherwise; what was guessed or collected is not.
    let certain = matches!(source, "api" | "ui").then(|| "1".to_owned());
    let confidence = confidence(arguments)?.or(certain);
    let metadata = metadata(arguments)?;
    if from_id == to_id {
        return Err(ApiError::bad_request("Self-referencing relationships are not allowed"));
    }
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    let mut from = end(call, &mut tx, from_id, false).await?;
    let mut to = end(call, &mut tx, to_id, true).await?;
    let kind: Option<LinkKind> = tx.row(KIND, params![call.organization(), slug]).await?;
    let kind = kind.ok_or_else(|| ApiError::bad_request(format!("Relationship type \"{slug}\" not found")))?;
    check_rules(&mut tx, &kind, &from, &to).await?;
    if kind.is_symmetric && to.organization_id == from.organization_id && to.id < from.id {
        std::mem::swap(&mut from, &mut to);
    }
    let sql = "INSERT INTO entity_link (organization_id, relationship_type_id, from_id, to_id, metadata, confidence, source, \
        created_by, updated_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $9) \
        ON CONFLICT (relationship_type_id, from_id, to_id) WHERE deleted_at IS NULL DO NOTHING RETURNING id";
    let values = params![
        call.organization(),
        kind.id,
        from.id,
        to.id,
        metadata.as_deref(),
        confidence.as_deref(),
        source,
        &caller.member.account,
        now()
    ];
    let id: Option<i64> = tx.value(sql, values).await?;
    let id = id.ok_or_else(|| {
        ApiError::bad_request(format!(
            "An active relationship of this type already exists between entities {} and {}",
            from.id, to.id
        ))
    })?;
    let row = LinkRow::reread(&mut tx, id).await?;
    let reply = written("link", row);
    call.record_answer(&mut tx, &reply).await?;
    let target = format!("{}/{id}", kind.slug);
    audit::record(&mut tx, caller, "relationship.create", &target, &arguments.names()).await?;
    tx.commit().await?;
    Ok(reply)
}

fn written(action: &str, row: LinkRow) -> MemoryReply {
    json!({ "action": action, "relationship": row.body() }).into()
}

/// Locks a living relationship of the organization.
async fn lock(call: &MemoryCall, tx: &mut Tx<'_>, id: i64) -> ApiResult<LinkRow> {
    let sql =
        "UPDATE entity_link SET updated_at = updated_at WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL";
    if tx.execute(sql, params![id, call.organization()]).await? == 0 {
        return Err(ApiError::bad_request(format!("Relationship {id} not found")));
    }
    Ok(LinkRow::reread(tx, id).await?)
}

/// Updates a relationship: metadata is replaced, also by null; a null confidence or source keeps the former one.
pub(crate) async fn update(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.writer()?;
    let arguments = &call.arguments;
    let id = arguments.required_id("relationship_id", "update_link")?;
    let (source, confidence) = (source(arguments)?, confidence(arguments)?);
    let metadata = metadata(arguments)?;
    let mut tx = call.app.db.begin().await?;
    let before = lock(call, &mut tx, id).await?;
    let sql = "UPDATE entity_link SET metadata = CASE WHEN $1 = 1 THEN $2 ELSE metadata END, \
        confidence = COALESCE($3, confidence), source = COALESCE($4, source), updated_by = $5, \
        updated_at = CASE WHEN updated_at >= $6 THEN updated_at + 1 ELSE $6 END WHERE id = $7";
    let values = params![
        arguments.has("metadata"),
        metadata.as_deref(),
        confidence.as_deref(),
        source,
        &caller.member.account,
        now(),
        id
    ];
    tx.execute(sql, values).await?;
    let row = LinkRow::reread(&mut tx, id).await?;
    let target = format!("{}/{id}", before.type_slug);
    audit::record(&mut tx, caller, "relationship.update", &target, &arguments.names()).await?;
    tx.commit().await?;
    Ok(written("update_link", row))
}

/// Deletes a relationship. The same two entities may be linked again.
pub(crate) async fn delete(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.writer()?;
    let id = call.arguments.required_id("relationship_id", "unlink")?;
    let mut tx = call.app.db.begin().await?;
    let row = lock(call, &mut tx, id).await?;
    let sql = "UPDATE entity_link SET deleted_at = $1, updated_by = $2, \
        updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END WHERE id = $3";
    tx.execute(sql, params![now(), &caller.member.account, id]).await?;
    let target = format!("{}/{id}", row.type_slug);
    audit::record(&mut tx, caller, "relationship.delete", &target, &[]).await?;
    tx.commit().await?;
    let message = format!("Relationship {id} deleted");
    Ok(json!({ "action": "unlink", "success": true, "message": message }).into())
}

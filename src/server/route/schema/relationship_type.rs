//! Relationship types: contract section 8.2. Unlike on the recorded server, the slug of a deleted type is free again.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::call::SchemaCall;
use super::relationship_row::RelationshipTypeRow;
use super::result::SchemaResult;
use crate::server::app::now;
use crate::server::audit;
use crate::server::crypto::to_hex;
use crate::server::db::{Tx, params, table_row};
use crate::server::metadata_check::check_schema;
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};

/// Lists the organization's own types by name, then those of every public organization.
pub(super) async fn list(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let with_deleted = call.arguments.get("include_deleted").is_some_and(|value| value == true);
    let rows = RelationshipTypeRow::list(&call.app.db, &call.organization.id, with_deleted).await?;
    let listed = rows.into_iter().map(|row| row.listed_body(call.by_member));
    let relationship_types = listed.collect();
    Ok(SchemaResult::RelationshipTypes { relationship_types })
}

/// Reads one type. The result is null when there is none, or when another, private organization has it.
pub(super) async fn get(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let row = RelationshipTypeRow::find(&call.app.db, &call.organization.id, call.slug()?).await?;
    let relationship_type = row.map(RelationshipTypeRow::body);
    Ok(SchemaResult::RelationshipType { relationship_type })
}

/// Returns the status that a call sets. `None` when it is null or absent.
fn status(call: &SchemaCall) -> ApiResult<Option<&str>> {
    match call.arguments.text("status")? {
        Some(other) if !matches!(other, "active" | "archived") => {
            Err(ApiError::bad_request("status must be \"active\" or \"archived\""))
        }
        known => Ok(known),
    }
}

/// Whether the new type is symmetric. Null and absent mean no.
fn is_symmetric(call: &SchemaCall) -> ApiResult<bool> {
    match call.arguments.get("is_symmetric") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(ApiError::bad_request("is_symmetric must be true or false")),
    }
}

/// Returns the metadata to store for `auto_create_when`, as text. `None` when the argument is absent. `version` counts the
/// writes of the rules, from 1.
fn auto_create_metadata(call: &SchemaCall, version: i64) -> ApiResult<Option<String>> {
    const KEYS: [&str; 4] = ["sourceNamespace", "targetField", "assuranceRequired", "matchStrategy"];
    let Some(sent) = call.arguments.get("auto_create_when") else {
        return Ok(None);
    };
    let list = sent.as_array().filter(|list| list.iter().all(Value::is_object));
    let list = list.ok_or_else(|| ApiError::bad_request("auto_create_when must be a list of objects"))?;
    let rules = list.iter().map(|rule| {
        // In this order and without other keys, so that equal rules have equal hashes.
        let known = KEYS
            .iter()
            .filter_map(|key| rule.get(key).map(|value| ((*key).to_owned(), value.clone())));
        Value::Object(known.collect())
    });
    let rules = Value::Array(rules.collect());
    let hash = to_hex(&Sha256::digest(rules.to_string().as_bytes()));
    let metadata = json!({ "ruleHash": hash, "ruleVersion": version, "autoCreateWhen": rules });
    Ok(Some(metadata.to_string()))
}

/// How a call changes the inverse of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InverseEdit {
    /// The slug is null or absent.
    Keep,
    /// The slug is empty.
    Clear,
    /// The id of the inverse.
    Set(i64),
}

impl InverseEdit {
    fn id(self) -> Option<i64> {
        match self {
            Self::Set(id) => Some(id),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// Returns how a call changes the inverse. 400 when the inverse is no type of the organization.
async fn inverse_edit(call: &SchemaCall, tx: &mut Tx<'_>) -> ApiResult<InverseEdit> {
    let Some(slug) = call.arguments.text("inverse_type_slug")? else {
        return Ok(InverseEdit::Keep);
    };
    if slug.is_empty() {
        return Ok(InverseEdit::Clear);
    }
    let sql = "SELECT id FROM relationship_type WHERE slug = $1 AND organization_id = $2 AND deleted_at IS NULL";
    let id: Option<i64> = tx.value(sql, params![slug, &call.organization.id]).await?;
    let missing = || ApiError::bad_request(format!("Inverse relationship type \"{slug}\" not found"));
    id.map(InverseEdit::Set).ok_or_else(missing)
}

/// Makes `id` the inverse of `inverse` so that both types name each other.
async fn set_inverse(tx: &mut Tx<'_>, inverse: i64, id: i64) -> ApiResult<()> {
    let sql = "UPDATE relationship_type SET inverse_type_id = $1, \
        updated_at = CASE WHEN updated_at >= $2 THEN updated_at + 1 ELSE $2 END WHERE id = $3";
    tx.execute(sql, params![id, now(), inverse]).await?;
    Ok(())
}

/// Creates a type. 400 when the slug is taken, also by another organization, or is that of a system type.
pub(super) async fn create(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    if slug.starts_with('$') {
        return Err(ApiError::bad_request(
            "Relationship type slugs starting with '$' are reserved for system types",
        ));
    }
    call.arguments.required("name")?;
    check_schema(call.arguments.get("metadata_schema")).map_err(ApiError::bad_request)?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    let inverse = inverse_edit(call, &mut tx).await?.id();
    let Some(id) = insert(call, &mut tx, slug, inverse).await? else {
        return Err(ApiError::bad_request(format!(
            "Relationship type with slug \"{slug}\" already exists"
        )));
    };
    if let Some(inverse) = inverse {
        set_inverse(&mut tx, inverse, id).await?;
    }
    let row = RelationshipTypeRow::reread(&mut tx, &call.organization.id, id).await?;
    let result = SchemaResult::RelationshipType {
        relationship_type: Some(row.written_body()),
    };
    call.record_answer(&mut tx, &result).await?;
    audit::record(
        &mut tx,
        caller,
        "relationship-type.create",
        slug,
        &call.arguments.names(),
    )
    .await?;
    tx.commit().await?;
    Ok(result)
}

/// Inserts a type and returns its id. `None` when the slug is taken.
async fn insert(call: &SchemaCall, tx: &mut Tx<'_>, slug: &str, inverse: Option<i64>) -> ApiResult<Option<i64>> {
    let id = tx
        .value(
            "INSERT INTO relationship_type (organization_id, slug, name, description, metadata_schema, metadata, \
             is_symmetric, inverse_type_id, status, created_by, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) \
             ON CONFLICT (slug) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
            params![
                &call.organization.id,
                slug,
                call.arguments.required("name")?,
                call.arguments.text("description")?,
                call.arguments.json("metadata_schema").as_deref(),
                auto_create_metadata(call, 1)?.as_deref(),
                is_symmetric(call)?,
                inverse,
                status(call)?.unwrap_or("active"),
                &call.writer()?.member.account,
                now()
            ],
        )
        .await?;
    Ok(id)
}

table_row! {
    /// A type that the transaction has locked.
    pub(crate) struct LockedRelationshipType, columns locked_columns {
        id: i64 = "id",
        metadata: Option<Value> = "metadata",
        updated_at: i64 = "updated_at",
    }
}

// A write that changes nothing takes the row's lock, so what this returns cannot change before the commit.
const LOCK: &str = concat!(
    "UPDATE relationship_type SET updated_at = updated_at \
     WHERE slug = $1 AND organization_id = $2 AND deleted_at IS NULL RETURNING ",
    locked_columns!()
);

/// Locks the organization's own type with this slug and checks the precondition.
async fn lock(call: &SchemaCall, tx: &mut Tx<'_>, slug: &str) -> ApiResult<LockedRelationshipType> {
    let row: Option<LockedRelationshipType> = tx.row(LOCK, params![slug, &call.organization.id]).await?;
    if let Some(row) = row {
        call.precondition.check(&Revision::of_row(row.updated_at))?;
        return Ok(row);
    }
    // Slugs are unique across organizations, so another one may have it. The recorded server distinguishes the two errors.
    let sql = "SELECT id FROM relationship_type WHERE slug = $1 AND deleted_at IS NULL";
    if tx.exists(sql, params![slug]).await? {
        return Err(ApiError::bad_request(
            "Access denied: relationship type belongs to another organization",
        ));
    }
    Err(ApiError::bad_request(format!("Relationship type \"{slug}\" not found")))
}

/// Updates a type. An absent argument keeps its field, and null clears the description and the schema. The symmetry cannot be
/// changed (contract section 8.2).
pub(super) async fn update(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    let caller = call.writer()?;
    let status = status(call)?;
    check_schema(call.arguments.get("metadata_schema")).map_err(ApiError::bad_request)?;
    let mut tx = call.app.db.begin().await?;
    let locked = lock(call, &mut tx, slug).await?;
    let metadata = locked.metadata.unwrap_or_default();
    let version = metadata["ruleVersion"].as_i64().unwrap_or_default() + 1;
    let metadata = auto_create_metadata(call, version)?;
    let inverse = inverse_edit(call, &mut tx).await?;
    if inverse == InverseEdit::Set(locked.id) {
        return Err(ApiError::bad_request("inverse_type_id cannot point to self"));
    }
    tx.execute(
        "UPDATE relationship_type SET name = COALESCE($1, name), \
         description = CASE WHEN $2 = 1 THEN $3 ELSE description END, \
         metadata_schema = CASE WHEN $4 = 1 THEN $5 ELSE metadata_schema END, \
         metadata = COALESCE($6, metadata), status = COALESCE($7, status), \
         inverse_type_id = CASE WHEN $8 = 1 THEN $9 ELSE inverse_type_id END, \
         updated_at = CASE WHEN updated_at >= $10 THEN updated_at + 1 ELSE $10 END WHERE id = $11",
        params![
            call.arguments.text("name")?,
            call.arguments.has("description"),
            call.arguments.text("description")?,
            call.arguments.has("metadata_schema"),
            call.arguments.json("metadata_schema").as_deref(),
            metadata.as_deref(),
            status,
            inverse != InverseEdit::Keep,
            inverse.id(),
            now(),
            locked.id
        ],
    )
    .await?;
    // Only one side is cleared, but both are set, as on the recorded server (contract section 8.2).
    if let Some(inverse) = inverse.id() {
        set_inverse(&mut tx, inverse, locked.id).await?;
    }
    let row = RelationshipTypeRow::reread(&mut tx, &call.organization.id, locked.id).await?;
    audit::record(
        &mut tx,
        caller,
        "relationship-type.update",
        slug,
        &call.arguments.names(),
    )
    .await?;
    tx.commit().await?;
    Ok(SchemaResult::RelationshipType {
        relationship_type: Some(row.written_body()),
    })
}

/// Marks a type as deleted and deletes its rules. Its slug is free again.
pub(super) async fn delete(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let id = lock(call, &mut tx, slug).await?.id;
    let sql = "DELETE FROM relationship_rule WHERE relationship_type_id = $1";
    tx.execute(sql, params![id]).await?;
    let sql = "UPDATE relationship_type SET deleted_at = $1, updated_at = $1 WHERE id = $2";
    tx.execute(sql, params![now(), id]).await?;
    audit::record(&mut tx, caller, "relationship-type.delete", slug, &[]).await?;
    tx.commit().await?;
    Ok(SchemaResult::deleted(format!("Relationship type \"{slug}\" deleted")))
}

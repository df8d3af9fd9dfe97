//! Entity types: contract section 8.1. The slug of a deleted type is free again, because the unique index covers only types
//! that are not deleted.

use std::sync::LazyLock;

use serde_json::Value;

use super::call::SchemaCall;
use super::entity_type_row::{EntityTypeBody, EntityTypeEvent, EntityTypeRow};
use super::result::SchemaResult;
use crate::server::app::now;
use crate::server::audit;
use crate::server::audit_event;
use crate::server::db::{Tx, params, table_row};
use crate::server::metadata_check::check_schema;
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};

/// The slugs that the recorded server reserves, in the order of its message.
const RESERVED: [&str; 14] = [
    "agents",
    "connectors",
    "events",
    "members",
    "settings",
    "watchers",
    "organization",
    "user",
    "watcher",
    "content",
    "source",
    "sources",
    "connections",
    "connector",
];
/// The slug of the system type.
const MEMBER: &str = "$member";
/// The maximum number of properties with `x-table-column`.
const MAX_COLUMNS: usize = 4;

/// The system type of members. An organization gets it when one of its members reads it for the first time.
static MEMBER_TYPE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("member_type.json")).unwrap_or_default());

/// Lists the organization's own types by name, then those of every public organization.
pub(super) async fn list(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let rows = EntityTypeRow::list(&call.app.db, &call.organization.id).await?;
    let entity_types = rows.into_iter().map(|row| shown(call, row)).collect();
    Ok(SchemaResult::EntityTypes { entity_types })
}

/// Reads one type. The result is null when there is none, and not an error.
pub(super) async fn get(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    if slug == MEMBER && call.by_member {
        ensure_member_type(call).await?;
    }
    let row = EntityTypeRow::find(&call.app.db, &call.organization.id, slug).await?;
    let entity_type = row.map(|row| shown(call, row));
    Ok(SchemaResult::EntityType { entity_type })
}

/// Returns a type as the caller may see it.
fn shown(call: &SchemaCall, row: EntityTypeRow) -> EntityTypeBody {
    let row = if call.by_member { row } else { row.uncounted() };
    row.body()
}

/// Creates the system type of the organization if needed.
async fn ensure_member_type(call: &SchemaCall) -> ApiResult<()> {
    let text = |key: &str| MEMBER_TYPE[key].as_str().unwrap_or_default();
    let json = |key: &str| MEMBER_TYPE[key].to_string();
    let mut tx = call.app.db.begin().await?;
    tx.execute(
        "INSERT INTO entity_type (organization_id, slug, name, description, icon, metadata_schema, event_kinds, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
         ON CONFLICT (organization_id, slug) WHERE deleted_at IS NULL DO NOTHING",
        params![
            &call.organization.id,
            MEMBER,
            text("name"),
            text("description"),
            text("icon"),
            &json("metadata_schema"),
            &json("event_kinds"),
            now()
        ],
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Returns a slug in lower case, in which a hyphen replaces every character but ASCII letters, digits and hyphens. Only a
/// create normalizes slugs (contract section 8.1).
fn normalize(slug: &str) -> String {
    let keeps = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    slug.to_lowercase()
        .chars()
        .map(|letter| if keeps(letter) { letter } else { '-' })
        .collect()
}

/// Creates a type. 400 when the slug is taken, reserved or that of a system type.
pub(super) async fn create(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let sent = call.slug()?;
    if sent.starts_with('$') {
        return Err(ApiError::bad_request(
            "Entity type slugs starting with '$' are reserved for system types",
        ));
    }
    let slug = normalize(sent);
    call.arguments.required("name")?;
    if RESERVED.contains(&slug.as_str()) {
        let reserved = RESERVED.join(", ");
        return Err(ApiError::bad_request(format!(
            "Cannot create entity type with reserved slug '{slug}'. Reserved: {reserved}"
        )));
    }
    check_columns(call.arguments.get("metadata_schema"))?;
    check_schema(call.arguments.get("metadata_schema")).map_err(ApiError::bad_request)?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    if let Some(answer) = call.earlier_answer(&mut tx).await? {
        return Ok(answer);
    }
    let id = EntityTypeRow::insert(&mut tx, &call.arguments, &slug, caller).await?;
    let Some(id) = id else {
        return Err(ApiError::bad_request(format!(
            "Entity type with slug '{slug}' already exists"
        )));
    };
    let row = EntityTypeRow::reread(&mut tx, &call.organization.id, id).await?;
    let result = SchemaResult::EntityType {
        entity_type: Some(row.written_body()),
    };
    call.record_answer(&mut tx, &result).await?;
    audit::record(&mut tx, caller, "entity-type.create", &slug, &call.arguments.names()).await?;
    tx.commit().await?;
    Ok(result)
}

table_row! {
    /// A type that the transaction has locked.
    pub(crate) struct LockedEntityType, columns locked_columns {
        id: i64 = "id",
        updated_at: i64 = "updated_at",
    }
}

// A write that changes nothing takes the row's lock, so its revision cannot change before the commit.
const LOCK: &str = concat!(
    "UPDATE entity_type SET updated_at = updated_at \
     WHERE organization_id = $1 AND slug = $2 AND deleted_at IS NULL RETURNING ",
    locked_columns!()
);

/// Locks the organization's own type with this slug and checks the precondition. Returns the type's id.
async fn lock(call: &SchemaCall, tx: &mut Tx<'_>, slug: &str) -> ApiResult<i64> {
    let row: Option<LockedEntityType> = tx.row(LOCK, params![&call.organization.id, slug]).await?;
    let row = row.ok_or_else(|| ApiError::bad_request(format!("Entity type '{slug}' not found")))?;
    call.precondition.check(&Revision::of_row(row.updated_at))?;
    Ok(row.id)
}

/// Updates the fields of a type that the call names.
pub(super) async fn update(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    check_columns(call.arguments.get("metadata_schema"))?;
    check_schema(call.arguments.get("metadata_schema")).map_err(ApiError::bad_request)?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let id = lock(call, &mut tx, slug).await?;
    EntityTypeRow::update(&mut tx, &call.arguments, id).await?;
    let row = EntityTypeRow::reread(&mut tx, &call.organization.id, id).await?;
    audit::record(&mut tx, caller, "entity-type.update", slug, &call.arguments.names()).await?;
    tx.commit().await?;
    Ok(SchemaResult::EntityType {
        entity_type: Some(row.written_body()),
    })
}

/// Marks a type as deleted. The row stays, with its id.
pub(super) async fn delete(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let id = lock(call, &mut tx, slug).await?;
    let used = "SELECT id FROM entity WHERE entity_type_id = $1 AND deleted_at IS NULL LIMIT 1";
    if tx.exists(used, params![id]).await? {
        let message = format!("Cannot delete entity type '{slug}': it has entities. Delete them first.");
        return Err(ApiError::bad_request(message));
    }
    let sql = "UPDATE entity_type SET deleted_at = $1 WHERE id = $2";
    tx.execute(sql, params![now(), id]).await?;
    audit::record(&mut tx, caller, "entity-type.delete", slug, &[]).await?;
    tx.commit().await?;
    Ok(SchemaResult::deleted(format!(
        "Entity type '{slug}' deleted successfully"
    )))
}

/// Lists who changed a type and when, newest first.
pub(super) async fn list_events(call: &SchemaCall) -> ApiResult<SchemaResult> {
    // The audit stores targets cut, so a long slug has to be cut to be found.
    let target = audit_event::target_text(call.slug()?);
    let audit = EntityTypeEvent::list(&call.app.db, &call.organization.id, &target).await?;
    Ok(SchemaResult::EntityTypeEvents { audit })
}

/// Checks the table columns of a schema, the only part of it that the server reads.
fn check_columns(schema: Option<&Value>) -> ApiResult<()> {
    let properties = schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    let mut columns = 0;
    for (name, property) in properties.into_iter().flatten() {
        match property.get("x-table-column") {
            None => {}
            Some(Value::Bool(shown)) => columns += usize::from(*shown),
            Some(_) => return Err(wrong_property(name, "x-table-column must be a boolean")),
        }
        if property.get("x-table-label").is_some_and(|label| !label.is_string()) {
            return Err(wrong_property(name, "x-table-label must be a string"));
        }
    }
    if columns > MAX_COLUMNS {
        return Err(ApiError::bad_request(
            "At most 4 metadata fields can have x-table-column=true.",
        ));
    }
    Ok(())
}

fn wrong_property(name: &str, message: &str) -> ApiError {
    ApiError::bad_request(format!("metadata_schema.properties.{name}.{message}"))
}

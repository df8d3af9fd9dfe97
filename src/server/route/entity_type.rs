//! Entity types: contract section 8.1. A deleted slug is free again, for the index counts living rows only.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::tool::{Call, done, one, unknown};
use crate::server::app::{iso, now};
use crate::server::audit;
use crate::server::db::{DbResult, Row, params};
use crate::server::reply::{Failure, Reply};

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
const MEMBER: &str = "$member";
const MOST_COLUMNS: usize = 4;

/// The system type that exists in every organisation from its first reading on.
static MEMBER_TYPE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("member_type.json")).unwrap_or_default());

type Answer = Reply<Map<String, Value>>;

pub(crate) async fn dispatch(call: &Call) -> Answer {
    match call.action.as_str() {
        "list" => list(call).await,
        "get" => get(call).await,
        "create" => create(call).await,
        "update" => update(call).await,
        "delete" => delete(call).await,
        "audit" => history(call).await,
        other => Err(unknown(other)),
    }
}

/// A row; with its organisation and author when it has them.
fn entity_type(row: &Row, joined: bool) -> DbResult<Value> {
    let created_by = row.opt_text(8)?;
    let mut entity = Map::new();
    entity.insert("id".into(), json!(row.int(0)?));
    entity.insert("slug".into(), json!(row.text(1)?));
    entity.insert("name".into(), json!(row.text(2)?));
    for (key, index) in [("description", 3), ("icon", 4), ("color", 5)] {
        entity.insert(key.into(), json!(row.opt_text(index)?));
    }
    entity.insert("metadata_schema".into(), row.opt_json(6)?);
    entity.insert("event_kinds".into(), row.opt_json(7)?);
    entity.insert("created_by".into(), json!(created_by));
    entity.insert("organization_id".into(), json!(row.text(9)?));
    entity.insert("created_at".into(), json!(iso(row.int(10)?)));
    entity.insert("updated_at".into(), json!(iso(row.int(11)?)));
    entity.insert("current_view_template_version_id".into(), Value::Null);
    if joined {
        entity.insert("organization_slug".into(), json!(row.text(12)?));
        entity.insert("created_by_username".into(), json!(row.opt_text(13)?));
    }
    entity.insert("is_system".into(), json!(created_by.is_none()));
    entity.insert("entity_count".into(), json!(0));
    Ok(Value::Object(entity))
}

/// Own types by name, then those of every public organisation.
async fn list(call: &Call) -> Answer {
    let rows = call
        .app
        .db
        .fetch(
            "SELECT e.id, e.slug, e.name, e.description, e.icon, e.color, e.metadata_schema, e.event_kinds, \
             e.created_by, e.organization_id, e.created_at, e.updated_at, o.slug, a.name \
             FROM entity_type e JOIN organization o ON o.id = e.organization_id \
             LEFT JOIN account a ON a.id = e.created_by \
             WHERE e.deleted_at IS NULL AND (e.organization_id = $1 OR o.visibility = 'public') \
             ORDER BY CASE WHEN e.organization_id = $1 THEN 0 ELSE 1 END, e.name, e.id",
            params![&call.organization.id],
        )
        .await?;
    let types = rows
        .iter()
        .map(|row| entity_type(row, true))
        .collect::<DbResult<Vec<_>>>()?;
    Ok(one("entity_types", Value::Array(types)))
}

/// The own type wins over one of a public organisation.
async fn get(call: &Call) -> Answer {
    let slug = call.slug()?;
    if slug == MEMBER && call.by_member {
        ensure_member_type(call).await?;
    }
    let row = call
        .app
        .db
        .optional(
            "SELECT e.id, e.slug, e.name, e.description, e.icon, e.color, e.metadata_schema, e.event_kinds, \
             e.created_by, e.organization_id, e.created_at, e.updated_at, o.slug, a.name \
             FROM entity_type e JOIN organization o ON o.id = e.organization_id \
             LEFT JOIN account a ON a.id = e.created_by \
             WHERE e.deleted_at IS NULL AND e.slug = $2 AND (e.organization_id = $1 OR o.visibility = 'public') \
             ORDER BY CASE WHEN e.organization_id = $1 THEN 0 ELSE 1 END, e.id LIMIT 1",
            params![&call.organization.id, slug],
        )
        .await?;
    Ok(one(
        "entity_type",
        row.map(|row| entity_type(&row, true)).transpose()?.unwrap_or_default(),
    ))
}

async fn ensure_member_type(call: &Call) -> Reply<()> {
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

/// Lower case, and a hyphen for every other character.
fn normalised(slug: &str) -> String {
    let keeps = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
    slug.to_lowercase()
        .chars()
        .map(|each| if keeps(each) { each } else { '-' })
        .collect()
}

async fn create(call: &Call) -> Answer {
    let sent = call.slug()?;
    if sent.starts_with('$') {
        return Err(Failure::bad_request(
            "Entity type slugs starting with '$' are reserved for system types",
        ));
    }
    let slug = normalised(sent);
    let name = call.required("name")?;
    if RESERVED.contains(&slug.as_str()) {
        let reserved = RESERVED.join(", ");
        return Err(Failure::bad_request(format!(
            "Cannot create entity type with reserved slug '{slug}'. Reserved: {reserved}"
        )));
    }
    // The recorded server counts columns only in an update; projects exist that create types with more.
    check_columns(call.arguments.get("metadata_schema"))?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let row = tx
        .optional(
            "INSERT INTO entity_type (organization_id, slug, name, description, icon, color, metadata_schema, \
             event_kinds, created_by, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
             ON CONFLICT (organization_id, slug) WHERE deleted_at IS NULL DO NOTHING \
             RETURNING id, slug, name, description, icon, color, metadata_schema, event_kinds, created_by, \
             organization_id, created_at, updated_at",
            params![
                &call.organization.id,
                &slug,
                name,
                call.text("description")?,
                call.text("icon")?,
                call.text("color")?,
                call.json("metadata_schema").as_deref(),
                call.json("event_kinds").as_deref(),
                &caller.member.account,
                now()
            ],
        )
        .await?;
    let Some(row) = row else {
        return Err(Failure::bad_request(format!(
            "Entity type with slug '{slug}' already exists"
        )));
    };
    audit::record(&mut tx, caller, "entity-type.create", &slug, &call.names()).await?;
    tx.commit().await?;
    Ok(one("entity_type", entity_type(&row, false)?))
}

/// Absent keeps; null clears the two JSON fields and keeps the texts.
async fn update(call: &Call) -> Answer {
    let slug = call.slug()?;
    if check_columns(call.arguments.get("metadata_schema"))? > MOST_COLUMNS {
        return Err(Failure::bad_request(
            "At most 4 metadata fields can have x-table-column=true.",
        ));
    }
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let row = tx
        .optional(
            "UPDATE entity_type SET name = COALESCE($1, name), description = COALESCE($2, description), \
             icon = COALESCE($3, icon), color = COALESCE($4, color), \
             metadata_schema = CASE WHEN $5 = 1 THEN $6 ELSE metadata_schema END, \
             event_kinds = CASE WHEN $7 = 1 THEN $8 ELSE event_kinds END, \
             updated_at = CASE WHEN updated_at >= $9 THEN updated_at + 1 ELSE $9 END \
             WHERE organization_id = $10 AND slug = $11 AND deleted_at IS NULL \
             RETURNING id, slug, name, description, icon, color, metadata_schema, event_kinds, created_by, \
             organization_id, created_at, updated_at",
            params![
                call.text("name")?,
                call.text("description")?,
                call.text("icon")?,
                call.text("color")?,
                call.has("metadata_schema"),
                call.json("metadata_schema").as_deref(),
                call.has("event_kinds"),
                call.json("event_kinds").as_deref(),
                now(),
                &call.organization.id,
                slug
            ],
        )
        .await?
        .ok_or_else(|| not_found(slug))?;
    audit::record(&mut tx, caller, "entity-type.update", slug, &call.names()).await?;
    tx.commit().await?;
    Ok(one("entity_type", entity_type(&row, false)?))
}

fn not_found(slug: &str) -> Failure {
    Failure::bad_request(format!("Entity type '{slug}' not found"))
}

async fn delete(call: &Call) -> Answer {
    let slug = call.slug()?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let sql = "UPDATE entity_type SET deleted_at = $1 WHERE organization_id = $2 AND slug = $3 AND deleted_at IS NULL";
    if tx.execute(sql, params![now(), &call.organization.id, slug]).await? == 0 {
        return Err(not_found(slug));
    }
    audit::record(&mut tx, caller, "entity-type.delete", slug, &[]).await?;
    tx.commit().await?;
    Ok(done(format!("Entity type '{slug}' deleted successfully")))
}

/// Who changed the type and when, newest first.
async fn history(call: &Call) -> Answer {
    let slug = call.slug()?;
    let rows = call
        .app
        .db
        .fetch(
            "SELECT at, account_id, action FROM audit WHERE organization_id = $1 AND target = $2 \
             AND action LIKE 'entity-type.%' ORDER BY id DESC LIMIT 100",
            params![&call.organization.id, slug],
        )
        .await?;
    let events: DbResult<Vec<Value>> = rows
        .iter()
        .map(|row| Ok(json!({ "at": iso(row.int(0)?), "user_id": row.text(1)?, "action": row.text(2)? })))
        .collect();
    Ok(one("audit", Value::Array(events?)))
}

/// The table columns are the only part of a schema that the server reads. Answers how many there are.
fn check_columns(schema: Option<&Value>) -> Reply<usize> {
    let properties = schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    let mut columns = 0;
    for (name, property) in properties.into_iter().flatten() {
        match property.get("x-table-column") {
            None => {}
            Some(Value::Bool(shown)) => columns += usize::from(*shown),
            Some(_) => return Err(wrong(name, "x-table-column must be a boolean")),
        }
        if property.get("x-table-label").is_some_and(|label| !label.is_string()) {
            return Err(wrong(name, "x-table-label must be a string"));
        }
    }
    Ok(columns)
}

fn wrong(name: &str, words: &str) -> Failure {
    Failure::bad_request(format!("metadata_schema.properties.{name}.{words}"))
}

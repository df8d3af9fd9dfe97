//! Reading relationship types: contract section 8.2. Their slugs are unique across organisations, as recorded.

use serde_json::{Map, Value, json};

use super::tool::{Call, one};
use crate::server::app::iso;
use crate::server::db::{DbResult, Row, params};
use crate::server::reply::Reply;

/// A row; with its organisation and author when it has them.
pub(crate) fn relationship_type(row: &Row, joined: bool) -> DbResult<Map<String, Value>> {
    let mut relation = Map::new();
    relation.insert("id".into(), json!(row.int(0)?));
    relation.insert("slug".into(), json!(row.text(1)?));
    relation.insert("name".into(), json!(row.text(2)?));
    relation.insert("description".into(), json!(row.opt_text(3)?));
    relation.insert("organization_id".into(), json!(row.text(4)?));
    relation.insert("created_by".into(), json!(row.opt_text(5)?));
    relation.insert("metadata_schema".into(), row.opt_json(6)?);
    relation.insert("metadata".into(), row.opt_json(7)?);
    relation.insert("is_symmetric".into(), json!(row.int(8)? == 1));
    let inverse = row.opt_text(10)?;
    relation.insert(
        "inverse_type_id".into(),
        json!(row.opt_int(9)?.filter(|_| inverse.is_some())),
    );
    relation.insert("inverse_type_slug".into(), json!(inverse));
    relation.insert("status".into(), json!(row.text(11)?));
    relation.insert("created_at".into(), json!(iso(row.int(12)?)));
    relation.insert("updated_at".into(), json!(iso(row.int(13)?)));
    if joined {
        relation.insert("deleted_at".into(), json!(row.opt_int(14)?.map(iso)));
        relation.insert("organization_slug".into(), json!(row.text(15)?));
        relation.insert("created_by_username".into(), json!(row.opt_text(16)?));
    }
    Ok(relation)
}

/// Own types by name, then those of every public organisation.
pub(crate) async fn list(call: &Call) -> Reply<Map<String, Value>> {
    let deleted = call.arguments.get("include_deleted").is_some_and(|value| value == true);
    let rows = call
        .app
        .db
        .fetch(
            "SELECT r.id, r.slug, r.name, r.description, r.organization_id, r.created_by, r.metadata_schema, \
             r.metadata, r.is_symmetric, r.inverse_type_id, i.slug, r.status, r.created_at, r.updated_at, \
             r.deleted_at, o.slug, a.name FROM relationship_type r \
             JOIN organization o ON o.id = r.organization_id LEFT JOIN account a ON a.id = r.created_by \
             LEFT JOIN relationship_type i ON i.id = r.inverse_type_id AND i.deleted_at IS NULL \
             WHERE (r.deleted_at IS NULL OR $2 = 1) AND (r.organization_id = $1 OR o.visibility = 'public') \
             ORDER BY CASE WHEN r.organization_id = $1 THEN 0 ELSE 1 END, r.name, r.id",
            params![&call.organization.id, deleted],
        )
        .await?;
    let types: DbResult<Vec<Value>> = rows
        .iter()
        .map(|row| {
            let mut relation = relationship_type(row, true)?;
            relation.insert("relationship_count".into(), json!(0));
            Ok(Value::Object(relation))
        })
        .collect();
    Ok(one("relationship_types", Value::Array(types?)))
}

/// The type of that slug, own or public.
pub(crate) async fn get(call: &Call) -> Reply<Map<String, Value>> {
    let row = call
        .app
        .db
        .optional(
            "SELECT r.id, r.slug, r.name, r.description, r.organization_id, r.created_by, r.metadata_schema, \
             r.metadata, r.is_symmetric, r.inverse_type_id, i.slug, r.status, r.created_at, r.updated_at, \
             r.deleted_at, o.slug, a.name FROM relationship_type r \
             JOIN organization o ON o.id = r.organization_id LEFT JOIN account a ON a.id = r.created_by \
             LEFT JOIN relationship_type i ON i.id = r.inverse_type_id AND i.deleted_at IS NULL \
             WHERE r.slug = $2 AND r.deleted_at IS NULL AND (r.organization_id = $1 OR o.visibility = 'public')",
            params![&call.organization.id, call.slug()?],
        )
        .await?;
    let relation = row.map(|row| relationship_type(&row, true)).transpose()?;
    Ok(one("relationship_type", relation.map_or(Value::Null, Value::Object)))
}

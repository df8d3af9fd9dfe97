//! Creating, updating and deleting relationship types: contract section 8.2.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::relationship_type::relationship_type;
use super::tool::{Call, done, one};
use crate::server::app::now;
use crate::server::audit;
use crate::server::crypto::to_hex;
use crate::server::db::{Row, Tx, params};
use crate::server::reply::{Failure, Reply};

type Answer = Reply<Map<String, Value>>;

fn status(call: &Call) -> Reply<Option<&str>> {
    match call.text("status")? {
        Some(other) if !matches!(other, "active" | "archived") => {
            Err(Failure::bad_request("status must be \"active\" or \"archived\""))
        }
        known => Ok(known),
    }
}

fn symmetric(call: &Call) -> Reply<bool> {
    match call.arguments.get("is_symmetric") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(Failure::bad_request("is_symmetric must be true or false")),
    }
}

/// What `auto_create_when` is stored as; `None` when it is absent.
fn automatic(call: &Call, version: i64) -> Reply<Option<Value>> {
    const KEYS: [&str; 4] = ["sourceNamespace", "targetField", "assuranceRequired", "matchStrategy"];
    let Some(sent) = call.arguments.get("auto_create_when") else {
        return Ok(None);
    };
    let list = sent.as_array().filter(|list| list.iter().all(Value::is_object));
    let list = list.ok_or_else(|| Failure::bad_request("auto_create_when must be a list of objects"))?;
    let rules = list.iter().map(|rule| {
        let known = KEYS
            .iter()
            .filter_map(|key| rule.get(key).map(|value| ((*key).to_owned(), value.clone())));
        Value::Object(known.collect())
    });
    let rules = Value::Array(rules.collect());
    let hash = to_hex(&Sha256::digest(rules.to_string().as_bytes()));
    Ok(Some(
        json!({ "ruleHash": hash, "ruleVersion": version, "autoCreateWhen": rules }),
    ))
}

async fn reread(tx: &mut Tx<'_>, id: i64) -> Reply<Value> {
    let row = tx
        .optional(
            "SELECT r.id, r.slug, r.name, r.description, r.organization_id, r.created_by, r.metadata_schema, \
             r.metadata, r.is_symmetric, r.inverse_type_id, i.slug, r.status, r.created_at, r.updated_at \
             FROM relationship_type r \
             LEFT JOIN relationship_type i ON i.id = r.inverse_type_id AND i.deleted_at IS NULL WHERE r.id = $1",
            params![id],
        )
        .await?
        .ok_or_else(|| Failure::internal(&"a relationship type vanished in its own transaction"))?;
    Ok(Value::Object(relationship_type(&row, false)?))
}

/// The id of the inverse: `None` when not sent, `Some(None)` for the empty slug.
async fn inverse(call: &Call, tx: &mut Tx<'_>) -> Reply<Option<Option<i64>>> {
    let Some(slug) = call.text("inverse_type_slug")? else {
        return Ok(None);
    };
    if slug.is_empty() {
        return Ok(Some(None));
    }
    let sql = "SELECT id FROM relationship_type WHERE slug = $1 AND organization_id = $2 AND deleted_at IS NULL";
    let row = tx.optional(sql, params![slug, &call.organization.id]).await?;
    let row = row.ok_or_else(|| Failure::bad_request(format!("Inverse relationship type \"{slug}\" not found")))?;
    Ok(Some(Some(row.int(0)?)))
}

/// The other side points back.
async fn point_back(tx: &mut Tx<'_>, inverse: i64, id: i64) -> Reply<()> {
    let sql = "UPDATE relationship_type SET inverse_type_id = $1, \
        updated_at = CASE WHEN updated_at >= $2 THEN updated_at + 1 ELSE $2 END WHERE id = $3";
    tx.execute(sql, params![id, now(), inverse]).await?;
    Ok(())
}

pub(crate) async fn create(call: &Call) -> Answer {
    let slug = call.slug()?;
    if slug.starts_with('$') {
        return Err(Failure::bad_request(
            "Relationship type slugs starting with '$' are reserved for system types",
        ));
    }
    let name = call.required("name")?;
    let caller = call.writer()?;
    let metadata = automatic(call, 1)?.map(|value| value.to_string());
    let (status, symmetric) = (status(call)?.unwrap_or("active"), symmetric(call)?);
    let mut tx = call.app.db.begin().await?;
    let inverse = inverse(call, &mut tx).await?.flatten();
    let row = tx
        .optional(
            "INSERT INTO relationship_type (organization_id, slug, name, description, metadata_schema, metadata, \
             is_symmetric, inverse_type_id, status, created_by, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) \
             ON CONFLICT (slug) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
            params![
                &call.organization.id,
                slug,
                name,
                call.text("description")?,
                call.json("metadata_schema").as_deref(),
                metadata.as_deref(),
                symmetric,
                inverse,
                status,
                &caller.member.account,
                now()
            ],
        )
        .await?;
    let Some(row) = row else {
        return Err(Failure::bad_request(format!(
            "Relationship type with slug \"{slug}\" already exists"
        )));
    };
    let id = row.int(0)?;
    if let Some(inverse) = inverse {
        point_back(&mut tx, inverse, id).await?;
    }
    let answer = reread(&mut tx, id).await?;
    audit::record(&mut tx, caller, "relationship-type.create", slug, &call.names()).await?;
    tx.commit().await?;
    Ok(one("relationship_type", answer))
}

fn not_found(slug: &str) -> Failure {
    Failure::bad_request(format!("Relationship type \"{slug}\" not found"))
}

/// Locks the own, living type of that slug.
async fn lock(call: &Call, tx: &mut Tx<'_>, slug: &str) -> Reply<Row> {
    let row = tx
        .optional(
            "UPDATE relationship_type SET updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END \
             WHERE slug = $2 AND organization_id = $3 AND deleted_at IS NULL RETURNING id, metadata",
            params![now(), slug, &call.organization.id],
        )
        .await?;
    if let Some(row) = row {
        return Ok(row);
    }
    let sql = "SELECT id FROM relationship_type WHERE slug = $1 AND deleted_at IS NULL";
    match tx.optional(sql, params![slug]).await? {
        Some(_) => Err(Failure::bad_request(
            "Access denied: relationship type belongs to another organization",
        )),
        None => Err(not_found(slug)),
    }
}

/// Absent keeps; null clears description and schema; the symmetry stays what it was.
pub(crate) async fn update(call: &Call) -> Answer {
    let slug = call.slug()?;
    let caller = call.writer()?;
    let status = status(call)?;
    let mut tx = call.app.db.begin().await?;
    let row = lock(call, &mut tx, slug).await?;
    let id = row.int(0)?;
    let version = row.opt_json(1)?["ruleVersion"].as_i64().unwrap_or_default() + 1;
    let metadata = automatic(call, version)?.map(|value| value.to_string());
    let inverse = inverse(call, &mut tx).await?;
    if inverse == Some(Some(id)) {
        return Err(Failure::bad_request("inverse_type_id cannot point to self"));
    }
    tx.execute(
        "UPDATE relationship_type SET name = COALESCE($1, name), \
         description = CASE WHEN $2 = 1 THEN $3 ELSE description END, \
         metadata_schema = CASE WHEN $4 = 1 THEN $5 ELSE metadata_schema END, \
         metadata = COALESCE($6, metadata), status = COALESCE($7, status), \
         inverse_type_id = CASE WHEN $8 = 1 THEN $9 ELSE inverse_type_id END WHERE id = $10",
        params![
            call.text("name")?,
            call.has("description"),
            call.text("description")?,
            call.has("metadata_schema"),
            call.json("metadata_schema").as_deref(),
            metadata.as_deref(),
            status,
            inverse.is_some(),
            inverse.flatten(),
            id
        ],
    )
    .await?;
    if let Some(Some(inverse)) = inverse {
        point_back(&mut tx, inverse, id).await?;
    }
    let answer = reread(&mut tx, id).await?;
    audit::record(&mut tx, caller, "relationship-type.update", slug, &call.names()).await?;
    tx.commit().await?;
    Ok(one("relationship_type", answer))
}

/// The rules go; the slug is free again.
pub(crate) async fn delete(call: &Call) -> Answer {
    let slug = call.slug()?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let id = lock(call, &mut tx, slug).await?.int(0)?;
    tx.execute(
        "DELETE FROM relationship_rule WHERE relationship_type_id = $1",
        params![id],
    )
    .await?;
    tx.execute(
        "UPDATE relationship_type SET deleted_at = $1 WHERE id = $2",
        params![now(), id],
    )
    .await?;
    audit::record(&mut tx, caller, "relationship-type.delete", slug, &[]).await?;
    tx.commit().await?;
    Ok(done(format!("Relationship type \"{slug}\" deleted")))
}

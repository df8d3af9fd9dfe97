//! The rules of relationship types: contract section 8.2. A unique index keeps duplicates out, however many ask at once.

use serde_json::{Map, Value, json};

use super::tool::{Call, done, one};
use crate::server::app::{iso, now};
use crate::server::audit;
use crate::server::db::{DbResult, Row, params};
use crate::server::reply::{Failure, Reply};

type Answer = Reply<Map<String, Value>>;

fn rule(row: &Row) -> DbResult<Value> {
    Ok(json!({
        "id": row.int(0)?,
        "relationship_type_id": row.int(1)?,
        "source_entity_type_slug": row.text(2)?,
        "target_entity_type_slug": row.text(3)?,
        "created_at": iso(row.int(4)?),
    }))
}

fn not_found(slug: &str) -> Failure {
    Failure::bad_request(format!("Relationship type \"{slug}\" not found"))
}

pub(crate) async fn list(call: &Call) -> Answer {
    let slug = call.slug()?;
    let sql = "SELECT r.id FROM relationship_type r JOIN organization o ON o.id = r.organization_id \
        WHERE r.slug = $1 AND r.deleted_at IS NULL AND (r.organization_id = $2 OR o.visibility = 'public')";
    let row = call.app.db.optional(sql, params![slug, &call.organization.id]).await?;
    let id = row.ok_or_else(|| not_found(slug))?.int(0)?;
    let sql = "SELECT id, relationship_type_id, source_slug, target_slug, created_at FROM relationship_rule \
        WHERE relationship_type_id = $1 ORDER BY id";
    let rows = call.app.db.fetch(sql, params![id]).await?;
    let rules = rows.iter().map(rule).collect::<DbResult<Vec<_>>>()?;
    Ok(one("rules", Value::Array(rules)))
}

pub(crate) async fn add(call: &Call) -> Answer {
    let slug = call.slug()?;
    let source = call.required("source_entity_type_slug")?;
    let target = call.required("target_entity_type_slug")?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    // Touching the type first keeps a concurrent deletion from leaving a rule behind.
    let sql = "UPDATE relationship_type SET status = status WHERE slug = $1 AND organization_id = $2 \
        AND deleted_at IS NULL RETURNING id";
    let row = tx.optional(sql, params![slug, &call.organization.id]).await?;
    let id = row.ok_or_else(|| not_found(slug))?.int(0)?;
    let row = tx
        .optional(
            "INSERT INTO relationship_rule (relationship_type_id, source_slug, target_slug, created_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (relationship_type_id, source_slug, target_slug) DO NOTHING \
             RETURNING id, relationship_type_id, source_slug, target_slug, created_at",
            params![id, source, target, now()],
        )
        .await?;
    let Some(row) = row else {
        return Err(Failure::bad_request(format!(
            "Rule already exists for {source} → {target}"
        )));
    };
    audit::record(&mut tx, caller, "rule.add", slug, &[]).await?;
    tx.commit().await?;
    Ok(one("rule", rule(&row)?))
}

fn rule_id(call: &Call) -> Reply<String> {
    match call.arguments.get("rule_id") {
        Some(Value::Number(id)) => Ok(id.to_string()),
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        None | Some(Value::Null | Value::String(_)) => {
            Err(Failure::bad_request("rule_id is required for remove_rule action"))
        }
        Some(_) => Err(Failure::bad_request("rule_id must be a number")),
    }
}

pub(crate) async fn remove(call: &Call) -> Answer {
    let shown = rule_id(call)?;
    let id: i64 = shown
        .parse()
        .map_err(|_| Failure::bad_request("rule_id must be a number"))?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let row = tx
        .optional(
            "DELETE FROM relationship_rule WHERE id = $1 AND relationship_type_id IN \
             (SELECT id FROM relationship_type WHERE organization_id = $2) RETURNING relationship_type_id",
            params![id, &call.organization.id],
        )
        .await?;
    let Some(row) = row else {
        return Err(Failure::bad_request(format!("Rule {shown} not found")));
    };
    let of = tx
        .optional("SELECT slug FROM relationship_type WHERE id = $1", params![row.int(0)?])
        .await?;
    let slug = of.map(|row| row.text(0)).transpose()?.unwrap_or_default();
    audit::record(&mut tx, caller, "rule.remove", &slug, &[]).await?;
    tx.commit().await?;
    Ok(done(format!("Rule {shown} removed")))
}

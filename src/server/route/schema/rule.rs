//! The rules of relationship types: contract section 8.2. A unique index refuses duplicates, also those of concurrent requests.

use serde_json::Value;

use super::call::SchemaCall;
use super::result::SchemaResult;
use super::rule_row::{RuleBody, RuleRow};
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::{Tx, params, table_row};
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};

fn not_found(slug: &str) -> ApiError {
    ApiError::bad_request(format!("Relationship type \"{slug}\" not found"))
}

/// Lists the rules of a type of the organization, or of a public one, oldest first.
pub(super) async fn list(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    let sql = "SELECT r.id FROM relationship_type r JOIN organization o ON o.id = r.organization_id \
        WHERE r.slug = $1 AND r.deleted_at IS NULL AND (r.organization_id = $2 OR o.visibility = 'public')";
    let id: Option<i64> = call.app.db.value(sql, params![slug, &call.organization.id]).await?;
    let rows = RuleRow::list(&call.app.db, id.ok_or_else(|| not_found(slug))?).await?;
    let rules = rows.into_iter().map(RuleBody::from).collect();
    Ok(SchemaResult::Rules { rules })
}

table_row! {
    /// The type of a rule, which the transaction has locked.
    pub(crate) struct LockedType, columns locked_columns {
        id: i64 = "id",
        slug: String = "slug",
        updated_at: i64 = "updated_at",
    }
}

// A write that changes nothing takes the lock of the type's row, so a concurrent deletion of the type cannot leave a rule
// behind. It keeps `updated_at`: rules do not belong to the revision of a type.
const LOCK_BY_SLUG: &str = concat!(
    "UPDATE relationship_type SET status = status WHERE slug = $1 AND organization_id = $2 AND deleted_at IS NULL \
     RETURNING ",
    locked_columns!()
);
const LOCK_BY_RULE: &str = concat!(
    "UPDATE relationship_type SET status = status WHERE organization_id = $2 \
     AND id IN (SELECT relationship_type_id FROM relationship_rule WHERE id = $1) RETURNING ",
    locked_columns!()
);

/// Adds a rule to a type of the organization. Its entity types need not exist (contract section 8.2).
pub(super) async fn add(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let slug = call.slug()?;
    let source = call.arguments.required("source_entity_type_slug")?;
    let target = call.arguments.required("target_entity_type_slug")?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let locked: Option<LockedType> = tx.row(LOCK_BY_SLUG, params![slug, &call.organization.id]).await?;
    let locked = locked.ok_or_else(|| not_found(slug))?;
    call.precondition.check(&Revision::of_row(locked.updated_at))?;
    let Some(row) = RuleRow::insert(&mut tx, locked.id, (source, target), now()).await? else {
        return Err(ApiError::bad_request(format!(
            "Rule already exists for {source} → {target}"
        )));
    };
    audit::record(&mut tx, caller, "rule.add", slug, &[]).await?;
    tx.commit().await?;
    Ok(SchemaResult::Rule { rule: row.into() })
}

/// Returns the id of a rule as the client sent it: a number or a text.
fn rule_id(call: &SchemaCall) -> ApiResult<String> {
    match call.arguments.get("rule_id") {
        Some(Value::Number(id)) => Ok(id.to_string()),
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        None | Some(Value::Null | Value::String(_)) => {
            Err(ApiError::bad_request("rule_id is required for remove_rule action"))
        }
        Some(_) => Err(ApiError::bad_request("rule_id must be a number")),
    }
}

/// Removes a rule from a type of the organization.
pub(super) async fn remove(call: &SchemaCall) -> ApiResult<SchemaResult> {
    let id_text = rule_id(call)?;
    let id: i64 = id_text
        .parse()
        .map_err(|_| ApiError::bad_request("rule_id must be a number"))?;
    let caller = call.writer()?;
    let mut tx = call.app.db.begin().await?;
    let slug = delete(call, &mut tx, id).await?;
    let slug = slug.ok_or_else(|| ApiError::bad_request(format!("Rule {id_text} not found")))?;
    audit::record(&mut tx, caller, "rule.remove", &slug, &[]).await?;
    tx.commit().await?;
    Ok(SchemaResult::deleted(format!("Rule {id_text} removed")))
}

/// Deletes a rule and returns the slug of its type. `None` when the organization has no such rule.
async fn delete(call: &SchemaCall, tx: &mut Tx<'_>, id: i64) -> ApiResult<Option<String>> {
    let locked: Option<LockedType> = tx.row(LOCK_BY_RULE, params![id, &call.organization.id]).await?;
    let Some(locked) = locked else { return Ok(None) };
    call.precondition.check(&Revision::of_row(locked.updated_at))?;
    let sql = "DELETE FROM relationship_rule WHERE id = $1";
    let deleted = tx.execute(sql, params![id]).await?;
    Ok((deleted == 1).then_some(locked.slug))
}

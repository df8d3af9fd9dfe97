//! Deleting entities, and taking a deletion back.

use serde_json::json;

use super::hierarchy;
use super::row::{EntityRow, not_found};
use crate::server::app::now;
use crate::server::audit;
use crate::server::db::{Tx, params};
use crate::server::precondition::Revision;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

const TREE: &str = "WITH RECURSIVE tree (id) AS (SELECT e.id FROM entity e WHERE e.id = $1 \
     UNION ALL SELECT e.id FROM entity e JOIN tree ON e.parent_id = tree.id) \
     DELETE FROM entity WHERE id IN (SELECT id FROM tree)";

/// Deletes an entity: its row stays and keeps its slug taken, and its relationships stay. `force_delete_tree` removes the
/// rows of the entity and of everything below it for good.
pub(crate) async fn delete(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let id = call.arguments.required_id("entity_id", "delete action")?;
    let mut tx = call.app.db.begin().await?;
    hierarchy::lock(&mut tx, call.organization()).await?;
    let row = find(call, &mut tx, id).await?.filter(|row| row.deleted_at.is_none());
    let row = row.ok_or_else(|| not_found(id))?;
    call.precondition.check(&Revision::of_row(row.updated_at))?;
    let (message, deleted) = if call.arguments.is_true("force_delete_tree") {
        let deleted = delete_tree(&mut tx, id).await?;
        ("Entity and all descendants deleted successfully", deleted)
    } else {
        if row.children_count > 0 {
            return Err(ApiError::bad_request(format!(
                "Cannot delete entity: it has {} child entities. Use force_delete_tree=true to delete the entire hierarchy.",
                row.children_count
            )));
        }
        let sql = "UPDATE entity SET deleted_at = $1, \
            updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END WHERE id = $2";
        (
            "Entity soft-deleted successfully",
            tx.execute(sql, params![now(), id]).await?,
        )
    };
    let target = format!("{}/{}", row.entity_type, row.slug);
    audit::record(&mut tx, caller, "entity.delete", &target, &[]).await?;
    tx.commit().await?;
    let body = json!({ "action": "delete", "success": true, "message": message, "deleted_count": deleted });
    Ok(body.into())
}

/// Removes the rows of an entity and of everything below it, unless watchers or knowledge need one of them, archived ones included.
async fn delete_tree(tx: &mut Tx<'_>, id: i64) -> ApiResult<u64> {
    match tx.execute(TREE, params![id]).await {
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Err(ApiError::bad_request(
            "Cannot hard delete entity tree: watchers or knowledge belong to it. Soft delete the entity instead to keep them.",
        )),
        other => Ok(other?),
    }
}

/// Takes the deletion of an entity back. The recorded server has no such action: there, a deleted slug stays taken for good.
pub(crate) async fn restore(call: &MemoryCall) -> ApiResult<MemoryReply> {
    let caller = call.administrator()?;
    let id = call.arguments.required_id("entity_id", "restore action")?;
    let mut tx = call.app.db.begin().await?;
    hierarchy::lock(&mut tx, call.organization()).await?;
    let row = find(call, &mut tx, id).await?.ok_or_else(|| not_found(id))?;
    if row.deleted_at.is_none() {
        return Err(ApiError::bad_request(format!("Entity with ID {id} is not deleted")));
    }
    if let Some(parent) = row.parent_id {
        // Also refuses a parent that is deleted itself.
        hierarchy::check_parent(&mut tx, call.organization(), parent, Some(id)).await?;
    }
    let sql = "UPDATE entity SET deleted_at = NULL, \
        updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END WHERE id = $2";
    tx.execute(sql, params![now(), id]).await?;
    let row = EntityRow::reread(&mut tx, id).await?;
    let target = format!("{}/{}", row.entity_type, row.slug);
    audit::record(&mut tx, caller, "entity.restore", &target, &[]).await?;
    tx.commit().await?;
    let updated_at = Some(row.updated_at);
    Ok(MemoryReply {
        body: json!({ "action": "restore", "entity": row.body(call) }),
        updated_at,
    })
}

/// Locks an entity of the organization, deleted or not.
async fn find(call: &MemoryCall, tx: &mut Tx<'_>, id: i64) -> ApiResult<Option<EntityRow>> {
    let sql = "UPDATE entity SET updated_at = updated_at WHERE id = $1 AND organization_id = $2";
    if tx.execute(sql, params![id, call.organization()]).await? == 0 {
        return Ok(None);
    }
    Ok(Some(EntityRow::reread(tx, id).await?))
}

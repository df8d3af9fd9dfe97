//! The tree of an organization's entities: an entity has at most one parent, no circle, and at most ten levels.

use crate::server::db::{Tx, params, table_row};
use crate::server::reply::{ApiError, ApiResult};

/// The maximum number of levels.
const MAX_LEVELS: i64 = 10;

/// Keeps every other transaction from changing the tree of the organization until this one ends. Without it, two moves that
/// are right by themselves could make a circle together, and a child could be added to a parent that is being deleted.
///
/// Taken before any lock of an entity, so that two transactions cannot wait for each other.
pub(super) async fn lock(tx: &mut Tx<'_>, organization: &str) -> ApiResult<()> {
    // A write that changes nothing takes the lock of the organization's row.
    let sql = "UPDATE organization SET name = name WHERE id = $1";
    tx.execute(sql, params![organization]).await?;
    Ok(())
}

table_row! {
    /// An entity on the way from a parent to its root.
    pub(crate) struct Ancestor, columns ancestor_columns {
        id: i64 = "up.id",
    }
}

// A bound on the levels ends the query also when stored rows make a circle.
const ANCESTORS: &str = concat!(
    "WITH RECURSIVE up (id, parent_id, level) AS (\
     SELECT e.id, e.parent_id, CAST(1 AS BIGINT) FROM entity e \
     WHERE e.id = $1 AND e.organization_id = $2 AND e.deleted_at IS NULL \
     UNION ALL SELECT e.id, e.parent_id, up.level + 1 FROM entity e JOIN up ON e.id = up.parent_id WHERE up.level < 100) \
     SELECT ",
    ancestor_columns!(),
    " FROM up"
);
const HEIGHT: &str = "WITH RECURSIVE down (id, level) AS (\
     SELECT e.id, CAST(1 AS BIGINT) FROM entity e WHERE e.id = $1 \
     UNION ALL SELECT e.id, down.level + 1 FROM entity e JOIN down ON e.parent_id = down.id WHERE down.level < 100) \
     SELECT MAX(level) FROM down";

/// Checks that `parent` is a living entity of the organization which may get `child` below it. `None` stands for a new
/// entity. Needs [`lock`].
pub(super) async fn check_parent(
    tx: &mut Tx<'_>,
    organization: &str,
    parent: i64,
    child: Option<i64>,
) -> ApiResult<()> {
    let ancestors: Vec<Ancestor> = tx.rows(ANCESTORS, params![parent, organization]).await?;
    if ancestors.is_empty() {
        return Err(ApiError::bad_request(format!("Parent entity {parent} does not exist")));
    }
    let height = match child {
        Some(child) => tx
            .value::<Option<i64>>(HEIGHT, params![child])
            .await?
            .flatten()
            .unwrap_or(1),
        None => 1,
    };
    let depth = i64::try_from(ancestors.len()).unwrap_or(i64::MAX);
    if depth.saturating_add(height) > MAX_LEVELS || ancestors.iter().any(|each| Some(each.id) == child) {
        let message = format!("Circular reference detected or hierarchy too deep (max {MAX_LEVELS} levels)");
        return Err(ApiError::bad_request(message));
    }
    Ok(())
}

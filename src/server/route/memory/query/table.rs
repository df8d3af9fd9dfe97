//! The rows of the tables that may be asked for.

use serde_json::{Value, json};

use super::columns::QueryTable;
use crate::server::app::iso;
use crate::server::db::{Db, DbResult, params, table_row};
use crate::server::nesting;
use crate::server::route::memory::arguments::RowWindow;
use crate::server::route::memory::array_text;

table_row! {
    /// A row of `entities`, deleted or not.
    pub(crate) struct QueriedEntity, columns entity_columns {
        id: i64 = "e.id",
        entity_type: String = "t.slug",
        entity_type_id: i64 = "e.entity_type_id",
        parent_id: Option<i64> = "e.parent_id",
        name: String = "e.name",
        slug: String = "e.slug",
        metadata: Value = "e.metadata",
        enabled_classifiers: Option<Value> = "e.enabled_classifiers",
        created_at: i64 = "e.created_at",
        updated_at: i64 = "e.updated_at",
        organization_id: String = "e.organization_id",
        created_by: Option<String> = "e.created_by",
        content: Option<String> = "e.content",
        deleted_at: Option<i64> = "e.deleted_at",
    }
}

table_row! {
    /// A row of `watchers`, archived or not.
    pub(crate) struct QueriedWatcher, columns watcher_columns {
        id: i64 = "w.id",
        slug: String = "w.slug",
        name: String = "v.name",
        status: String = "w.status",
        version: i64 = "w.current_version",
        schedule: Option<String> = "w.schedule",
        agent_id: Option<String> = "w.agent_id",
        entity_id: i64 = "w.entity_id",
        tags: Value = "w.tags",
        reaction_script: Option<String> = "w.reaction_script",
        created_at: i64 = "w.created_at",
        updated_at: i64 = "w.updated_at",
        organization_id: String = "w.organization_id",
    }
}

/// The columns that rows may be sorted by.
pub(super) const SORTABLE: [&str; 5] = ["id", "slug", "name", "created_at", "updated_at"];

/// Expands to the end of a query: the column `$2`, upwards or downwards, and one page.
macro_rules! sorted {
    ($row:literal, $name:literal, $direction:literal) => {
        concat!(
            " ORDER BY CASE WHEN $2 = 'slug' THEN ",
            $row,
            ".slug WHEN $2 = 'name' THEN ",
            $name,
            " END",
            $direction,
            ", CASE WHEN $2 = 'created_at' THEN ",
            $row,
            ".created_at WHEN $2 = 'updated_at' THEN ",
            $row,
            ".updated_at END",
            $direction,
            ", ",
            $row,
            ".id",
            $direction,
            " LIMIT $3 OFFSET $4"
        )
    };
}

macro_rules! entities {
    ($direction:literal) => {
        concat!(
            "SELECT ",
            entity_columns!(),
            " FROM entity e JOIN entity_type t ON t.id = e.entity_type_id WHERE e.organization_id = $1",
            sorted!("e", "e.name", $direction)
        )
    };
}

macro_rules! watchers {
    ($direction:literal) => {
        concat!(
            "SELECT ",
            watcher_columns!(),
            " FROM watcher w JOIN watcher_version v ON v.watcher_id = w.id AND v.version = w.current_version \
             WHERE w.organization_id = $1",
            sorted!("w", "v.name", $direction)
        )
    };
}

/// The order of the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowOrder<'a> {
    /// One of [`SORTABLE`].
    pub(super) column: &'a str,
    pub(super) descending: bool,
}

/// Reads one page of a table of the organization, each row as an object with all columns, and counts all rows.
pub(super) async fn page(
    db: &Db,
    organization: &str,
    table: QueryTable,
    order: RowOrder<'_>,
    window: RowWindow,
) -> DbResult<(Vec<Value>, i64)> {
    let values = params![organization, order.column, window.limit, window.offset];
    let (rows, count) = match table {
        QueryTable::Entities => {
            let sql = if order.descending {
                entities!(" DESC")
            } else {
                entities!("")
            };
            let rows: Vec<QueriedEntity> = db.rows(sql, values).await?;
            let count = "SELECT COUNT(*) FROM entity WHERE organization_id = $1";
            (rows.into_iter().map(entity).collect(), count)
        }
        QueryTable::Watchers => {
            let sql = if order.descending {
                watchers!(" DESC")
            } else {
                watchers!("")
            };
            let rows: Vec<QueriedWatcher> = db.rows(sql, values).await?;
            let count = "SELECT COUNT(*) FROM watcher WHERE organization_id = $1";
            (rows.iter().map(watcher).collect(), count)
        }
    };
    let total: Option<i64> = db.value(count, params![organization]).await?;
    Ok((rows, total.unwrap_or(0)))
}

fn entity(row: QueriedEntity) -> Value {
    json!({
        "id": row.id,
        "entity_type": row.entity_type,
        "entity_type_id": row.entity_type_id,
        "parent_id": row.parent_id,
        "name": row.name,
        "slug": row.slug,
        "metadata": nesting::cut_nullable(Some(row.metadata)),
        "enabled_classifiers": row.enabled_classifiers.as_ref().map(array_text::write),
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "organization_id": row.organization_id,
        "created_by": row.created_by,
        "content": row.content,
        "deleted_at": row.deleted_at.map(iso),
    })
}

fn watcher(row: &QueriedWatcher) -> Value {
    json!({
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "status": row.status,
        "version": row.version,
        "schedule": row.schedule,
        "agent_id": row.agent_id,
        "entity_ids": format!("{{{}}}", row.entity_id),
        "tags": array_text::write(&row.tags),
        "reaction_script": row.reaction_script,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "organization_id": row.organization_id,
    })
}

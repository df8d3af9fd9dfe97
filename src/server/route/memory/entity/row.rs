//! An entity's row and its body.

use serde::Serialize;
use serde_json::{Value, json};

use crate::server::app::iso;
use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::nesting;
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::call::MemoryCall;

table_row! {
    /// An entity with its type, its parent and what is counted about it.
    pub(crate) struct EntityRow, columns entity_columns {
        id: i64 = "e.id",
        entity_type_id: i64 = "e.entity_type_id",
        entity_type: String = "t.slug",
        name: String = "e.name",
        slug: String = "e.slug",
        parent_id: Option<i64> = "e.parent_id",
        parent_name: Option<String> = "p.name",
        parent_slug: Option<String> = "p.slug",
        parent_entity_type: Option<String> = "pt.slug",
        metadata: Value = "e.metadata",
        content: Option<String> = "e.content",
        enabled_classifiers: Option<Value> = "e.enabled_classifiers",
        created_by: Option<String> = "e.created_by",
        created_at: i64 = "e.created_at",
        updated_at: i64 = "e.updated_at",
        deleted_at: Option<i64> = "e.deleted_at",
        children_count: i64 = "(SELECT COUNT(*) FROM entity c WHERE c.parent_id = e.id AND c.deleted_at IS NULL)",
        watchers_count: i64 = "(SELECT COUNT(*) FROM watcher w WHERE w.entity_id = e.id AND w.status = 'active')",
        total_content: i64 = "(SELECT COUNT(*) FROM knowledge_entity n WHERE n.entity_id = e.id \
             AND NOT EXISTS (SELECT 1 FROM knowledge s WHERE s.supersedes_id = n.knowledge_id))",
    }
}

/// Expands to a query for entities.
macro_rules! select_entities {
    ($conditions:expr) => {
        concat!(
            "SELECT ",
            entity_columns!(),
            " FROM entity e JOIN entity_type t ON t.id = e.entity_type_id LEFT JOIN entity p ON p.id = e.parent_id \
             LEFT JOIN entity_type pt ON pt.id = p.entity_type_id ",
            $conditions
        )
    };
}

const BY_ID: &str = select_entities!("WHERE e.id = $1");
const VISIBLE: &str = select_entities!(
    "JOIN organization o ON o.id = e.organization_id WHERE e.id = $2 AND e.deleted_at IS NULL \
     AND (e.organization_id = $1 OR o.visibility = 'public')"
);

/// Expands to the conditions of a list: the type `$2`, the parent `$4` if `$3` is 1, and the pattern `$5`.
macro_rules! listed {
    () => {
        "WHERE e.organization_id = $1 AND e.deleted_at IS NULL AND ($2 IS NULL OR t.slug = $2) \
         AND ($3 = 0 OR COALESCE(e.parent_id, 0) = $4) \
         AND ($5 IS NULL OR LOWER(e.name) LIKE $5 ESCAPE '!' OR LOWER(e.slug) LIKE $5 ESCAPE '!' \
         OR LOWER(e.domain) LIKE $5 ESCAPE '!')"
    };
}

/// Expands to the query for one page of a list in an order.
macro_rules! page_by {
    ($order:literal) => {
        select_entities!(concat!(listed!(), " ORDER BY ", $order, " LIMIT $6 OFFSET $7"))
    };
}

const OLDEST: &str = page_by!("e.created_at, e.id");
const NEWEST: &str = page_by!("e.created_at DESC, e.id DESC");
const BY_NAME: &str = page_by!("e.name, e.id");
const BY_NAME_REVERSED: &str = page_by!("e.name DESC, e.id DESC");
const COUNT: &str = concat!(
    "SELECT COUNT(*) FROM entity e JOIN entity_type t ON t.id = e.entity_type_id ",
    listed!()
);

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityOrder {
    /// Whether by name, and not by time.
    pub(crate) by_name: bool,
    pub(crate) descending: bool,
}

impl EntityOrder {
    fn query(self) -> &'static str {
        match (self.by_name, self.descending) {
            (true, false) => BY_NAME,
            (true, true) => BY_NAME_REVERSED,
            (false, false) => OLDEST,
            (false, true) => NEWEST,
        }
    }
}

/// Which entities a list has.
pub(crate) struct EntityFilter<'a> {
    pub(crate) entity_type: Option<&'a str>,
    /// `Some(0)` for those without a parent.
    pub(crate) parent: Option<i64>,
    /// A pattern for `LIKE`, in lower case, with `!` before characters that stand for themselves.
    pub(crate) pattern: Option<String>,
}

impl EntityFilter<'_> {
    /// Returns a pattern for `LIKE` that finds a text anywhere, in lower case.
    pub(crate) fn pattern_of(text: &str) -> String {
        let mut pattern = String::from("%");
        for letter in text.to_lowercase().chars() {
            if matches!(letter, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        pattern
    }
}

impl EntityRow {
    /// Reads an entity of the organization, or of a public one.
    pub(crate) async fn find(db: &Db, organization: &str, id: i64) -> ApiResult<Self> {
        let row = db.row(VISIBLE, params![organization, id]).await?;
        row.ok_or_else(|| not_found(id))
    }

    /// Reads the entity that this transaction has just written or locked.
    pub(super) async fn reread(tx: &mut Tx<'_>, id: i64) -> DbResult<Self> {
        let row = tx.row(BY_ID, params![id]).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// Reads one page, and counts the entities of all pages.
    pub(crate) async fn page(
        db: &Db,
        organization: &str,
        filter: &EntityFilter<'_>,
        order: EntityOrder,
        (limit, offset): (i64, i64),
    ) -> DbResult<(Vec<Self>, i64)> {
        let (by_parent, parent) = (filter.parent.is_some(), filter.parent.unwrap_or(0));
        let conditions = params![
            organization,
            filter.entity_type,
            by_parent,
            parent,
            filter.pattern.as_deref()
        ];
        let total: Option<i64> = db.value(COUNT, conditions).await?;
        let page = [conditions, params![limit, offset]].concat();
        let rows = db.rows(order.query(), &page).await?;
        Ok((rows, total.unwrap_or(0)))
    }

    /// Returns the address of the entity's page. Only the nearest parent is part of it, as on the recorded server.
    pub(crate) fn view_url(&self, base: &str) -> String {
        let (kind, slug) = (&self.entity_type, &self.slug);
        match (&self.parent_entity_type, &self.parent_slug) {
            (Some(parent_kind), Some(parent)) => format!("{base}/{parent_kind}/{parent}/{kind}/{slug}"),
            _ => format!("{base}/{kind}/{slug}"),
        }
    }

    /// Returns the entity as the response to an update has it.
    pub(super) fn written_body(self, call: &MemoryCall) -> EntityBody {
        let view_url = self.view_url(&call.base_url());
        EntityBody {
            id: self.id,
            entity_type: self.entity_type,
            name: self.name,
            slug: self.slug,
            parent_id: self.parent_id,
            parent_name: self.parent_name,
            parent_slug: self.parent_slug,
            metadata: nesting::cut_nullable(Some(self.metadata)),
            created_at: None,
            counts: None,
            view_url,
        }
    }

    /// Returns the entity as the responses to a create and a get have it.
    pub(super) fn body(self, call: &MemoryCall) -> EntityBody {
        EntityBody {
            created_at: Some(iso(self.created_at)),
            ..self.written_body(call)
        }
    }

    /// Returns the entity as a result of a search.
    pub(crate) fn match_body(self, call: &MemoryCall, reason: &str) -> Value {
        json!({
            "id": self.id,
            "type": self.entity_type,
            "name": self.name,
            "slug": self.slug,
            "metadata": nesting::cut_nullable(Some(self.metadata)),
            "parent_id": self.parent_id,
            "parent_name": self.parent_name,
            "parent_slug": self.parent_slug,
            "parent_entity_type": self.parent_entity_type,
            "organization_slug": call.caller.organization.slug,
            "stats": {
                "content_count": self.total_content,
                "connection_count": 0,
                "active_connection_count": 0,
                "children_count": self.children_count,
                "watcher_count": self.watchers_count,
            },
            "match_score": 1,
            "match_reason": reason,
        })
    }

    /// Returns the entity as an element of a list.
    pub(super) fn listed_body(self, call: &MemoryCall) -> EntityBody {
        let counts = EntityCounts {
            parent_entity_type: self.parent_entity_type.clone(),
            total_content: self.total_content,
            active_connections: 0,
            watchers_count: self.watchers_count,
            children_count: self.children_count,
        };
        EntityBody {
            counts: Some(counts),
            ..self.body(call)
        }
    }
}

/// An entity in a response. Its content and its classifiers are never among the fields, as on the recorded server.
#[derive(Serialize)]
pub(super) struct EntityBody {
    id: i64,
    entity_type: String,
    name: String,
    slug: String,
    parent_id: Option<i64>,
    parent_name: Option<String>,
    parent_slug: Option<String>,
    metadata: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(flatten)]
    counts: Option<EntityCounts>,
    view_url: String,
}

/// The fields of an entity that only a list has.
#[derive(Serialize)]
struct EntityCounts {
    parent_entity_type: Option<String>,
    total_content: i64,
    /// This server has no connections.
    active_connections: i64,
    watchers_count: i64,
    children_count: i64,
}

/// Returns the 400 for an entity that does not exist, or that the caller may not see.
pub(super) fn not_found(id: i64) -> ApiError {
    ApiError::bad_request(format!("Entity with ID {id} not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_means_its_characters() {
        assert_eq!(EntityFilter::pattern_of("50%_Off!"), "%50!%!_off!!%");
    }
}

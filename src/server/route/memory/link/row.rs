//! A relationship's row and its body.

use serde::Serialize;
use serde_json::Value;

use crate::server::app::iso;
use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::nesting;

table_row! {
    /// A relationship with its type and its two entities.
    pub(crate) struct LinkRow, columns link_columns {
        id: i64 = "l.id",
        organization_id: String = "l.organization_id",
        from_id: i64 = "l.from_id",
        to_id: i64 = "l.to_id",
        relationship_type_id: i64 = "l.relationship_type_id",
        type_slug: String = "r.slug",
        type_name: String = "r.name",
        is_symmetric: bool = "r.is_symmetric",
        from_name: String = "f.name",
        from_type: String = "ft.slug",
        to_name: String = "e.name",
        to_type: String = "et.slug",
        metadata: Option<Value> = "l.metadata",
        confidence: Option<Value> = "l.confidence",
        source: String = "l.source",
        created_by: Option<String> = "l.created_by",
        updated_by: Option<String> = "l.updated_by",
        created_at: i64 = "l.created_at",
        updated_at: i64 = "l.updated_at",
        deleted_at: Option<i64> = "l.deleted_at",
    }
}

/// Expands to a query for relationships.
macro_rules! select_links {
    ($conditions:expr) => {
        concat!(
            "SELECT ",
            link_columns!(),
            " FROM entity_link l JOIN relationship_type r ON r.id = l.relationship_type_id \
             JOIN entity f ON f.id = l.from_id JOIN entity_type ft ON ft.id = f.entity_type_id \
             JOIN entity e ON e.id = l.to_id JOIN entity_type et ON et.id = e.entity_type_id ",
            $conditions
        )
    };
}

const BY_ID: &str = select_links!("WHERE l.id = $1");

/// Expands to the conditions of a list about the entity `$2`.
macro_rules! about_entity {
    () => {
        "WHERE l.organization_id = $1 AND (($3 <> 'inbound' AND l.from_id = $2) OR ($3 <> 'outbound' AND l.to_id = $2)) \
         AND ($4 IS NULL OR r.slug = $4) AND ($5 IS NULL OR l.source = $5) \
         AND ($6 IS NULL OR CAST(l.confidence AS DOUBLE PRECISION) >= CAST($6 AS DOUBLE PRECISION)) \
         AND (l.deleted_at IS NULL OR $7 = 1)"
    };
}

const PAGE: &str = select_links!(concat!(about_entity!(), " ORDER BY l.id DESC LIMIT $8 OFFSET $9"));
const ALL: &str = select_links!(
    "WHERE l.organization_id = $1 AND l.deleted_at IS NULL AND f.deleted_at IS NULL AND e.deleted_at IS NULL \
     AND r.deleted_at IS NULL AND l.id > $2 ORDER BY l.id LIMIT $3"
);

table_row! {
    /// The number of relationships of a type.
    pub(crate) struct LinkCount, columns count_columns {
        type_slug: String = "r.slug",
        type_name: String = "r.name",
        count: i64 = "COUNT(*)",
    }
}

const COUNTS: &str = concat!(
    "SELECT ",
    count_columns!(),
    " FROM entity_link l JOIN relationship_type r ON r.id = l.relationship_type_id ",
    about_entity!(),
    " GROUP BY r.slug, r.name ORDER BY COUNT(*) DESC, r.slug"
);

/// Which relationships of an entity a list has.
pub(super) struct LinkFilter<'a> {
    pub(super) entity: i64,
    /// `inbound`, `outbound`, or any other text for both.
    pub(super) direction: &'a str,
    pub(super) relationship_type: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    /// The least confidence, as a JSON number.
    pub(super) min_confidence: Option<String>,
    pub(super) with_deleted: bool,
}

impl LinkRow {
    /// Reads the relationship that this transaction has just written or locked.
    pub(super) async fn reread(tx: &mut Tx<'_>, id: i64) -> DbResult<Self> {
        let row = tx.row(BY_ID, params![id]).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// Reads one page, newest first, and counts the relationships of all pages by type.
    pub(super) async fn page(
        db: &Db,
        organization: &str,
        filter: &LinkFilter<'_>,
        (limit, offset): (i64, i64),
    ) -> DbResult<(Vec<Self>, Vec<LinkCount>)> {
        let conditions = params![
            organization,
            filter.entity,
            filter.direction,
            filter.relationship_type,
            filter.source,
            filter.min_confidence.as_deref(),
            filter.with_deleted
        ];
        let counts = db.rows(COUNTS, conditions).await?;
        let rows = db.rows(PAGE, &[conditions, params![limit, offset]].concat()).await?;
        Ok((rows, counts))
    }

    /// Reads the living relationships between living entities, oldest first, from the one after `after`.
    pub(super) async fn all(db: &Db, organization: &str, after: i64, limit: i64) -> DbResult<Vec<Self>> {
        db.rows(ALL, params![organization, after, limit]).await
    }

    /// Returns the relationship as a response has it.
    pub(super) fn body(self) -> LinkBody {
        LinkBody {
            id: self.id,
            organization_id: self.organization_id,
            from_entity_id: self.from_id,
            to_entity_id: self.to_id,
            relationship_type_id: self.relationship_type_id,
            relationship_type_slug: self.type_slug,
            relationship_type_name: self.type_name,
            is_symmetric: self.is_symmetric,
            from_entity_name: self.from_name,
            from_entity_type: self.from_type,
            to_entity_name: self.to_name,
            to_entity_type: self.to_type,
            metadata: nesting::cut_nullable(self.metadata),
            confidence: self.confidence,
            source: self.source,
            created_by: self.created_by,
            updated_by: self.updated_by,
            created_at: iso(self.created_at),
            updated_at: iso(self.updated_at),
            deleted_at: self.deleted_at.map(iso),
        }
    }
}

/// A relationship in a response.
#[derive(Serialize)]
pub(super) struct LinkBody {
    id: i64,
    organization_id: String,
    from_entity_id: i64,
    to_entity_id: i64,
    relationship_type_id: i64,
    relationship_type_slug: String,
    relationship_type_name: String,
    is_symmetric: bool,
    from_entity_name: String,
    from_entity_type: String,
    to_entity_name: String,
    to_entity_type: String,
    metadata: Value,
    confidence: Option<Value>,
    source: String,
    created_by: Option<String>,
    updated_by: Option<String>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
}

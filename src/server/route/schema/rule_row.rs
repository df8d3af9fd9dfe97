//! A relationship type's rule: its row and its body.

use serde::Serialize;

use crate::server::app::iso;
use crate::server::db::{Db, DbResult, Tx, params, table_row};

table_row! {
    /// A rule as it is stored.
    pub(crate) struct RuleRow, columns rule_columns {
        id: i64 = "id",
        relationship_type_id: i64 = "relationship_type_id",
        source_slug: String = "source_slug",
        target_slug: String = "target_slug",
        created_at: i64 = "created_at",
    }
}

const BY_TYPE: &str = concat!(
    "SELECT ",
    rule_columns!(),
    " FROM relationship_rule WHERE relationship_type_id = $1 ORDER BY id"
);

const INSERT: &str = concat!(
    "INSERT INTO relationship_rule (relationship_type_id, source_slug, target_slug, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (relationship_type_id, source_slug, target_slug) DO NOTHING RETURNING ",
    rule_columns!()
);

impl RuleRow {
    /// Reads the rules of a relationship type, oldest first.
    pub(super) async fn list(db: &Db, relationship_type: i64) -> DbResult<Vec<Self>> {
        db.rows(BY_TYPE, params![relationship_type]).await
    }

    /// Inserts a rule. Returns `None` when the type already has it.
    pub(super) async fn insert(
        tx: &mut Tx<'_>,
        relationship_type: i64,
        (source, target): (&str, &str),
        now: i64,
    ) -> DbResult<Option<Self>> {
        tx.row(INSERT, params![relationship_type, source, target, now]).await
    }
}

/// A rule in a response.
#[derive(Serialize)]
pub(super) struct RuleBody {
    id: i64,
    relationship_type_id: i64,
    source_entity_type_slug: String,
    target_entity_type_slug: String,
    created_at: String,
}

impl From<RuleRow> for RuleBody {
    fn from(row: RuleRow) -> Self {
        Self {
            id: row.id,
            relationship_type_id: row.relationship_type_id,
            source_entity_type_slug: row.source_slug,
            target_entity_type_slug: row.target_slug,
            created_at: iso(row.created_at),
        }
    }
}

//! The type of an entity, as far as entities need it.

use serde_json::Value;

use crate::server::db::{DbResult, EitherSql, Tx, params, table_row};
use crate::server::metadata_check;
use crate::server::reply::{ApiError, ApiResult};

table_row! {
    /// An entity type of the organization, or of a public one.
    pub(crate) struct EntityKind, columns kind_columns {
        id: i64 = "t.id",
        slug: String = "t.slug",
        metadata_schema: Option<Value> = "t.metadata_schema",
    }
}

// The system type of members has no entities of its own: this server answers who is a member in its own way.
macro_rules! by_slug {
    ($lock:literal) => {
        concat!(
            "SELECT ",
            kind_columns!(),
            " FROM entity_type t JOIN organization o ON o.id = t.organization_id \
             WHERE t.slug = $2 AND t.slug <> '$member' AND t.deleted_at IS NULL \
             AND (t.organization_id = $1 OR o.visibility = 'public') \
             ORDER BY CASE WHEN t.organization_id = $1 THEN 0 ELSE 1 END, t.id LIMIT 1",
            $lock
        )
    };
}

// The type must not be deleted before the entity is there. SQLite has one writer at a time and needs no lock for that.
const BY_SLUG: EitherSql = EitherSql {
    sqlite: by_slug!(""),
    postgres: by_slug!(" FOR SHARE OF t"),
};
const BY_ID: &str = concat!("SELECT ", kind_columns!(), " FROM entity_type t WHERE t.id = $1");

impl EntityKind {
    /// Returns the type of this slug, and keeps it from being deleted until the transaction ends. The organization's own type wins over one of a public organization.
    pub(super) async fn find(tx: &mut Tx<'_>, organization: &str, slug: &str) -> ApiResult<Self> {
        let kind = tx.row(tx.pick(BY_SLUG), params![organization, slug]).await?;
        kind.ok_or_else(|| {
            ApiError::bad_request(format!(
                "Unknown entity type '{slug}'. Use manage_entity_schema(schema_type=\"entity_type\", action=\"list\") to \
                 list available types or create a custom type first."
            ))
        })
    }

    /// Returns the type of an entity, also when it was deleted since.
    pub(super) async fn of_entity(tx: &mut Tx<'_>, id: i64) -> DbResult<Self> {
        let kind = tx.row(BY_ID, params![id]).await?;
        kind.ok_or(sqlx::Error::RowNotFound)
    }

    /// Checks metadata that a call sends. Empty metadata is not checked, as on the recorded server.
    pub(super) fn check(&self, metadata: &Value) -> ApiResult<()> {
        let Value::Object(fields) = metadata else {
            return Err(ApiError::bad_request(
                "Metadata validation failed: root: must be object",
            ));
        };
        match &self.metadata_schema {
            Some(schema) if !fields.is_empty() => {
                metadata_check::check(schema, metadata).map_err(ApiError::bad_request)
            }
            _ => Ok(()),
        }
    }

    /// Checks what is left when a call removes keys from stored metadata, also when nothing is left.
    pub(super) fn check_rest(&self, metadata: &Value) -> ApiResult<()> {
        match &self.metadata_schema {
            Some(schema) => metadata_check::check(schema, metadata).map_err(ApiError::bad_request),
            None => Ok(()),
        }
    }
}

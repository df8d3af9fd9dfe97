//! A relationship type's row and its body. Slugs are unique across all organizations (contract section 8.2).

use serde::Serialize;
use serde_json::Value;

use crate::server::app::iso;
use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::nesting;

table_row! {
    /// A relationship type with the names of its inverse, its organization and its author, and the number of relationships of
    /// living entities that the organization `$1` has of it.
    pub(crate) struct RelationshipTypeRow, columns relationship_columns {
        id: i64 = "r.id",
        slug: String = "r.slug",
        name: String = "r.name",
        description: Option<String> = "r.description",
        organization_id: String = "r.organization_id",
        created_by: Option<String> = "r.created_by",
        metadata_schema: Option<Value> = "r.metadata_schema",
        metadata: Option<Value> = "r.metadata",
        is_symmetric: bool = "r.is_symmetric",
        inverse_type_id: Option<i64> = "i.id",
        inverse_type_slug: Option<String> = "i.slug",
        status: String = "r.status",
        created_at: i64 = "r.created_at",
        updated_at: i64 = "r.updated_at",
        deleted_at: Option<i64> = "r.deleted_at",
        organization_slug: String = "o.slug",
        author: Option<String> = "a.name",
        relationship_count: i64 = "(SELECT COUNT(*) FROM entity_link l JOIN entity f ON f.id = l.from_id \
             JOIN entity g ON g.id = l.to_id WHERE l.relationship_type_id = r.id AND l.organization_id = $1 \
             AND l.deleted_at IS NULL AND f.deleted_at IS NULL AND g.deleted_at IS NULL)",
    }
}

macro_rules! select_relationship_types {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            relationship_columns!(),
            " FROM relationship_type r JOIN organization o ON o.id = r.organization_id \
             LEFT JOIN account a ON a.id = r.created_by \
             LEFT JOIN relationship_type i ON i.id = r.inverse_type_id AND i.deleted_at IS NULL ",
            $conditions
        )
    };
}

const LIST: &str = select_relationship_types!(
    "WHERE (r.deleted_at IS NULL OR $2 = 1) AND (r.organization_id = $1 OR o.visibility = 'public') \
     ORDER BY CASE WHEN r.organization_id = $1 THEN 0 ELSE 1 END, r.name, r.id"
);
const BY_SLUG: &str = select_relationship_types!(
    "WHERE r.slug = $2 AND r.deleted_at IS NULL AND (r.organization_id = $1 OR o.visibility = 'public')"
);
const BY_ID: &str = select_relationship_types!("WHERE r.id = $2");

impl RelationshipTypeRow {
    /// Reads the types of an organization by name, then those of all public organizations. Deleted types are left out unless
    /// `with_deleted` is true.
    pub(super) async fn list(db: &Db, organization: &str, with_deleted: bool) -> DbResult<Vec<Self>> {
        db.rows(LIST, params![organization, with_deleted]).await
    }

    /// Reads the type of a slug if it is the organization's own or that of a public organization.
    pub(super) async fn find(db: &Db, organization: &str, slug: &str) -> DbResult<Option<Self>> {
        db.row(BY_SLUG, params![organization, slug]).await
    }

    /// Reads the type that this transaction has just written.
    pub(super) async fn reread(tx: &mut Tx<'_>, organization: &str, id: i64) -> DbResult<Self> {
        let row = tx.row(BY_ID, params![organization, id]).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// Returns the type as an element of a list. Without `counts`, it says nothing about the relationships: what an
    /// organization remembers is not public, even when its types are.
    pub(super) fn listed_body(self, counts: bool) -> RelationshipBody {
        RelationshipBody {
            relationship_count: Some(if counts { self.relationship_count } else { 0 }),
            ..self.body()
        }
    }

    /// Returns the type as the response to a get has it.
    pub(super) fn body(self) -> RelationshipBody {
        let context = RelationshipContext {
            deleted_at: self.deleted_at.map(iso),
            organization_slug: self.organization_slug.clone(),
            created_by_username: self.author.clone(),
        };
        RelationshipBody {
            context: Some(context),
            ..self.written_body()
        }
    }

    /// Returns the type as the response to a create or an update has it: without the names of its organization and its author.
    pub(super) fn written_body(self) -> RelationshipBody {
        RelationshipBody {
            id: self.id,
            slug: self.slug,
            name: self.name,
            description: self.description,
            organization_id: self.organization_id,
            created_by: self.created_by,
            metadata_schema: nesting::cut_nullable(self.metadata_schema),
            metadata: nesting::cut_nullable(self.metadata),
            is_symmetric: self.is_symmetric,
            inverse_type_id: self.inverse_type_id,
            inverse_type_slug: self.inverse_type_slug,
            status: self.status,
            created_at: iso(self.created_at),
            updated_at: iso(self.updated_at),
            context: None,
            relationship_count: None,
            revision: self.updated_at,
        }
    }
}

/// A relationship type in a response.
#[derive(Serialize)]
pub(super) struct RelationshipBody {
    id: i64,
    slug: String,
    name: String,
    description: Option<String>,
    organization_id: String,
    created_by: Option<String>,
    metadata_schema: Value,
    metadata: Value,
    is_symmetric: bool,
    inverse_type_id: Option<i64>,
    inverse_type_slug: Option<String>,
    status: String,
    created_at: String,
    updated_at: String,
    #[serde(flatten)]
    context: Option<RelationshipContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relationship_count: Option<i64>,
    #[serde(skip)]
    pub(super) revision: i64,
}

/// The fields of a relationship type that only the responses to a list and a get have.
#[derive(Serialize)]
struct RelationshipContext {
    deleted_at: Option<String>,
    organization_slug: String,
    created_by_username: Option<String>,
}

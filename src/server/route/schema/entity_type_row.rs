//! An entity type's row with its statements, its body, and its events in the audit.

use serde::Serialize;
use serde_json::Value;

use super::arguments::SchemaArguments;
use crate::server::app::{iso, now};
use crate::server::auth::Caller;
use crate::server::db::{Db, DbResult, Tx, params, table_row};
use crate::server::nesting;
use crate::server::reply::ApiResult;

table_row! {
    /// An entity type with the names of its organization and of its author, and the number of entities that the organization
    /// `$1` has of it.
    pub(crate) struct EntityTypeRow, columns entity_type_columns {
        id: i64 = "e.id",
        slug: String = "e.slug",
        name: String = "e.name",
        description: Option<String> = "e.description",
        icon: Option<String> = "e.icon",
        color: Option<String> = "e.color",
        metadata_schema: Option<Value> = "e.metadata_schema",
        event_kinds: Option<Value> = "e.event_kinds",
        created_by: Option<String> = "e.created_by",
        organization_id: String = "e.organization_id",
        created_at: i64 = "e.created_at",
        updated_at: i64 = "e.updated_at",
        organization_slug: String = "o.slug",
        author: Option<String> = "a.name",
        entity_count: i64 = "(SELECT COUNT(*) FROM entity n WHERE n.entity_type_id = e.id AND n.organization_id = $1 \
             AND n.deleted_at IS NULL)",
    }
}

macro_rules! select_entity_types {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            entity_type_columns!(),
            " FROM entity_type e JOIN organization o ON o.id = e.organization_id \
             LEFT JOIN account a ON a.id = e.created_by ",
            $conditions
        )
    };
}

// The organization's own types come first and those of public organizations follow, as on the recorded server.
const LIST: &str = select_entity_types!(
    "WHERE e.deleted_at IS NULL AND (e.organization_id = $1 OR o.visibility = 'public') \
     ORDER BY CASE WHEN e.organization_id = $1 THEN 0 ELSE 1 END, e.name, e.id"
);
const BY_SLUG: &str = select_entity_types!(
    "WHERE e.deleted_at IS NULL AND e.slug = $2 AND (e.organization_id = $1 OR o.visibility = 'public') \
     ORDER BY CASE WHEN e.organization_id = $1 THEN 0 ELSE 1 END, e.id LIMIT 1"
);
const BY_ID: &str = select_entity_types!("WHERE e.id = $2");

impl EntityTypeRow {
    /// Reads the types of an organization by name, then those of all public organizations. Deleted types are left out.
    pub(super) async fn list(db: &Db, organization: &str) -> DbResult<Vec<Self>> {
        db.rows(LIST, params![organization]).await
    }

    /// Reads the type of a slug. The organization's own type wins over one of a public organization.
    pub(super) async fn find(db: &Db, organization: &str, slug: &str) -> DbResult<Option<Self>> {
        db.row(BY_SLUG, params![organization, slug]).await
    }

    /// Inserts the type that these arguments describe. Returns its id; `None` when the slug is taken.
    pub(super) async fn insert(
        tx: &mut Tx<'_>,
        arguments: &SchemaArguments,
        slug: &str,
        caller: &Caller,
    ) -> ApiResult<Option<i64>> {
        let id = tx
            .value(
                "INSERT INTO entity_type (organization_id, slug, name, description, icon, color, metadata_schema, \
                 event_kinds, created_by, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
                 ON CONFLICT (organization_id, slug) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
                params![
                    &caller.organization.id,
                    slug,
                    arguments.required("name")?,
                    arguments.text("description")?,
                    arguments.text("icon")?,
                    arguments.text("color")?,
                    arguments.json("metadata_schema").as_deref(),
                    arguments.json("event_kinds").as_deref(),
                    &caller.member.account,
                    now()
                ],
            )
            .await?;
        Ok(id)
    }

    /// Updates a type. An absent argument keeps its field. Null clears the two JSON fields and keeps the texts, as on the
    /// recorded server (contract section 8.1).
    pub(super) async fn update(tx: &mut Tx<'_>, arguments: &SchemaArguments, id: i64) -> ApiResult<()> {
        tx.execute(
            "UPDATE entity_type SET name = COALESCE($1, name), description = COALESCE($2, description), \
             icon = COALESCE($3, icon), color = COALESCE($4, color), \
             metadata_schema = CASE WHEN $5 = 1 THEN $6 ELSE metadata_schema END, \
             event_kinds = CASE WHEN $7 = 1 THEN $8 ELSE event_kinds END, \
             updated_at = CASE WHEN updated_at >= $9 THEN updated_at + 1 ELSE $9 END WHERE id = $10",
            params![
                arguments.text("name")?,
                arguments.text("description")?,
                arguments.text("icon")?,
                arguments.text("color")?,
                arguments.has("metadata_schema"),
                arguments.json("metadata_schema").as_deref(),
                arguments.has("event_kinds"),
                arguments.json("event_kinds").as_deref(),
                now(),
                id
            ],
        )
        .await?;
        Ok(())
    }

    /// Reads the type that this transaction has just written.
    pub(super) async fn reread(tx: &mut Tx<'_>, organization: &str, id: i64) -> DbResult<Self> {
        let row = tx.row(BY_ID, params![organization, id]).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// Returns the type without its number of entities: what an organization remembers is not public, even when its types are.
    pub(super) fn uncounted(self) -> Self {
        Self {
            entity_count: 0,
            ..self
        }
    }

    /// Returns the type as the response to a list or a get has it.
    pub(super) fn body(self) -> EntityTypeBody {
        let names = EntityTypeNames {
            organization_slug: self.organization_slug.clone(),
            created_by_username: self.author.clone(),
        };
        EntityTypeBody {
            names: Some(names),
            ..self.written_body()
        }
    }

    /// Returns the type as the response to a create or an update has it: without the names of its organization and its author.
    pub(super) fn written_body(self) -> EntityTypeBody {
        EntityTypeBody {
            id: self.id,
            slug: self.slug,
            name: self.name,
            description: self.description,
            icon: self.icon,
            color: self.color,
            metadata_schema: nesting::cut_nullable(self.metadata_schema),
            event_kinds: nesting::cut_nullable(self.event_kinds),
            // Users create all types but the system type.
            is_system: self.created_by.is_none(),
            created_by: self.created_by,
            organization_id: self.organization_id,
            created_at: iso(self.created_at),
            updated_at: iso(self.updated_at),
            current_view_template_version_id: None,
            names: None,
            entity_count: self.entity_count,
            revision: self.updated_at,
        }
    }
}

/// An entity type in a response.
#[derive(Serialize)]
pub(super) struct EntityTypeBody {
    id: i64,
    slug: String,
    name: String,
    description: Option<String>,
    icon: Option<String>,
    color: Option<String>,
    metadata_schema: Value,
    event_kinds: Value,
    created_by: Option<String>,
    organization_id: String,
    created_at: String,
    updated_at: String,
    current_view_template_version_id: Option<i64>,
    #[serde(flatten)]
    names: Option<EntityTypeNames>,
    is_system: bool,
    entity_count: i64,
    #[serde(skip)]
    pub(super) revision: i64,
}

/// The names of an entity type's organization and author, which only the responses to a list and a get have.
#[derive(Serialize)]
struct EntityTypeNames {
    organization_slug: String,
    created_by_username: Option<String>,
}

table_row! {
    /// An event of the audit that is about an entity type.
    pub(crate) struct EntityTypeEventRow, columns event_columns {
        at: i64 = "at",
        account_id: String = "account_id",
        action: String = "action",
    }
}

const EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM audit WHERE organization_id = $1 AND target = $2 AND action LIKE 'entity-type.%' ORDER BY id DESC LIMIT 100"
);

/// Who changed an entity type and when.
#[derive(Serialize)]
pub(super) struct EntityTypeEvent {
    at: String,
    user_id: String,
    action: String,
}

impl EntityTypeEvent {
    /// Reads the newest hundred events about a slug, newest first.
    pub(super) async fn list(db: &Db, organization: &str, slug: &str) -> DbResult<Vec<Self>> {
        let rows: Vec<EntityTypeEventRow> = db.rows(EVENTS, params![organization, slug]).await?;
        let events = rows.into_iter().map(|row| Self {
            at: iso(row.at),
            user_id: row.account_id,
            action: row.action,
        });
        Ok(events.collect())
    }
}

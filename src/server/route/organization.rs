//! Which organisations there are: contract section 3.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::server::app::{App, Shared};
use crate::server::auth::{Visitor, unauthorized};
use crate::server::db::{DbResult, params};
use crate::server::reply::{Failure, Ids, Reply, text_field};

/// The tool `list_organizations`: own and public ones, as a bare list.
pub(crate) async fn list(app: &App, visitor: &Visitor) -> Reply {
    let member = visitor.member.as_ref().ok_or_else(|| unauthorized(app))?;
    let rows = app
        .db
        .fetch(
            "SELECT o.id, o.slug, o.name, o.visibility, m.role FROM organization o \
             LEFT JOIN member m ON m.organization_id = o.id AND m.account_id = $1 \
             WHERE m.role IS NOT NULL OR o.visibility = 'public' ORDER BY o.name, o.slug",
            params![&member.account],
        )
        .await?;
    let organizations: DbResult<Vec<Value>> = rows
        .iter()
        .map(|row| {
            Ok(json!({
                "slug": row.text(1)?,
                "name": row.text(2)?,
                "is_member": row.opt_text(4)?.is_some(),
                "is_current": row.text(0)? == visitor.organization.id,
                "visibility": row.text(3)?,
            }))
        })
        .collect();
    Ok(Json(Value::Array(organizations?)))
}

/// The tool `resolve_path`, for the path of an organisation.
pub(crate) async fn resolve_path(app: &App, visitor: &Visitor, arguments: &Map<String, Value>) -> Reply {
    let path = text_field(arguments, "path")?.ok_or_else(|| Failure::bad_request("path is required"))?;
    let slug = path.trim_matches('/').split('/').next().unwrap_or_default();
    let account = visitor
        .member
        .as_ref()
        .map(|member| member.account.as_str())
        .unwrap_or_default();
    let row = app
        .db
        .optional(
            "SELECT o.id, o.name FROM organization o \
             LEFT JOIN member m ON m.organization_id = o.id AND m.account_id = $1 \
             WHERE o.slug = $2 AND (m.role IS NOT NULL OR o.visibility = 'public')",
            params![account, slug],
        )
        .await?
        .ok_or_else(|| Failure::bad_request(format!("Workspace '{slug}' not found")))?;
    let workspace = json!({ "slug": slug, "type": "organization", "id": row.text(0)?, "name": row.text(1)? });
    Ok(Json(json!({ "workspace": workspace, "path": path })))
}

/// `GET /api/organizations`: the public ones, for anybody.
pub(crate) async fn list_public(State(app): State<Shared>) -> Reply {
    let sql = "SELECT id, slug, name FROM organization WHERE visibility = 'public' ORDER BY name, slug";
    let rows = app.db.fetch(sql, &[]).await?;
    let organizations: DbResult<Vec<Value>> = rows
        .iter()
        .map(|row| {
            Ok(json!({ "id": row.text(0)?, "slug": row.text(1)?, "name": row.text(2)?, "visibility": "public" }))
        })
        .collect();
    Ok(Json(json!({ "organizations": organizations? })))
}

/// `GET /api/:org/public/organization`
pub(crate) async fn public(State(app): State<Shared>, Ids(slug): Ids<String>) -> Reply {
    let sql = "SELECT id, name FROM organization WHERE slug = $1 AND visibility = 'public'";
    let row = app
        .db
        .optional(sql, params![&slug])
        .await?
        .ok_or_else(|| Failure::not_found("Not found"))?;
    Ok(Json(
        json!({ "organization": { "id": row.text(0)?, "slug": slug, "name": row.text(1)? } }),
    ))
}

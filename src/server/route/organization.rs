//! The organizations that a caller can see: contract section 3.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::server::app::{App, Shared};
use crate::server::auth::{Visitor, unauthorized};
use crate::server::body::text_field;
use crate::server::db::{params, table_row};
use crate::server::path::PathIds;
use crate::server::reply::{ApiError, ApiResult};

table_row! {
    /// An organization and the caller's role in it, if any.
    pub(crate) struct VisibleOrganization, columns organization_columns {
        id: String = "o.id",
        slug: String = "o.slug",
        name: String = "o.name",
        visibility: String = "o.visibility",
        role: Option<String> = "m.role",
    }
}

/// Expands to a query for organizations, with the role of the user `$1`.
macro_rules! select_organizations {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            organization_columns!(),
            " FROM organization o LEFT JOIN member m ON m.organization_id = o.id AND m.account_id = $1 ",
            $conditions
        )
    };
}

const VISIBLE: &str =
    select_organizations!("WHERE m.role IS NOT NULL OR o.visibility = 'public' ORDER BY o.name, o.slug");
const VISIBLE_BY_SLUG: &str =
    select_organizations!("WHERE o.slug = $2 AND (m.role IS NOT NULL OR o.visibility = 'public')");
/// The parameter for requests without credentials. No user has the empty id, so only public organizations are found.
const ANYONE: &str = "";

/// An element of [`list`].
#[derive(Serialize)]
pub(crate) struct ListedOrganization {
    slug: String,
    name: String,
    is_member: bool,
    is_current: bool,
    visibility: String,
}

/// The tool `list_organizations`: lists the caller's organizations and the public ones. The response is a JSON list, not an
/// object with a list.
pub(crate) async fn list(
    app: &App,
    visitor: &Visitor,
    arguments: &Map<String, Value>,
) -> ApiResult<Vec<ListedOrganization>> {
    let Some(member) = &visitor.member else {
        return Err(unauthorized(app, &visitor.organization));
    };
    let wanted = text_field(arguments, "search")?.unwrap_or_default().to_lowercase();
    let mut rows: Vec<VisibleOrganization> = app.db.rows(VISIBLE, params![&member.account]).await?;
    rows.retain(|row| row.name.to_lowercase().contains(&wanted));
    let organizations = rows.into_iter().map(|row| ListedOrganization {
        slug: row.slug,
        name: row.name,
        is_member: row.role.is_some(),
        is_current: row.id == visitor.organization.id,
        visibility: row.visibility,
    });
    Ok(organizations.collect())
}

/// The response of [`resolve_path`].
#[derive(Serialize)]
pub(crate) struct ResolvedPath {
    workspace: WorkspaceBody,
    path: String,
}

#[derive(Serialize)]
struct WorkspaceBody {
    slug: String,
    r#type: &'static str,
    id: String,
    name: String,
}

/// The tool `resolve_path`: returns the organization that the first segment of `path` names, if the caller may see it.
pub(crate) async fn resolve_path(
    app: &App,
    visitor: &Visitor,
    arguments: &Map<String, Value>,
) -> ApiResult<ResolvedPath> {
    let path = text_field(arguments, "path")?.ok_or_else(|| ApiError::bad_request("path is required"))?;
    let slug = path.trim_matches('/').split('/').next().unwrap_or_default();
    let account = visitor.member.as_ref().map_or(ANYONE, |member| &member.account);
    let row: Option<VisibleOrganization> = app.db.row(VISIBLE_BY_SLUG, params![account, slug]).await?;
    let row = row.ok_or_else(|| ApiError::bad_request(format!("Workspace '{slug}' not found")))?;
    Ok(ResolvedPath {
        workspace: WorkspaceBody {
            slug: row.slug,
            r#type: "organization",
            id: row.id,
            name: row.name,
        },
        path: path.to_owned(),
    })
}

/// The response of [`list_public`].
#[derive(Serialize)]
pub(crate) struct PublicOrganizations {
    organizations: Vec<PublicOrganization>,
}

#[derive(Serialize)]
struct PublicOrganization {
    id: String,
    slug: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<String>,
}

/// `GET /api/organizations`: lists the public organizations.
pub(crate) async fn list_public(State(app): State<Shared>) -> ApiResult<Json<PublicOrganizations>> {
    let rows: Vec<VisibleOrganization> = app.db.rows(VISIBLE, params![ANYONE]).await?;
    let organizations = rows.into_iter().map(|row| PublicOrganization {
        id: row.id,
        slug: row.slug,
        name: row.name,
        visibility: Some(row.visibility),
    });
    Ok(Json(PublicOrganizations {
        organizations: organizations.collect(),
    }))
}

/// The response of [`public`].
#[derive(Serialize)]
pub(crate) struct PublicOrganizationReply {
    organization: PublicOrganization,
}

/// `GET /api/:org/public/organization`: reads a public organization. A private one is 404, like one that does not exist.
pub(crate) async fn public(
    State(app): State<Shared>,
    PathIds(slug): PathIds<String>,
) -> ApiResult<Json<PublicOrganizationReply>> {
    let row: Option<VisibleOrganization> = app.db.row(VISIBLE_BY_SLUG, params![ANYONE, &slug]).await?;
    let row = row.ok_or_else(|| ApiError::not_found("Not found"))?;
    let organization = PublicOrganization {
        id: row.id,
        slug: row.slug,
        name: row.name,
        visibility: None,
    };
    Ok(Json(PublicOrganizationReply { organization }))
}

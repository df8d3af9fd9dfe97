//! Who a token belongs to, without an organization in the path: `GET /oauth/userinfo` for access tokens, and `whoami` for
//! every token, which `lobu login --token` asks.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::server::app::{Shared, iso};
use crate::server::bearer;
use crate::server::db::{params, table_row};
use crate::server::oauth::error::access_denied;
use crate::server::oauth::scope::{PROFILE, ScopeSet};
use crate::server::reply::{ApiError, ApiResult};

table_row! {
    /// An organization of a person.
    pub(crate) struct OwnOrganization, columns own_columns {
        slug: String = "o.slug",
        name: String = "o.name",
        role: String = "m.role",
    }
}

const OWN: &str = concat!(
    "SELECT ",
    own_columns!(),
    " FROM member m JOIN organization o ON o.id = m.organization_id WHERE m.account_id = $1 ORDER BY o.slug"
);

/// The response of [`userinfo`]. The recorded server has neither role, scope nor expiry.
#[derive(Serialize)]
pub(super) struct UserinfoBody {
    sub: String,
    /// Always null: a user of this server has no address.
    email: Option<String>,
    name: String,
    organization_slug: Option<String>,
    organizations: Vec<Value>,
    scope: String,
    expires_at: Option<String>,
}

/// `GET /oauth/userinfo`: the person of an access token with `profile:read`, and their organizations.
pub(super) async fn userinfo(State(app): State<Shared>, headers: HeaderMap) -> ApiResult<Json<UserinfoBody>> {
    let Some(text) = bearer::text(&headers) else {
        let message = "Missing Bearer token";
        return Err(ApiError::coded(StatusCode::UNAUTHORIZED, "invalid_request", message));
    };
    let owner = bearer::owner(&app, text).await?;
    let owner = owner.filter(|owner| owner.grant.is_some() && ScopeSet::parse(&owner.scope).has(PROFILE));
    let owner = owner.ok_or_else(|| access_denied("Invalid token or insufficient scope"))?;
    let organizations: Vec<OwnOrganization> = app.db.rows(OWN, params![&owner.account]).await?;
    let organizations = organizations
        .into_iter()
        .map(|each| json!({ "slug": each.slug, "name": each.name, "role": each.role }));
    Ok(Json(UserinfoBody {
        sub: owner.account,
        email: None,
        name: owner.name,
        organization_slug: owner.organization,
        organizations: organizations.collect(),
        scope: owner.scope,
        expires_at: owner.expires_at.map(iso),
    }))
}

/// `GET /lobu/api/v1/auth/whoami`: the person of any valid token.
pub(super) async fn whoami(State(app): State<Shared>, headers: HeaderMap) -> ApiResult<Json<Value>> {
    let unauthorized = |message: &str| ApiError::new(StatusCode::UNAUTHORIZED, message);
    let text = bearer::text(&headers).ok_or_else(|| unauthorized("Missing or invalid Authorization header."))?;
    let owner = bearer::owner(&app, text).await?;
    let owner = owner.ok_or_else(|| unauthorized("Invalid or expired access token."))?;
    Ok(Json(json!({
        "user": { "id": owner.account, "name": owner.name },
        "name": owner.name,
        "userId": owner.account,
        "expiresAt": owner.expires_at,
    })))
}

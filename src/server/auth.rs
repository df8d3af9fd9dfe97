//! Authentication and authorization: who sends a request, for which organization, and whether the request is allowed. The
//! order of the checks is that of contract section 2.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{Extensions, StatusCode, header};
use subtle::ConstantTimeEq;

use super::app::{App, Shared, now};
use super::bearer;
use super::db::{params, table_row};
use super::oauth::scope::ScopeSet;
use super::reply::{ApiError, ApiResult, Denial};
use super::request_info::RequestInfo;
use super::token;

/// The organization that a request names in its path.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) slug: String,
    /// Whether anyone may read its types.
    pub(crate) public: bool,
}

/// The user behind a token, as a member of the organization.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The id of the user.
    pub(crate) account: String,
    /// The row id of the token, such as `tok_3f0c…`.
    pub(crate) token: String,
    /// The scopes of the token, separated by spaces.
    pub(crate) scope: String,
    /// The user's role in the organization: `owner`, `admin` or `member`.
    pub(crate) role: String,
    /// Whether the token comes from signing in, and is not a personal one.
    pub(crate) signed_in: bool,
}

impl Member {
    /// Whether the token has the scope `mcp:admin`.
    pub(crate) fn has_admin_scope(&self) -> bool {
        self.scope.split_whitespace().any(|word| word == "mcp:admin")
    }

    /// Whether the token may change what the organization remembers: entities, relationships and knowledge.
    pub(crate) fn may_write_memory(&self) -> bool {
        self.has_admin_scope() || self.scope.split_whitespace().any(|word| word == "mcp:write")
    }

    /// Whether the user may administer the organization. The token may still lack the scope for it.
    pub(crate) fn is_org_admin(&self) -> bool {
        matches!(self.role.as_str(), "owner" | "admin")
    }

    fn actor(&self) -> (String, String) {
        (self.account.clone(), self.token.clone())
    }
}

/// A member and the organization of the request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) organization: Organization,
    pub(crate) member: Member,
    /// The id of the request, for the audit. `None` when the request did not pass the layers of the server.
    pub(crate) request_id: Option<String>,
}

impl Caller {
    /// Returns what the audit records when this member's request is denied.
    pub(crate) fn denial(&self) -> Denial {
        Denial {
            organization: self.organization.id.clone(),
            actor: Some(self.member.actor()),
        }
    }
}

/// An extractor that accepts members of the organization with a valid token.
pub(crate) struct AnyMember(pub(crate) Caller);

/// An extractor that accepts members, where the path names no organization: it is the one that their token is bound to.
pub(crate) struct BoundMember(pub(crate) Caller);

/// An extractor that accepts members whose token has the scope `mcp:admin`. Their role does not matter, as on the recorded
/// server.
pub(crate) struct Admin(pub(crate) Caller);

/// An extractor that accepts owners and admins of the organization whose token has the scope `mcp:admin`.
pub(crate) struct OrgAdmin(pub(crate) Caller);

/// An extractor that accepts members and, when the organization is public, requests without credentials.
pub(crate) struct Visitor {
    pub(crate) organization: Organization,
    /// `None` for a request without credentials.
    pub(crate) member: Option<Member>,
    /// The id of the request, for the audit.
    pub(crate) request_id: Option<String>,
}

impl Visitor {
    /// Whether the caller may change types: a member with the scope and the role.
    pub(crate) fn may_write(&self) -> bool {
        self.member
            .as_ref()
            .is_some_and(|member| member.has_admin_scope() && member.is_org_admin())
    }
}

impl FromRequestParts<Shared> for AnyMember {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        let organization = find_organization(parts, app).await?;
        let member = authenticate(parts, app, &organization).await?;
        let Some(member) = member else {
            return Err(unauthorized(app, &organization));
        };
        Ok(Self(Caller {
            organization,
            member,
            request_id: request_id(&parts.extensions),
        }))
    }
}

table_row! {
    /// The organization that a token is bound to.
    pub(crate) struct BoundOrganizationRow, columns bound_columns {
        id: Option<String> = "o.id",
        slug: Option<String> = "o.slug",
        visibility: Option<String> = "o.visibility",
    }
}

impl FromRequestParts<Shared> for BoundMember {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        let Some(text) = bearer::text(&parts.headers) else {
            let message = "Authentication required. Use OAuth or API key.";
            let error = ApiError::coded(StatusCode::UNAUTHORIZED, "unauthorized", message);
            return Err(error.with(header::WWW_AUTHENTICATE, challenge(app)));
        };
        let sql = concat!(
            "SELECT ",
            bound_columns!(),
            " FROM token t LEFT JOIN organization o ON o.id = t.organization_id WHERE t.hash = $1"
        );
        let Some(row) = app
            .db
            .row::<BoundOrganizationRow>(sql, params![&token::hash(text)])
            .await?
        else {
            let error = ApiError::coded(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "Invalid or expired access token",
            );
            let value = format!("{}, error=\"invalid_token\"", challenge(app));
            return Err(error.with(header::WWW_AUTHENTICATE, value));
        };
        let (Some(id), Some(slug), Some(visibility)) = (row.id, row.slug, row.visibility) else {
            let message = "this token is bound to no organization; name one in the path, as in /mcp/dev";
            return Err(ApiError::bad_request(message));
        };
        let organization = Organization {
            id,
            slug,
            public: visibility == "public",
        };
        let member = authenticate(parts, app, &organization).await?;
        let member = member.ok_or_else(|| unauthorized(app, &organization))?;
        Ok(Self(Caller {
            organization,
            member,
            request_id: request_id(&parts.extensions),
        }))
    }
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        let AnyMember(caller) = AnyMember::from_request_parts(parts, app).await?;
        if caller.member.has_admin_scope() {
            return Ok(Self(caller));
        }
        let message = "This route requires a web session or a token with mcp:admin scope.";
        Err(forbidden(message).denying(caller.denial()))
    }
}

impl FromRequestParts<Shared> for OrgAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        let Admin(caller) = Admin::from_request_parts(parts, app).await?;
        if caller.member.is_org_admin() {
            return Ok(Self(caller));
        }
        let message = "This route requires the role owner or admin";
        let refusal = ApiError::coded(StatusCode::FORBIDDEN, "forbidden_role", message);
        Err(refusal.denying(caller.denial()))
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        let organization = find_organization(parts, app).await?;
        let member = authenticate(parts, app, &organization).await?;
        if member.is_none() && !organization.public {
            return Err(unauthorized(app, &organization));
        }
        Ok(Self {
            organization,
            member,
            request_id: request_id(&parts.extensions),
        })
    }
}

/// Returns the id of a request. `None` when the request did not pass the layers of the server.
pub(crate) fn request_id(extensions: &Extensions) -> Option<String> {
    extensions.get::<Arc<RequestInfo>>().map(|info| info.id.clone())
}

table_row! {
    /// The organization with the slug of a path.
    pub(crate) struct OrganizationRow, columns organization_columns {
        id: String = "id",
        visibility: String = "visibility",
    }
}

// The organization is looked up before the credentials, as the recorded server does: an unknown one is 404 for everyone.
async fn find_organization(parts: &mut Parts, app: &App) -> ApiResult<Organization> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| ApiError::not_found("Not found"))?;
    let slug = params
        .iter()
        .find(|(name, _)| *name == "org")
        .map(|(_, slug)| slug.to_owned())
        .unwrap_or_default();
    if slug.contains('\0') {
        // PostgreSQL refuses U+0000 in a parameter, which would be answered with 500.
        return Err(ApiError::bad_request("ids cannot contain U+0000"));
    }
    let sql = concat!("SELECT ", organization_columns!(), " FROM organization WHERE slug = $1");
    let Some(row) = app.db.row::<OrganizationRow>(sql, params![&slug]).await? else {
        let message = format!("Organization '{slug}' not found");
        return Err(ApiError::coded(StatusCode::NOT_FOUND, "invalid_request", message));
    };
    Ok(Organization {
        id: row.id,
        public: row.visibility == "public",
        slug,
    })
}

table_row! {
    /// A token and the role of its user in the organization of the request.
    pub(crate) struct CredentialRow, columns credential_columns {
        id: String = "t.id",
        hash: String = "t.hash",
        account_id: String = "t.account_id",
        organization_id: Option<String> = "t.organization_id",
        scope: String = "t.scope",
        expires_at: Option<i64> = "t.expires_at",
        revoked_at: Option<i64> = "t.revoked_at",
        grant_id: Option<String> = "t.grant_id",
        role: Option<String> = "m.role",
    }
}

const BY_HASH: &str = concat!(
    "SELECT ",
    credential_columns!(),
    " FROM token t LEFT JOIN member m ON m.account_id = t.account_id AND m.organization_id = $2 WHERE t.hash = $1"
);

/// Returns the member that the credentials belong to. `None` when there are no credentials.
///
/// # Errors
/// 401 for a token that is unknown, expired or revoked, and 403 for one of another organization or of a user who is not a
/// member.
async fn authenticate(parts: &Parts, app: &App, organization: &Organization) -> ApiResult<Option<Member>> {
    let Some(text) = bearer::text(&parts.headers) else {
        return Ok(None);
    };
    let hash = token::hash(text);
    let row: Option<CredentialRow> = app.db.row(BY_HASH, params![&hash, &organization.id]).await?;
    let Some(row) = row else {
        return Err(invalid_token(app, organization, None));
    };
    let actor = Some((row.account_id.clone(), row.id.clone()));
    // The index has found the row by this hash. Comparing once more in constant time does not rely on how it compares.
    let hash_matches: bool = row.hash.as_bytes().ct_eq(hash.as_bytes()).into();
    let expired = row.expires_at.is_some_and(|at| at <= now());
    if let Some(at) = row.expires_at.filter(|_| expired) {
        app.remember_expiry(at).await;
    }
    if !hash_matches || expired || row.revoked_at.is_some() {
        return Err(invalid_token(app, organization, actor));
    }
    let denial = Denial {
        organization: organization.id.clone(),
        actor,
    };
    if row.organization_id.is_some_and(|bound| bound != organization.id) {
        return Err(forbidden("Token organization does not match URL organization").denying(denial));
    }
    let Some(role) = row.role else {
        return Err(forbidden("Token owner is not a member of this organization").denying(denial));
    };
    let signed_in = row.grant_id.is_some();
    // Somebody who lets a program read their name has not let it read their agents.
    if signed_in && !ScopeSet::parse(&row.scope).needs_organization() {
        let message = "This token only shows who you are; sign in again with mcp:read";
        return Err(forbidden(message).denying(denial));
    }
    // Only now: the log names tokens that were accepted.
    if let Some(info) = RequestInfo::of(parts) {
        info.set_token(&row.id);
    }
    app.last_uses.note(&row.id, now());
    Ok(Some(Member {
        token: row.id,
        account: row.account_id,
        scope: row.scope,
        role,
        signed_in,
    }))
}

/// Returns the 403 with this message.
pub(crate) fn forbidden(message: &str) -> ApiError {
    ApiError::coded(StatusCode::FORBIDDEN, "forbidden", message)
}

/// Returns the 401 for a request without credentials.
pub(crate) fn unauthorized(app: &App, organization: &Organization) -> ApiError {
    let message = "Authentication required. Use OAuth or API key.";
    ApiError::coded(StatusCode::UNAUTHORIZED, "unauthorized", message)
        .with(header::WWW_AUTHENTICATE, challenge(app))
        .denying(Denial {
            organization: organization.id.clone(),
            actor: None,
        })
}

/// Returns the 401 for a token that is unknown, expired or revoked. The response does not show which.
fn invalid_token(app: &App, organization: &Organization, actor: Option<(String, String)>) -> ApiError {
    let value = format!("{}, error=\"invalid_token\"", challenge(app));
    let message = "Invalid or expired access token";
    ApiError::coded(StatusCode::UNAUTHORIZED, "invalid_token", message)
        .with(header::WWW_AUTHENTICATE, value)
        .denying(Denial {
            organization: organization.id.clone(),
            actor,
        })
}

/// Returns the value of `WWW-Authenticate`.
fn challenge(app: &App) -> String {
    format!("Bearer realm=\"{}/.well-known/oauth-protected-resource\"", app.origin())
}

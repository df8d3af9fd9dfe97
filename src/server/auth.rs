//! Who asks, for which organisation, and whether they may: contract section 2, in its order.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use subtle::ConstantTimeEq;

use super::app::{App, Shared, now};
use super::db::params;
use super::reply::{Failure, Reply};
use super::request_info::RequestInfo;
use super::token;

/// The organisation of the path.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) public: bool,
}

/// The user behind a token, as a member of the organisation.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) account: String,
    pub(crate) token: String,
    pub(crate) scope: String,
    pub(crate) role: String,
}

impl Member {
    pub(crate) fn may_administer(&self) -> bool {
        self.scope.split_whitespace().any(|word| word == "mcp:admin")
    }

    pub(crate) fn governs(&self) -> bool {
        matches!(self.role.as_str(), "owner" | "admin")
    }
}

/// A member on whose behalf something may be read, or changed when it came through [`Admin`].
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) organization: Organization,
    pub(crate) member: Member,
}

/// Any member with a valid token.
pub(crate) struct Reader(pub(crate) Caller);

/// A member whose token has `mcp:admin`.
pub(crate) struct Admin(pub(crate) Caller);

/// A member, or anybody when the organisation is public.
pub(crate) struct Visitor {
    pub(crate) organization: Organization,
    pub(crate) member: Option<Member>,
}

impl FromRequestParts<Shared> for Reader {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Reply<Self> {
        let organization = organization(parts, app).await?;
        let member = member(parts, app, &organization)
            .await?
            .ok_or_else(|| unauthorized(app))?;
        Ok(Self(Caller { organization, member }))
    }
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Reply<Self> {
        let Reader(caller) = Reader::from_request_parts(parts, app).await?;
        if caller.member.may_administer() {
            return Ok(Self(caller));
        }
        let sentence = "This route requires a web session or a token with mcp:admin scope.";
        Err(Failure::coded(StatusCode::FORBIDDEN, "forbidden", sentence))
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Reply<Self> {
        let organization = organization(parts, app).await?;
        let member = member(parts, app, &organization).await?;
        if member.is_none() && !organization.public {
            return Err(unauthorized(app));
        }
        Ok(Self { organization, member })
    }
}

async fn organization(parts: &mut Parts, app: &App) -> Reply<Organization> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| Failure::not_found("Not found"))?;
    let slug = params
        .iter()
        .find(|(name, _)| *name == "org")
        .map(|(_, slug)| slug.to_owned())
        .unwrap_or_default();
    if slug.contains('\0') {
        return Err(Failure::bad_request("ids cannot contain U+0000"));
    }
    let row = app
        .db
        .optional(
            "SELECT id, visibility FROM organization WHERE slug = $1",
            params![&slug],
        )
        .await?;
    let Some(row) = row else {
        let sentence = format!("Organization '{slug}' not found");
        return Err(Failure::coded(StatusCode::NOT_FOUND, "invalid_request", sentence));
    };
    Ok(Organization {
        id: row.text(0)?,
        public: row.text(1)? == "public",
        slug,
    })
}

/// The member that the credentials stand for; `None` when there are no credentials.
async fn member(parts: &Parts, app: &App, organization: &Organization) -> Reply<Option<Member>> {
    let sent = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(text) = sent
        .and_then(|value| value.strip_prefix("Bearer "))
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let hash = token::hash(text);
    let row = app
        .db
        .optional(
            "SELECT t.id, t.hash, t.account_id, t.organization_id, t.scope, t.expires_at, t.revoked_at, m.role \
             FROM token t LEFT JOIN member m ON m.account_id = t.account_id AND m.organization_id = $2 \
             WHERE t.hash = $1",
            params![&hash, &organization.id],
        )
        .await?;
    let Some(row) = row else { return Err(invalid_token(app)) };
    let same: bool = row.text(1)?.as_bytes().ct_eq(hash.as_bytes()).into();
    let expired = row.opt_int(5)?.is_some_and(|at| at <= now());
    if !same || expired || row.opt_int(6)?.is_some() {
        return Err(invalid_token(app));
    }
    if row.opt_text(3)?.is_some_and(|bound| bound != organization.id) {
        return Err(forbidden("Token organization does not match URL organization"));
    }
    let role = row
        .opt_text(7)?
        .ok_or_else(|| forbidden("Token owner is not a member of this organization"))?;
    let token = row.text(0)?;
    if let Some(info) = RequestInfo::of(parts) {
        info.set_token(&token);
    }
    Ok(Some(Member {
        token,
        account: row.text(2)?,
        scope: row.text(4)?,
        role,
    }))
}

fn forbidden(sentence: &str) -> Failure {
    Failure::coded(StatusCode::FORBIDDEN, "forbidden", sentence)
}

/// 401 for a request without credentials.
pub(crate) fn unauthorized(app: &App) -> Failure {
    let sentence = "Authentication required. Use OAuth or API key.";
    Failure::coded(StatusCode::UNAUTHORIZED, "unauthorized", sentence).with(header::WWW_AUTHENTICATE, challenge(app))
}

fn invalid_token(app: &App) -> Failure {
    let value = format!("{}, error=\"invalid_token\"", challenge(app));
    Failure::coded(
        StatusCode::UNAUTHORIZED,
        "invalid_token",
        "Invalid or expired access token",
    )
    .with(header::WWW_AUTHENTICATE, value)
}

fn challenge(app: &App) -> String {
    format!("Bearer realm=\"{}/.well-known/oauth-protected-resource\"", app.origin())
}

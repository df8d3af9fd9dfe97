//! Who a token belongs to, as the server says it (contract section 3).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::Client;
use super::error::RemoteError;
use super::method::Method;
use super::transport::Request;
use crate::resource::Secret;

/// The start of a personal access token (contract section 2).
const PERSONAL: &str = "owl_pat_";

/// What the server says about the owner of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountOwner {
    /// The id of the person.
    pub id: Option<String>,
    /// The name of the person.
    pub name: Option<String>,
    /// The address of the person.
    pub email: Option<String>,
    /// The slug of the organization that the token is bound to, or that was asked about.
    pub organization: Option<String>,
    /// The organizations that the person belongs to, as far as the token may see them.
    pub organizations: Vec<Membership>,
    /// The scopes of the token, where the server says them.
    pub scope: Option<String>,
}

/// An organization that a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Membership {
    /// The slug of the organization.
    pub slug: String,
    /// The name of the organization.
    #[serde(default)]
    pub name: String,
    /// The role of the person in it, where the server says it.
    #[serde(default)]
    pub role: Option<String>,
}

/// The answer about an OAuth access token.
#[derive(Deserialize)]
struct UserInfoBody {
    sub: String,
    name: Option<String>,
    email: Option<String>,
    organization_slug: Option<String>,
    organizations: Vec<Membership>,
    scope: Option<String>,
    role: Option<String>,
}

/// An organization in the answer of the tool that lists them: those of others are there too, when they are public.
#[derive(Deserialize)]
struct OrganizationEntry {
    #[serde(flatten)]
    membership: Membership,
    is_member: bool,
    is_current: bool,
}

/// Whether a token is a personal access token, about which only the tools of an organization answer.
pub fn is_personal(token: &str) -> bool {
    token.starts_with(PERSONAL)
}

impl Client {
    /// Returns whose token the client has, in one request where the server allows that.
    ///
    /// # Errors
    /// When the server does not accept the token.
    pub async fn owner(&self, token: &Secret) -> Result<AccountOwner, RemoteError> {
        if is_personal(token.expose()) {
            return self.memberships().await;
        }
        match self.user_info().await {
            // Neither a token of the gateway of April 2026 nor one without `profile:read` may ask there.
            Err(error) if matches!(error.status(), Some(403 | 404)) && !self.organization().is_empty() => {
                self.memberships().await
            }
            answer => answer,
        }
    }

    /// Returns whose OAuth access token the client has.
    ///
    /// # Errors
    /// When the server refuses the token, or it may not see its person.
    async fn user_info(&self) -> Result<AccountOwner, RemoteError> {
        let reply = self.send(Request::get("/oauth/userinfo")).await?;
        let info: UserInfoBody = reply.parse()?;
        let mut organizations = info.organizations;
        // A role without an organization beside it is the one in the organization of the token.
        for it in &mut organizations {
            if it.role.is_none() && Some(&it.slug) == info.organization_slug.as_ref() {
                it.role.clone_from(&info.role);
            }
        }
        Ok(AccountOwner {
            id: Some(info.sub),
            name: info.name,
            email: info.email,
            organization: info.organization_slug,
            organizations,
            scope: info.scope,
        })
    }

    /// Returns the organizations that any token's owner belongs to, of which the client's organization has to be one.
    ///
    /// # Errors
    /// When the server refuses the token for this organization, or its owner does not belong to it.
    async fn memberships(&self) -> Result<AccountOwner, RemoteError> {
        let path = self.path(&["list_organizations"]);
        let request = Request::new(Method::Post, path).with_json(&Map::<String, Value>::new());
        let reply = self.send(request.reading()).await?;
        let listed: Vec<OrganizationEntry> = reply.parse()?;
        let asked = self.organization();
        let is_asked = |it: &OrganizationEntry| it.is_member && it.is_current && it.membership.slug == asked;
        if !listed.iter().any(is_asked) {
            return Err(reply.malformed(&format!("`{asked}` as an organization that the token belongs to")));
        }
        let own = listed.into_iter().filter(|it| it.is_member);
        Ok(AccountOwner {
            organization: Some(asked.to_owned()),
            organizations: own.map(|it| it.membership).collect(),
            ..AccountOwner::default()
        })
    }
}

//! The decision of a person: which organization a client gets, and which scopes, or nothing at all.

use super::device::{self, PendingRequest};
use super::error::{access_denied, invalid_grant, invalid_request, invalid_scope};
use super::scope::{self, ScopeSet};
use crate::server::app::now;
use crate::server::audit_event::AuditEvent;
use crate::server::db::{Db, params, table_row};
use crate::server::reply::ApiResult;
use crate::server::session::WebSession;
use crate::server::token;

table_row! {
    /// An organization that a person may choose.
    pub(crate) struct ChoosableOrganization, columns choosable_columns {
        id: String = "o.id",
        slug: String = "o.slug",
        name: String = "o.name",
        role: String = "m.role",
    }
}

const CHOOSABLE: &str = concat!(
    "SELECT ",
    choosable_columns!(),
    " FROM member m JOIN organization o ON o.id = m.organization_id WHERE m.account_id = $1 \
     AND ($2 = '' OR o.id = $2) ORDER BY o.slug"
);

/// What came of a decision.
pub(crate) enum Decided {
    /// The client gets its tokens with the next poll.
    Approved,
    /// The client gets nothing.
    Denied,
    /// The person has to choose one of these first. Nothing has changed.
    OrganizationNeeded(Vec<ChoosableOrganization>),
}

/// Lists the organizations that the person of a session may choose.
pub(crate) async fn choosable(db: &Db, session: &WebSession) -> ApiResult<Vec<ChoosableOrganization>> {
    let bound = session.organization.as_deref().unwrap_or_default();
    Ok(db.rows(CHOOSABLE, params![&session.account, bound]).await?)
}

/// Denies the request with this code.
pub(crate) async fn deny(db: &Db, user_code: &str) -> ApiResult<Decided> {
    let mut tx = db.begin().await?;
    let sql = "UPDATE device_request SET state = 'denied' \
        WHERE user_code_hash = $1 AND state = 'pending' AND expires_at > $2";
    if tx.execute(sql, params![&token::hash(user_code), now()]).await? == 0 {
        return Err(unknown_code());
    }
    tx.commit().await?;
    Ok(Decided::Denied)
}

/// Approves the request with this code, for the organization with this id, or the one that the client has asked for.
///
/// # Errors
/// `invalid_grant` for a code that cannot be decided any more, `access_denied` for an organization of others, `invalid_scope`
/// when nothing is left that the person's role allows.
pub(crate) async fn approve(
    db: &Db,
    session: &WebSession,
    user_code: &str,
    organization: Option<&str>,
) -> ApiResult<Decided> {
    let pending = device::find_pending(db, user_code).await?.ok_or_else(unknown_code)?;
    let wanted = pending.wanted().both(session.grantable());
    let chosen = if wanted.needs_organization() {
        match choose(db, session, &pending, organization).await? {
            Some(chosen) => Some(chosen),
            None => return Ok(Decided::OrganizationNeeded(choosable(db, session).await?)),
        }
    } else {
        None
    };
    let granted = match &chosen {
        Some(chosen) if !is_admin(&chosen.role) => wanted.without(scope::ADMIN),
        _ => wanted,
    };
    if granted.is_empty() {
        let message = "Your role is not authorized for any of the requested scopes";
        return Err(invalid_scope(message));
    }
    store(db, session, user_code, (chosen.as_ref(), granted), &pending.client_name).await
}

/// Whether a role may pass on `mcp:admin`.
pub(crate) fn is_admin(role: &str) -> bool {
    matches!(role, "owner" | "admin")
}

/// Returns the organization of the grant. `None` when the person has to choose.
async fn choose(
    db: &Db,
    session: &WebSession,
    pending: &PendingRequest,
    organization: Option<&str>,
) -> ApiResult<Option<ChoosableOrganization>> {
    let mut choosable = choosable(db, session).await?.into_iter();
    // The choice of the person comes before the wish of the client.
    if let Some(id) = organization {
        let chosen = choosable.find(|each| each.id == id);
        return chosen
            .map(Some)
            .ok_or_else(|| access_denied("Not a member of the selected organization"));
    }
    let Some(slug) = pending.organization_slug() else {
        return Ok(None);
    };
    if let Some(chosen) = choosable.find(|each| each.slug == slug) {
        return Ok(Some(chosen));
    }
    let known = db
        .exists("SELECT id FROM organization WHERE slug = $1", params![slug])
        .await?;
    Err(if known {
        access_denied("Not a member of requested organization")
    } else {
        invalid_request(format!("Organization '{slug}' not found"))
    })
}

async fn store(
    db: &Db,
    session: &WebSession,
    user_code: &str,
    (chosen, granted): (Option<&ChoosableOrganization>, ScopeSet),
    client_name: &str,
) -> ApiResult<Decided> {
    let organization = chosen.map(|chosen| chosen.id.as_str());
    let mut tx = db.begin().await?;
    // Of several decisions at the same moment, one finds the request pending.
    let stored = tx
        .execute(
            "UPDATE device_request SET state = 'approved', account_id = $1, organization_id = $2, granted_scope = $3, \
             token_id = $4 WHERE user_code_hash = $5 AND state = 'pending' AND expires_at > $6",
            params![
                &session.account,
                organization,
                &granted.to_string(),
                session.token.as_deref(),
                &token::hash(user_code),
                now()
            ],
        )
        .await?;
    if stored == 0 {
        return Err(unknown_code());
    }
    if let Some(organization) = organization {
        let fields: Vec<&str> = granted.iter().collect();
        let event = AuditEvent {
            organization,
            account: &session.account,
            token: session.token.as_deref().unwrap_or_default(),
            action: "sign-in.approve",
            target: client_name,
            fields: &fields,
            request_id: None,
        };
        event.write(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(Decided::Approved)
}

fn unknown_code() -> crate::server::reply::ApiError {
    invalid_grant("Invalid or expired user code")
}

//! Organizations, the people of this server, and who may do what in which organization. Every change leaves an event in the
//! audit of the organization.

use std::fmt;
use std::str::FromStr;

use super::audit_event::{AuditEvent, COMMAND_LINE};
use super::bootstrap;
use super::db::{Db, Tx, params, table_row};
use super::error::ServerError;
use super::name;

/// The maximum number of characters of the name of a person or an organization.
pub(crate) const MAX_NAME_CHARS: usize = 100;
/// The maximum number of characters of a slug or the id of a user.
const MAX_ID_CHARS: usize = 64;

/// What a member may do in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRole {
    /// May do everything. Every organization has at least one.
    Owner,
    /// May change types and create tokens, as an owner may.
    Admin,
    /// May read, and change agents with a token that has `mcp:admin`.
    Member,
}

impl MemberRole {
    /// Returns the role as it is stored and typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

impl fmt::Display for MemberRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for MemberRole {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let roles = [Self::Owner, Self::Admin, Self::Member];
        let role = roles.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| ServerError::Argument(format!("no role `{text}`; there are: owner, admin, member")))
    }
}

table_row! {
    /// An organization as `org list` shows it.
    pub(crate) struct OrganizationSummary, columns summary_columns {
        slug: String = "o.slug",
        name: String = "o.name",
        visibility: String = "o.visibility",
        created_at: i64 = "o.created_at",
        members: i64 = "(SELECT COUNT(*) FROM member m WHERE m.organization_id = o.id)",
    }
}

table_row! {
    /// A member of an organization as `member list` shows it.
    pub(crate) struct MemberSummary, columns member_columns {
        organization: String = "o.slug",
        user: String = "a.id",
        name: String = "a.name",
        role: String = "m.role",
    }
}

/// Creates a private organization. The owner becomes a user of this server if needed.
///
/// # Errors
/// [`ServerError::Argument`] when the slug is taken, or a slug, name or user is invalid.
pub(crate) async fn create_organization(db: &Db, slug: &str, title: &str, owner: &str) -> Result<(), ServerError> {
    bootstrap::check_slug(slug)?;
    check_length("the slug of an organization", slug)?;
    check_name("the name of an organization", title)?;
    check_user(owner)?;
    let mut tx = db.begin().await?;
    if !bootstrap::insert_organization(&mut tx, &format!("org-{slug}"), slug, title).await? {
        return Err(ServerError::Argument(format!("organization `{slug}` exists")));
    }
    bootstrap::insert_account(&mut tx, owner, owner).await?;
    bootstrap::upsert_member(&mut tx, slug, owner, MemberRole::Owner.as_str()).await?;
    let organization = lock_organization(&mut tx, slug).await?;
    record(&mut tx, &organization, "organization.create", slug, &[]).await?;
    record(&mut tx, &organization, "member.add", owner, &["owner"]).await?;
    Ok(tx.commit().await?)
}

/// Changes the name of an organization. Its slug, which clients use, stays.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown slug or an invalid name.
pub(crate) async fn rename_organization(db: &Db, slug: &str, title: &str) -> Result<(), ServerError> {
    check_name("the name of an organization", title)?;
    let mut tx = db.begin().await?;
    let organization = lock_organization(&mut tx, slug).await?;
    let sql = "UPDATE organization SET name = $1 WHERE id = $2";
    tx.execute(sql, params![title, &organization]).await?;
    record(&mut tx, &organization, "organization.rename", slug, &["name"]).await?;
    Ok(tx.commit().await?)
}

/// Lists all organizations by slug.
pub(crate) async fn list_organizations(db: &Db) -> Result<Vec<OrganizationSummary>, ServerError> {
    let sql = concat!("SELECT ", summary_columns!(), " FROM organization o ORDER BY o.slug");
    Ok(db.rows(sql, &[]).await?)
}

/// Gives a user a role in an organization. Creates the user if needed. `full_name` replaces the name that others see.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown organization, an invalid user or name, and when the organization would have no
/// owner any more.
pub(crate) async fn set_member(
    db: &Db,
    slug: &str,
    user: &str,
    full_name: Option<&str>,
    role: MemberRole,
) -> Result<(), ServerError> {
    check_user(user)?;
    let mut tx = db.begin().await?;
    let organization = lock_organization(&mut tx, slug).await?;
    bootstrap::insert_account(&mut tx, user, user).await?;
    if let Some(full_name) = full_name {
        check_name("the name of a person", full_name)?;
        let sql = "UPDATE account SET name = $1 WHERE id = $2";
        tx.execute(sql, params![full_name, user]).await?;
    }
    let known = "SELECT role FROM member WHERE organization_id = $1 AND account_id = $2";
    let action = if tx.exists(known, params![&organization, user]).await? {
        "member.change"
    } else {
        "member.add"
    };
    bootstrap::upsert_member(&mut tx, slug, user, role.as_str()).await?;
    check_owner_left(&mut tx, &organization, slug).await?;
    record(&mut tx, &organization, action, user, &[role.as_str()]).await?;
    Ok(tx.commit().await?)
}

/// Removes a user from an organization. The user and their other memberships stay; tokens are refused here from the next
/// request on.
///
/// # Errors
/// [`ServerError::Argument`] when the user is no member, or is the last owner.
pub(crate) async fn remove_member(db: &Db, slug: &str, user: &str) -> Result<(), ServerError> {
    let mut tx = db.begin().await?;
    let organization = lock_organization(&mut tx, slug).await?;
    let sql = "DELETE FROM member WHERE organization_id = $1 AND account_id = $2";
    if tx.execute(sql, params![&organization, user]).await? == 0 {
        return Err(ServerError::Argument(format!("`{user}` is not a member of `{slug}`")));
    }
    check_owner_left(&mut tx, &organization, slug).await?;
    record(&mut tx, &organization, "member.remove", user, &[]).await?;
    Ok(tx.commit().await?)
}

const MEMBERS: &str = concat!(
    "SELECT ",
    member_columns!(),
    " FROM member m JOIN organization o ON o.id = m.organization_id JOIN account a ON a.id = m.account_id \
     WHERE $1 = '' OR o.slug = $1 ORDER BY o.slug, a.id"
);

/// Lists the members of one organization, or of all for `None`, by organization and user.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown organization.
pub(crate) async fn list_members(db: &Db, slug: Option<&str>) -> Result<Vec<MemberSummary>, ServerError> {
    if let Some(slug) = slug {
        check_organization(db, slug).await?;
    }
    Ok(db.rows(MEMBERS, params![slug.unwrap_or_default()]).await?)
}

/// Refuses the slug of an organization that does not exist.
pub(crate) async fn check_organization(db: &Db, slug: &str) -> Result<(), ServerError> {
    let sql = "SELECT id FROM organization WHERE slug = $1";
    if db.exists(sql, params![slug]).await? {
        return Ok(());
    }
    Err(ServerError::no_organization(slug))
}

/// Refuses a user who is not a member of the organization: nothing could be done with their token there.
pub(crate) async fn check_membership(db: &Db, slug: &str, user: &str) -> Result<(), ServerError> {
    check_organization(db, slug).await?;
    let sql = "SELECT m.role FROM member m JOIN organization o ON o.id = m.organization_id \
        WHERE o.slug = $1 AND m.account_id = $2";
    if db.exists(sql, params![slug, user]).await? {
        return Ok(());
    }
    let message =
        format!("`{user}` is not a member of `{slug}`; `lobuctl serve member add {user} --org {slug}` adds them");
    Err(ServerError::Argument(message))
}

/// Returns the id of an organization, which no other transaction changes until this one ends. Two owners who remove each
/// other at the same moment would otherwise leave none.
async fn lock_organization(tx: &mut Tx<'_>, slug: &str) -> Result<String, ServerError> {
    // An update takes the lock of the row on PostgreSQL; SQLite has one writer at a time and no `FOR UPDATE`.
    let sql = "UPDATE organization SET slug = slug WHERE slug = $1 RETURNING id";
    tx.value(sql, params![slug])
        .await?
        .ok_or_else(|| ServerError::no_organization(slug))
}

async fn check_owner_left(tx: &mut Tx<'_>, organization: &str, slug: &str) -> Result<(), ServerError> {
    let sql = "SELECT account_id FROM member WHERE organization_id = $1 AND role = 'owner'";
    if tx.exists(sql, params![organization]).await? {
        return Ok(());
    }
    Err(ServerError::Argument(format!(
        "`{slug}` would have no owner; make somebody else its owner first"
    )))
}

/// Refuses a user id that cannot be typed or shown: it has letters, digits, `.`, `_`, `-` and `@`, as an e-mail address has.
fn check_user(user: &str) -> Result<(), ServerError> {
    let plain = |each: u8| each.is_ascii_alphanumeric() || b"._-@+".contains(&each);
    if user.is_empty() || !user.as_bytes()[0].is_ascii_alphanumeric() || !user.bytes().all(plain) {
        return Err(ServerError::Argument(format!(
            "{user:?} cannot be a user; a user has letters, digits, `.`, `_`, `-`, `+` and `@`"
        )));
    }
    check_length("a user", user)
}

fn check_length(what: &str, text: &str) -> Result<(), ServerError> {
    if text.len() <= MAX_ID_CHARS {
        return Ok(());
    }
    Err(ServerError::Argument(format!(
        "{what} has at most {MAX_ID_CHARS} characters"
    )))
}

fn check_name(what: &str, text: &str) -> Result<(), ServerError> {
    if name::is_printable_line(text, MAX_NAME_CHARS) {
        return Ok(());
    }
    Err(ServerError::Argument(format!(
        "{what} is one printable line of 1 to {MAX_NAME_CHARS} characters"
    )))
}

async fn record(
    tx: &mut Tx<'_>,
    organization: &str,
    action: &str,
    target: &str,
    fields: &[&str],
) -> Result<(), ServerError> {
    let event = AuditEvent {
        organization,
        account: COMMAND_LINE,
        action,
        target,
        fields,
        ..AuditEvent::default()
    };
    Ok(event.write(tx).await?)
}

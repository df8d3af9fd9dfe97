//! `lobuctl serve org …` and `lobuctl serve member …`, which work on the database while a server may be using it.

use std::io::Write;

use serde::Serialize;

use super::listing::{ListFormat, write_list};
use super::location::DataLocation;
use crate::server::app::iso;
use crate::server::bootstrap;
use crate::server::error::ServerError;
use crate::server::name;
use crate::server::people::{self, MemberRole, MemberSummary, OrganizationSummary};

/// The arguments of `org create`.
#[derive(Debug, Clone)]
pub struct OrgCreateArgs {
    /// The database.
    pub location: DataLocation,
    /// What clients use: lower-case letters, digits and hyphens.
    pub slug: String,
    /// The name that people see. `None` means the slug.
    pub name: Option<String>,
    /// The user who owns it. `None` means the user of the first token.
    pub owner: Option<String>,
}

/// The arguments of `member add`.
#[derive(Debug, Clone)]
pub struct MemberAddArgs {
    /// The database.
    pub location: DataLocation,
    /// The user, who is created if needed.
    pub user: String,
    /// The slug of the organization.
    pub organization: String,
    /// What the user may do there.
    pub role: MemberRole,
    /// The name that others see. `None` keeps it.
    pub full_name: Option<String>,
}

/// The arguments of `member remove`.
#[derive(Debug, Clone)]
pub struct MemberRemoveArgs {
    /// The database.
    pub location: DataLocation,
    /// The user.
    pub user: String,
    /// The slug of the organization.
    pub organization: String,
}

/// Creates an organization with its first owner.
pub async fn org_create(args: &OrgCreateArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let owner = args.owner.as_deref().unwrap_or(bootstrap::ACCOUNT);
    let title = args.name.as_deref().unwrap_or(&args.slug);
    let created = people::create_organization(&db, &args.slug, title, owner).await;
    db.close().await;
    created?;
    writeln!(out, "created {} with the owner {owner}", args.slug).map_err(ServerError::Output)
}

/// Changes the name of an organization that people see.
pub async fn org_rename(
    location: &DataLocation,
    slug: &str,
    name: &str,
    out: &mut (dyn Write + Send),
) -> Result<(), ServerError> {
    let db = location.open().await?;
    let renamed = people::rename_organization(&db, slug, name).await;
    db.close().await;
    renamed?;
    writeln!(out, "renamed {slug}").map_err(ServerError::Output)
}

/// An element of the list that `org list --format json` prints.
#[derive(Serialize)]
struct OrgJson<'a> {
    slug: &'a str,
    name: &'a str,
    visibility: &'a str,
    members: i64,
    created_at: String,
}

/// Writes one line for each organization (visibility, members, name, slug), or a JSON list.
pub async fn org_list(
    location: &DataLocation,
    format: ListFormat,
    out: &mut (dyn Write + Send),
) -> Result<(), ServerError> {
    let db = location.open().await?;
    let rows = people::list_organizations(&db).await;
    db.close().await;
    let json = |row: &OrganizationSummary| {
        serde_json::to_value(OrgJson {
            slug: &row.slug,
            name: &row.name,
            visibility: &row.visibility,
            members: row.members,
            created_at: iso(row.created_at),
        })
    };
    let line = |row: &OrganizationSummary| {
        let members = if row.members == 1 { "member" } else { "members" };
        let title = name::visible(&row.name, people::MAX_NAME_CHARS);
        format!("{}  {} {members}  {title}  {}", row.visibility, row.members, row.slug)
    };
    write_list(&rows?, format, json, line, out)
}

/// Gives a user a role in an organization.
pub async fn member_add(args: &MemberAddArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let (slug, user, role) = (&args.organization, &args.user, args.role);
    let added = people::set_member(&db, slug, user, args.full_name.as_deref(), role).await;
    db.close().await;
    added?;
    writeln!(out, "{user} is {role} of {slug}").map_err(ServerError::Output)
}

/// Removes a user from an organization.
pub async fn member_remove(args: &MemberRemoveArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    let removed = people::remove_member(&db, &args.organization, &args.user).await;
    db.close().await;
    removed?;
    writeln!(out, "removed {} from {}", args.user, args.organization).map_err(ServerError::Output)
}

/// An element of the list that `member list --format json` prints.
#[derive(Serialize)]
struct MemberJson<'a> {
    user: &'a str,
    name: &'a str,
    organization: &'a str,
    role: &'a str,
}

/// Writes one line for each membership (role, organization, name, user), or a JSON list. `organization` selects one.
pub async fn member_list(
    location: &DataLocation,
    organization: Option<&str>,
    format: ListFormat,
    out: &mut (dyn Write + Send),
) -> Result<(), ServerError> {
    let db = location.open().await?;
    let rows = people::list_members(&db, organization).await;
    db.close().await;
    let json = |row: &MemberSummary| {
        serde_json::to_value(MemberJson {
            user: &row.user,
            name: &row.name,
            organization: &row.organization,
            role: &row.role,
        })
    };
    let line = |row: &MemberSummary| {
        let full_name = name::visible(&row.name, people::MAX_NAME_CHARS);
        format!("{:<6}  {}  {full_name}  {}", row.role, row.organization, row.user)
    };
    write_list(&rows?, format, json, line, out)
}

//! `lobuctl serve audit`: prints the recorded events, newest last.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::listing::{ListFormat, write_list};
use super::location::DataLocation;
use crate::server::app::iso;
use crate::server::db::{Db, DbResult, params, table_row};
use crate::server::error::ServerError;
use crate::server::name;
use crate::server::people;

/// The maximum number of characters of a name or a target in a line.
const MAX_SHOWN_CHARS: usize = 100;

/// The arguments of `audit`.
#[derive(Debug, Clone)]
pub struct AuditArgs {
    /// The database.
    pub location: DataLocation,
    /// The slug of the organization whose events are printed. `None` means all.
    pub organization: Option<String>,
    /// The maximum number of events.
    pub limit: u32,
    /// How to print them.
    pub format: ListFormat,
}

table_row! {
    /// An event with the slug of its organization.
    pub(crate) struct PrintedEvent, columns printed_columns {
        id: i64 = "e.id",
        at: i64 = "e.at",
        organization: String = "o.slug",
        user: String = "e.account_id",
        token: String = "e.token_id",
        action: String = "e.action",
        target: String = "e.target",
        fields: Value = "e.fields",
        request_id: Option<String> = "e.request_id",
    }
}

const NEWEST: &str = concat!(
    "SELECT ",
    printed_columns!(),
    " FROM audit e JOIN organization o ON o.id = e.organization_id \
     WHERE $1 = '' OR o.slug = $1 ORDER BY e.id DESC LIMIT $2"
);

/// An element of the list that `audit --format json` prints.
#[derive(Serialize)]
struct EventJson<'a> {
    id: i64,
    at: String,
    organization: &'a str,
    user: Option<&'a str>,
    token: Option<&'a str>,
    action: &'a str,
    target: &'a str,
    fields: &'a Value,
    request_id: Option<&'a str>,
}

/// Writes one line for each event (time, organization, user, action, target, names of fields, token), or a JSON list.
///
/// # Errors
/// [`ServerError::Argument`] for an unknown organization.
pub async fn audit(args: &AuditArgs, out: &mut (dyn Write + Send)) -> Result<(), ServerError> {
    let db = args.location.open().await?;
    if let Some(slug) = &args.organization {
        people::check_organization(&db, slug).await?;
    }
    let rows = newest(&db, args.organization.as_deref(), args.limit).await;
    db.close().await;
    write_list(&rows?, args.format, json, line, out)
}

/// Reads the newest events in the order in which they happened.
async fn newest(db: &Db, slug: Option<&str>, limit: u32) -> DbResult<Vec<PrintedEvent>> {
    let parameters = params![slug.unwrap_or_default(), i64::from(limit)];
    let mut rows: Vec<PrintedEvent> = db.rows(NEWEST, parameters).await?;
    rows.reverse();
    Ok(rows)
}

fn json(row: &PrintedEvent) -> serde_json::Result<Value> {
    serde_json::to_value(EventJson {
        id: row.id,
        at: iso(row.at),
        organization: &row.organization,
        user: Some(row.user.as_str()).filter(|user| !user.is_empty()),
        token: Some(row.token.as_str()).filter(|token| !token.is_empty()),
        action: &row.action,
        target: &row.target,
        fields: &row.fields,
        request_id: row.request_id.as_deref(),
    })
}

fn line(row: &PrintedEvent) -> String {
    // Clients choose ids and names of fields, which could otherwise fake a line.
    let shown = |text: &str| name::visible(text, MAX_SHOWN_CHARS);
    let user = if row.user.is_empty() { "unknown" } else { &row.user };
    let fields: Vec<String> = row
        .fields
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|field| field.as_str().map(shown))
        .collect();
    let parts = [
        iso(row.at),
        row.organization.clone(),
        shown(user),
        row.action.clone(),
        shown(&row.target),
        fields.join(","),
        row.token.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("  ")
}

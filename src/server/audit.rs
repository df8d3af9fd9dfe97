//! The audit: who changed what and when, written in the transaction of the change, without values, and read by administrators.

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::app::{App, Shared, iso, now};
use super::audit_event::{AuditEvent, MAX_FIELDS, field_names};
use super::auth::{Admin, Caller, request_id};
use super::db::{Db, DbResult, Tx, params, table_row};
use super::options::AuditLimits;
use super::reply::{ApiError, ApiResult, Denial};

/// The numbers of events in a response: by default, and at most.
const DEFAULT_PAGE: i64 = 100;
const MAX_PAGE: i64 = 500;

/// Records a change in the transaction that makes it, so that none is kept without its event. `action` is the kind of the
/// resource and a verb, as in `agent.create`; `target` is the id or slug; `fields` are names, never values.
pub(crate) async fn record(
    tx: &mut Tx<'_>,
    caller: &Caller,
    action: &str,
    target: &str,
    fields: &[&str],
) -> DbResult<()> {
    let event = AuditEvent {
        organization: &caller.organization.id,
        account: &caller.member.account,
        token: &caller.member.token,
        action,
        target,
        fields,
        request_id: caller.request_id.as_deref(),
    };
    event.write(tx).await
}

/// A layer that records denied requests, except those that would only have read. The number of records in a minute is
/// bounded (see `denial`).
pub(crate) async fn record_denials(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let target = format!("{} {}", request.method(), request.uri().path());
    let request_id = request_id(request.extensions());
    let response = next.run(request).await;
    if let Some(denial) = response.extensions().get::<Denial>()
        && !reads
    {
        record_denial(&app, denial, &target, request_id.as_deref()).await;
    }
    response
}

/// Records a denial, unless there were too many in this minute.
pub(crate) async fn record_denial(app: &App, denial: &Denial, target: &str, request_id: Option<&str>) {
    if app.denials.admits(&denial.organization, now())
        && let Err(error) = write_denial(app, denial, target, request_id).await
    {
        // The response is the same with or without its event.
        tracing::warn!(reason = %error, "a denial was not recorded");
    }
}

async fn write_denial(app: &App, denial: &Denial, target: &str, request_id: Option<&str>) -> DbResult<()> {
    let (account, token) = denial
        .actor
        .as_ref()
        .map_or(("", ""), |(account, token)| (account, token));
    let event = AuditEvent {
        organization: &denial.organization,
        account,
        token,
        action: "access.denied",
        target,
        fields: &[],
        request_id,
    };
    let mut tx = app.db.begin().await?;
    event.write(&mut tx).await?;
    tx.commit().await
}

// Ids count up, so those that exceed the number of events follow from the newest one, without counting the rows. Gaps make
// this delete a little earlier than needed.
const PRUNE: &str = "DELETE FROM audit WHERE at < $1 OR id <= (SELECT COALESCE(MAX(id), 0) FROM audit) - $2";

/// Deletes the events that exceed the limits, oldest first.
pub(crate) async fn prune(db: &Db, limits: AuditLimits) -> DbResult<()> {
    let age = i64::try_from(limits.age.as_millis()).unwrap_or(i64::MAX);
    let mut tx = db.begin().await?;
    tx.execute(PRUNE, params![now().saturating_sub(age), i64::from(limits.events)])
        .await?;
    tx.commit().await
}

/// The query of [`list`].
#[derive(Deserialize)]
pub(crate) struct AuditQuery {
    /// The maximum number of events.
    limit: Option<i64>,
    /// Selects the events with a smaller id.
    before: Option<i64>,
    /// Selects the events of one target.
    target: Option<String>,
    /// Selects the events whose action begins with this text, such as `secret.`.
    action: Option<String>,
}

table_row! {
    /// A recorded event.
    pub(crate) struct AuditRow, columns audit_columns {
        id: i64 = "id",
        at: i64 = "at",
        account_id: String = "account_id",
        token_id: String = "token_id",
        action: String = "action",
        target: String = "target",
        fields: Value = "fields",
        request_id: Option<String> = "request_id",
    }
}

const NEWEST_FIRST: &str = concat!(
    "SELECT ",
    audit_columns!(),
    " FROM audit WHERE organization_id = $1 AND id < $2 AND ($3 = '' OR target = $3) \
     AND ($4 = '' OR SUBSTR(action, 1, LENGTH($4)) = $4) ORDER BY id DESC LIMIT $5"
);

/// The response of [`list`].
#[derive(Serialize)]
pub(crate) struct AuditPage {
    events: Vec<AuditBody>,
    /// The `before` of the following page. `None` on a page that is not full, which is the last one.
    next: Option<i64>,
}

#[derive(Serialize)]
struct AuditBody {
    id: i64,
    at: String,
    actor: ActorBody,
    action: String,
    target: String,
    fields: Value,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActorBody {
    user_id: Option<String>,
    token_id: Option<String>,
}

impl From<AuditRow> for AuditBody {
    fn from(row: AuditRow) -> Self {
        let non_empty = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: row.id,
            at: iso(row.at),
            actor: ActorBody {
                user_id: non_empty(row.account_id),
                token_id: non_empty(row.token_id),
            },
            action: row.action,
            target: row.target,
            fields: bounded_fields(&row.fields),
            request_id: row.request_id,
        }
    }
}

/// Bounds the number of names in an event, which older releases did not do when they stored it. The additional name counts
/// those that are left out.
fn bounded_fields(fields: &Value) -> Value {
    let names = fields.as_array().filter(|names| names.len() > MAX_FIELDS + 1);
    names.map_or(fields.clone(), |names| {
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        json!(field_names(&names))
    })
}

/// `GET /api/:org/audit`: lists the events of the organization, newest first.
pub(crate) async fn list(
    State(app): State<Shared>,
    Admin(caller): Admin,
    page: Result<Query<AuditQuery>, axum::extract::rejection::QueryRejection>,
) -> ApiResult<Json<AuditPage>> {
    let Query(page) = page.map_err(|_| ApiError::bad_request("limit and before must be numbers"))?;
    let limit = page.limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE);
    // PostgreSQL refuses U+0000 in a parameter; no target and no action contains it.
    let storable = |text: Option<String>| text.filter(|text| !text.contains('\0')).unwrap_or_default();
    let (target, action) = (storable(page.target), storable(page.action));
    let filter = (target.as_str(), action.as_str());
    read_page(&app.db, &caller, filter, page.before.unwrap_or(i64::MAX), limit).await
}

/// Reads the newest events of one target and of actions that begin with a text. An empty text selects all.
pub(crate) async fn read_newest(db: &Db, caller: &Caller, filter: (&str, &str)) -> ApiResult<Json<AuditPage>> {
    read_page(db, caller, filter, i64::MAX, MAX_PAGE).await
}

async fn read_page(
    db: &Db,
    caller: &Caller,
    (target, action): (&str, &str),
    before: i64,
    limit: i64,
) -> ApiResult<Json<AuditPage>> {
    let parameters = params![&caller.organization.id, before, target, action, limit];
    let rows: Vec<AuditRow> = db.rows(NEWEST_FIRST, parameters).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let next = rows.last().filter(|_| full).map(|row| row.id);
    let events = rows.into_iter().map(AuditBody::from).collect();
    Ok(Json(AuditPage { events, next }))
}

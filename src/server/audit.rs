//! Who changed what and when: written in the transaction of the change, without values, read by administrators.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app::{Shared, iso, now};
use super::auth::{Admin, Caller};
use super::db::{DbResult, Row, Tx, params};
use super::reply::{Failure, Reply};

const PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1000;

/// Notes a change. `fields` are names, never values.
pub(crate) async fn record(
    tx: &mut Tx<'_>,
    caller: &Caller,
    action: &str,
    target: &str,
    fields: &[&str],
) -> DbResult<()> {
    tx.execute(
        "INSERT INTO audit (organization_id, at, account_id, token_id, action, target, fields) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            &caller.organization.id,
            now(),
            &caller.member.account,
            &caller.member.token,
            action,
            target,
            &json!(fields).to_string()
        ],
    )
    .await?;
    Ok(())
}

/// `?limit=` and `?before=`.
#[derive(Deserialize)]
pub(crate) struct Page {
    limit: Option<i64>,
    before: Option<i64>,
    target: Option<String>,
}

/// `GET /api/:org/audit`, newest first. `next` is the `before` of the following page.
pub(crate) async fn list(
    State(app): State<Shared>,
    Admin(caller): Admin,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Reply {
    let Query(page) = page.map_err(|_| Failure::bad_request("limit and before must be numbers"))?;
    let limit = page.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let target = page.target.filter(|target| !target.contains('\0')).unwrap_or_default();
    let rows = app
        .db
        .fetch(
            "SELECT id, at, account_id, token_id, action, target, fields FROM audit \
             WHERE organization_id = $1 AND id < $2 AND ($3 = '' OR target = $3) ORDER BY id DESC LIMIT $4",
            params![&caller.organization.id, page.before.unwrap_or(i64::MAX), &target, limit],
        )
        .await?;
    let events = rows.iter().map(event).collect::<DbResult<Vec<_>>>()?;
    let full = i64::try_from(events.len()).is_ok_and(|count| count == limit);
    let next = if full {
        events.last().map(|event| event["id"].clone())
    } else {
        None
    };
    Ok(Json(json!({ "events": events, "next": next })))
}

fn event(row: &Row) -> DbResult<Value> {
    Ok(json!({
        "id": row.int(0)?,
        "at": iso(row.int(1)?),
        "actor": { "userId": row.text(2)?, "tokenId": row.text(3)? },
        "action": row.text(4)?,
        "target": row.text(5)?,
        "fields": row.json(6)?,
    }))
}

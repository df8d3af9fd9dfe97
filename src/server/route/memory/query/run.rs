//! Answers a query. What is wrong with it is a 200 with `error`, as on the recorded server.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::parse::{NarrowQuery, parse};
use super::table::{RowOrder, SORTABLE, page};
use crate::server::reply::{ApiError, ApiResult};
use crate::server::route::memory::arguments::RowWindow;
use crate::server::route::memory::call::{MemoryCall, MemoryReply};

/// The numbers of rows in a page: by default, and at most.
const PAGE: i64 = 50;
const MAX_PAGE: i64 = 500;

/// Runs a query for an administrator.
pub(crate) async fn run(call: &MemoryCall) -> ApiResult<MemoryReply> {
    call.administrator()?;
    let started = Instant::now();
    let sql = call.arguments.text("sql")?;
    let sql = sql.ok_or_else(|| ApiError::bad_request("sql is required"))?;
    let (rows, columns, total, window, error) = match checked(call, sql) {
        Ok((query, order)) => {
            // Unlike in lists, a limit of 0 is the smallest one.
            let limit = call.arguments.id("limit")?.unwrap_or(PAGE).clamp(1, MAX_PAGE);
            let offset = call.arguments.id("offset")?.unwrap_or(0).max(0);
            let window = RowWindow { limit, offset };
            let (rows, total) = page(&call.app.db, call.organization(), query.table, order, window).await?;
            let rows = rows.iter().map(|row| picked(row, &query.columns)).collect();
            (rows, described(&query), total, window, None)
        }
        Err(error) => {
            let nothing = RowWindow { limit: 0, offset: 0 };
            (Vec::new(), Vec::new(), 0, nothing, Some(error))
        }
    };
    let seen = window
        .offset
        .saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let mut body = json!({
        "rows": rows,
        "columns": columns,
        "total_count": total,
        "has_more": seen < total,
        "execution_time_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    if let Some(error) = error {
        body["error"] = error.into();
    }
    Ok(body.into())
}

/// Returns the query and its order, or what is wrong with them.
fn checked<'a>(call: &'a MemoryCall, sql: &str) -> Result<(NarrowQuery, RowOrder<'a>), String> {
    let query = parse(sql).map_err(|error| error.to_string())?;
    let column = call
        .arguments
        .get("sort_by")
        .and_then(Value::as_str)
        .unwrap_or("undefined");
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !column.chars().all(is_name) {
        return Err(format!("Invalid sort_by column name: {column}"));
    }
    if !query.columns.contains(&column) {
        return Err(format!("SQL_ERROR: column \"{column}\" does not exist"));
    }
    if !SORTABLE.contains(&column) {
        let known = SORTABLE.join(", ");
        return Err(format!(
            "SQL_ERROR: this server sorts by {known}, and not by \"{column}\""
        ));
    }
    let descending = call
        .arguments
        .get("sort_order")
        .and_then(Value::as_str)
        .is_some_and(|order| order.eq_ignore_ascii_case("desc"));
    Ok((query, RowOrder { column, descending }))
}

/// Returns the columns of a row that a query asks for, in its order.
fn picked(row: &Value, columns: &[&str]) -> Value {
    let picked: Map<String, Value> = columns
        .iter()
        .map(|column| ((*column).to_owned(), row[*column].clone()))
        .collect();
    Value::Object(picked)
}

fn described(query: &NarrowQuery) -> Vec<Value> {
    let types = query.table.columns();
    let kind = |column: &str| types.iter().find(|(name, _)| *name == column).map(|(_, kind)| *kind);
    query
        .columns
        .iter()
        .map(|column| json!({ "name": column, "type": kind(column) }))
        .collect()
}

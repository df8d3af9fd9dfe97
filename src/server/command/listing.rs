//! Lists as the commands print them: one line for each row, or one JSON list.

use std::io::Write;

use serde_json::Value;

use crate::server::error::ServerError;

/// How a command prints a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// One line for each row.
    Lines,
    /// One JSON list on one line.
    Json,
}

/// Writes the rows.
pub(super) fn write_list<T>(
    rows: &[T],
    format: ListFormat,
    json: impl Fn(&T) -> serde_json::Result<Value>,
    line: impl Fn(&T) -> String,
    out: &mut (dyn Write + Send),
) -> Result<(), ServerError> {
    match format {
        ListFormat::Json => {
            let list: serde_json::Result<Vec<Value>> = rows.iter().map(json).collect();
            let text = list.and_then(|list| serde_json::to_string(&list));
            let text = text.map_err(|error| ServerError::Output(error.into()))?;
            writeln!(out, "{text}").map_err(ServerError::Output)
        }
        ListFormat::Lines => rows
            .iter()
            .try_for_each(|row| writeln!(out, "{}", line(row)).map_err(ServerError::Output)),
    }
}

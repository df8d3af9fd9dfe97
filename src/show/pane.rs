//! What the detail of the screen says about its search and its layout.

use super::text_diff::ContextLines;
use super::word::plural;
use crate::plan::Row;

/// Returns `3 of 17`, or how many hits a search has when none of them was gone to.
pub fn found_text(current: Option<usize>, count: usize) -> String {
    match (current, count) {
        (_, 0) => "not found".to_owned(),
        (Some(current), count) => format!("{} of {count}", current + 1),
        (None, count) => format!("{count} found"),
    }
}

/// Returns how many unchanged lines are shown around changed ones.
pub fn context_text(context: ContextLines) -> String {
    match context {
        ContextLines::ALL => "all lines are shown".to_owned(),
        ContextLines(0) => "only changed lines are shown".to_owned(),
        ContextLines(1) => "1 unchanged line around changed ones".to_owned(),
        ContextLines(count) => format!("{count} unchanged lines around changed ones"),
    }
}

/// Returns what kind of change a row is: `~ settings: soulMd, networkConfig`.
pub fn shape_text(row: &Row) -> String {
    let (marker, kind) = (row.verb.marker(), row.address.kind());
    match row.changed_fields().join(", ") {
        fields if fields.is_empty() => format!("{marker} {kind}"),
        fields => format!("{marker} {kind}: {fields}"),
    }
}

/// Returns the name of a group of rows that change in the same way.
pub fn same_change_text(rows: usize) -> String {
    format!("the same change × {rows}")
}

/// Returns how many rows change in the same way as another one.
pub fn equal_rows_text(rows: usize) -> String {
    match rows {
        0 => "no two rows change in the same way".to_owned(),
        rows => format!("{} in groups of equal changes", plural(rows, "row", "rows")),
    }
}

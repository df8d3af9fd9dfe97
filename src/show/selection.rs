//! What is selected of a plan, as text.

use std::collections::BTreeSet;

use super::line::{Line, Role};
use super::row::row_name;
use super::word::plural;
use crate::plan::SelectionCounts;
use crate::resource::{Address, FieldPath};

/// Whether a row that can be written is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkbox {
    /// The user selected it.
    Selected,
    /// It is selected because a selected row needs it.
    Implied,
    /// It is not selected, and is not written.
    LeftOut,
    /// Some of the rows below it are selected.
    Mixed,
}

impl Checkbox {
    /// Returns the box and its role.
    pub fn text(self) -> (Role, &'static str) {
        match self {
            Self::Selected => (Role::Strong, "[x]"),
            Self::Implied => (Role::Warning, "[+]"),
            Self::LeftOut => (Role::Plain, "[ ]"),
            Self::Mixed => (Role::Plain, "[-]"),
        }
    }
}

/// Returns how much of a plan is selected: `5 of 8 selected`, `2 selected + 4 needed`.
pub fn selected_text(counts: SelectionCounts) -> String {
    let SelectionCounts {
        selected,
        implied,
        possible,
    } = counts;
    match (selected, implied, possible) {
        (_, _, 0) => "nothing to apply".to_owned(),
        (_, 0, _) => format!("{selected} of {possible} selected"),
        _ => format!("{selected} selected + {implied} needed"),
    }
}

/// Returns that only the rows of these patterns are planned.
pub fn limit_text(patterns: &[String]) -> String {
    format!("target {}", patterns.join(" "))
}

/// Returns how to come back from other rows, or another context, that cannot be planned.
pub fn former_scope_line() -> Line {
    Line::at(0)
        .push(Role::Strong, "hint: ")
        .plain("esc plans again what was planned before")
}

/// Returns that there is nothing to do, and of which rows where not all are planned.
pub fn nothing_text(patterns: &[String]) -> String {
    match patterns {
        [] => "nothing to change".to_owned(),
        _ => format!("nothing to change in {}", patterns.join(" ")),
    }
}

/// Returns how many rows a marked range has.
pub fn range_text(rows: usize) -> String {
    format!("range of {rows}")
}

/// Returns how many rows are new since the user has looked: `3 new since you looked`.
pub fn fresh_text(count: usize, long: bool) -> String {
    if long {
        format!("{count} new since you looked")
    } else {
        format!("{count} new")
    }
}

/// Returns how many of the selected rows nobody has looked at.
pub fn unseen_text(unseen: usize, selected: usize) -> String {
    match unseen {
        _ if unseen == selected => "nobody has looked at these rows".to_owned(),
        _ => format!("nobody has looked at {unseen} of {}", plural(selected, "row", "rows")),
    }
}

/// Returns why a row is selected that the user did not select.
pub fn implied_text(address: &Address, needed_by: &Address) -> String {
    format!(
        "{} is selected because {} needs it",
        row_name(address),
        row_name(needed_by)
    )
}

/// Returns that rows were added to the selection: the number of them.
pub fn more_implied_text(count: usize) -> String {
    format!("{count} more are selected because selected rows need them")
}

/// Returns the line of a row that is not selected.
pub fn left_out_line() -> Line {
    Line::at(0).push(Role::Dim, "left out: not selected")
}

/// Returns what is ignored: a row and perhaps a field, or a number of rows.
pub fn ignored_subject(rows: &BTreeSet<Address>, field: Option<&FieldPath>) -> String {
    match (rows.first(), field) {
        (Some(row), Some(field)) => format!("{}: {field}", row_name(row)),
        (Some(row), None) if rows.len() == 1 => row_name(row),
        _ => plural(rows.len(), "row", "rows"),
    }
}

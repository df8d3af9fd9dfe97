//! What the detail of the screen says about its search and its layout.

use super::text_diff::ContextLines;

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

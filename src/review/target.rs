//! `--target`: the part of a plan that is looked at and applied.

use crate::failure::Failure;
use crate::plan::{Draft, Pattern, Selection};
use crate::resource::Address;

/// Leaves the rows that the patterns cover, and the rows that those need. Without patterns all rows stay.
///
/// # Errors
/// When a pattern is no address (exit 64), or covers no row of the plan.
pub(super) fn restrict(mut draft: Draft, targets: &[String]) -> Result<Draft, Failure> {
    if targets.is_empty() {
        return Ok(draft);
    }
    let patterns: Result<Vec<Pattern>, _> = targets.iter().map(|target| Pattern::parse(target)).collect();
    let patterns = patterns.map_err(|error| Failure::usage(error.to_string()))?;
    for pattern in &patterns {
        if !draft.plan.rows.iter().any(|row| pattern.covers(&row.address)) {
            return Err(
                Failure::failed(format!("`--target {}` names nothing in this plan", pattern.as_str()))
                    .hint("`lobuctl plan --all` shows every row"),
            );
        }
    }
    let covers = |address: &Address| patterns.iter().any(|pattern| pattern.covers(address));
    let covered = draft.plan.rows.iter().map(|row| row.address.clone()).filter(&covers);
    let needed = Selection::of(&draft.plan, covered);
    draft.plan = draft
        .plan
        .restricted(|row| covers(&row.address) || needed.contains(&row.address));
    Ok(draft)
}

//! `--target`: the part of a plan that is looked at and applied. And whether a run or a plan of before is about this target.

use crate::failure::Failure;
use crate::plan::{Draft, Plan, Selection, Target};
use crate::resource::{Address, Pattern, nearest_address};

/// Keeps the rows that the patterns cover, and the rows that those need. Without patterns all rows stay.
///
/// # Errors
/// When a pattern is no address (exit 64), or covers no row of the plan.
pub(super) fn restrict(draft: Draft, targets: &[String]) -> Result<Draft, Failure> {
    if targets.is_empty() {
        return Ok(draft);
    }
    let patterns: Result<Vec<Pattern>, _> = targets.iter().map(|target| Pattern::parse(target)).collect();
    let patterns = patterns.map_err(|error| Failure::usage(error.to_string()))?;
    let covers_nothing = |pattern: &&Pattern| !draft.plan.rows.iter().any(|row| pattern.covers(&row.address));
    if let Some(pattern) = patterns.iter().find(covers_nothing) {
        return Err(unmatched(pattern, &draft.plan));
    }
    Ok(keep_rows(draft, |address| {
        patterns.iter().any(|pattern| pattern.covers(address))
    }))
}

/// Keeps the rows that are covered, and the rows that those need.
pub(super) fn keep_rows(mut draft: Draft, covers: impl Fn(&Address) -> bool) -> Draft {
    // Rows that a covered row needs stay too, or the plan could not be applied as it is shown.
    let covered = draft.plan.rows.iter().map(|row| row.address.clone()).filter(&covers);
    let needed = Selection::of(&draft.plan, covered);
    draft.plan = draft
        .plan
        .restricted(|row| covers(&row.address) || needed.contains(&row.address));
    draft
}

fn unmatched(pattern: &Pattern, plan: &Plan) -> Failure {
    let hint = match nearest_address(pattern.as_str(), plan.rows.iter().map(|row| &row.address)) {
        Some(address) => format!("did you mean `{address}`?"),
        None => {
            "`lobuctl plan --all` shows every row; `--target 'agent triage'` takes a row as it is printed".to_owned()
        }
    };
    Failure::failed(format!("`--target {}` names nothing in this plan", pattern.as_str())).hint(hint)
}

/// Checks that what is about one target is not used on another one. `what` is the beginning of the sentence.
///
/// # Errors
/// When the targets differ.
pub(super) fn check_same(what: &str, of: &Target, chosen: &Target) -> Result<(), Failure> {
    if of == chosen {
        return Ok(());
    }
    let named = |target: &Target| format!("`{}` at {}", target.organization, target.url);
    let message = format!("{what} {}, and this is {}", named(of), named(chosen));
    Err(Failure::usage(message).hint(format!("`--url {} --org {}` chooses that one", of.url, of.organization)))
}

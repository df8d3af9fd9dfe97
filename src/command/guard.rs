//! What stops an apply before it begins: `--fail-on`, `--plan-id`, a protected target.

use crate::cli::{ApplyArgs, FailOn};
use crate::failure::{Failure, FailureKind};
use crate::plan::{Counts, Plan};
use crate::show::word::plural;

/// Whether the plan may go on.
///
/// # Errors
/// The first guard that says no: exit 4, or 5 when it is not the plan that was approved.
pub fn check(plan: &Plan, arguments: &ApplyArgs) -> Result<(), Failure> {
    if let Some(wanted) = arguments.plan.plan_id.as_deref().filter(|wanted| *wanted != plan.id) {
        let message = format!("this is plan `{}`, not `{wanted}`", plan.id);
        return Err(Failure::new(FailureKind::Stale, message)
            .hint("files or server changed since: review the plan again, then use its id"));
    }
    for guard in &arguments.plan.fail_on {
        if let Some(reason) = holds(&plan.counts, *guard) {
            return Err(Failure::refused(format!("refused by `--fail-on`: {reason}"))
                .hint("nothing was written; apply without this guard if the plan is what you want"));
        }
    }
    Ok(())
}

fn holds(counts: &Counts, guard: FailOn) -> Option<String> {
    let found =
        |count: usize, one: &str, many: &str| (count > 0).then(|| format!("the plan has {}", plural(count, one, many)));
    match guard {
        FailOn::Drift if counts.drift > 0 => found(counts.drift, "drifted resource", "drifted resources"),
        FailOn::Drift => found(counts.field_drift, "drifted field", "drifted fields"),
        FailOn::Restart => found(counts.restart, "restart", "restarts"),
        FailOn::Delete => found(counts.delete, "deletion", "deletions"),
        FailOn::Changes(limit) => {
            let changes = counts.changes();
            (changes > limit).then(|| {
                format!(
                    "the plan has {}, more than {limit}",
                    plural(changes, "change", "changes")
                )
            })
        }
    }
}

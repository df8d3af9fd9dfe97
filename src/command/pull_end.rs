//! How a pull ends, on every face.

use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::pull::PullPlan;
use crate::show::word::plural;

/// Returns the end of a pull that the user decided against.
pub(super) fn declined() -> Failure {
    Failure::new(FailureKind::Declined, "not pulled; nothing was written")
}

/// Returns how a pull ends that has written everything it could.
///
/// # Errors
/// When there are conflicts.
pub(super) fn ended(changes: &PullPlan, wrote: bool) -> Result<Exit, Failure> {
    let count = changes.conflicts.len();
    if count == 0 {
        return Ok(Exit::Done);
    }
    let count = plural(count, "conflict", "conflicts");
    Err(if wrote {
        Failure::new(
            FailureKind::Partial,
            format!("{count}: nothing was written for them; everything else was"),
        )
    } else {
        Failure::failed(format!("{count}; nothing was written"))
    })
}

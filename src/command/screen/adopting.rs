//! Works out what an adoption writes into the files.

use std::sync::Mutex;

use super::state::{BenchState, lock};
use crate::failure::Failure;
use crate::review::PullSource;
use crate::show::pull::{change_lines, pull_summary};
use crate::tui::{AdoptRequest, Adoption};

/// Works out what an adoption writes, from a source of its own, or as a part of the pull that is reviewed.
pub(super) fn work_out(
    state: &Mutex<BenchState>,
    source: Option<PullSource>,
    request: &AdoptRequest,
) -> Result<Adoption, Failure> {
    let reviewed = lock(state).adoption.take();
    let pull = match (source, reviewed) {
        (Some(source), _) => source.work_out()?,
        (None, Some(mut pull)) => {
            let selected = pull.select(&request.rows);
            if let Err(failure) = selected {
                lock(state).adoption = Some(pull);
                return Err(failure);
            }
            pull
        }
        (None, None) => {
            let message = "the changes are still being worked out; ask for them again";
            return Err(Failure::failed(message));
        }
    };
    let adoption = Adoption {
        files: pull.changes().files.len(),
        summary: pull_summary(pull.changes()),
        lines: change_lines(pull.changes()),
    };
    let mut state = lock(state);
    state.adoption = Some(pull);
    state.adopting = Some(request.clone());
    Ok(adoption)
}

//! Runs one row: reads the resource again, checks that the plan still fits, writes, and reports the outcome.

use std::sync::Arc;

use super::context::{StepContext, StepNotes};
use super::event::{EventKind, Outcome};
use super::intent::intent;
use super::perform::perform;
use super::prepare::{OnStale, Prepared, prepare};
use super::settle::{needs_settling, settle};
use super::stamp::Stamp;
use crate::plan::ScheduledStep;
use crate::remote::{Client, RemoteError};

/// Runs a row, from its first event to its last, and returns its outcome.
pub(super) async fn run_step(
    client: &Client,
    stamp: &Arc<Stamp>,
    notes: &Arc<StepNotes>,
    scheduled: &ScheduledStep,
    on_stale: OnStale,
) -> Outcome {
    let start = stamp.elapsed_ms();
    stamp.send(EventKind::StepStarted {
        address: scheduled.address.clone(),
    });
    let context = StepContext::new(client, scheduled, stamp, notes);
    let outcome = attempt_step(&context, on_stale).await;
    stamp.send(EventKind::StepFinished {
        address: scheduled.address.clone(),
        outcome: outcome.clone(),
        took_ms: stamp.elapsed_ms().saturating_sub(start),
    });
    outcome
}

/// The maximum number of attempts to write a row over changes that others make meanwhile.
const MAX_OVERWRITES: u32 = 3;

async fn attempt_step(context: &StepContext<'_>, on_stale: OnStale) -> Outcome {
    // With `--on-stale overwrite` the row is read and compared again, so that every write is based on a fresh reading.
    let attempts = match on_stale {
        OnStale::Stop => 1,
        OnStale::Overwrite => MAX_OVERWRITES,
    };
    for _ in 0..attempts {
        if let Some(outcome) = write_step(context, on_stale).await {
            return outcome;
        }
    }
    Outcome::Stale {
        message: "it was changed on the server just before the write".to_owned(),
    }
}

/// Returns `None` when the server refused the write because the resource changed after it was read.
async fn write_step(context: &StepContext<'_>, on_stale: OnStale) -> Option<Outcome> {
    let work = match prepare(context, on_stale).await {
        Ok(Prepared::Write(work)) => work,
        Ok(Prepared::Done(outcome)) => return Some(outcome),
        Err(error) => return Some(not_written(&error)),
    };
    if let Err(message) = context.announce(|| intent(context, &work)).await {
        return Some(not_announced(message, context.wrote()));
    }
    context.set_writing(true);
    let outcome = match perform(context, &work).await {
        Ok(outcome) => Some(outcome),
        Err(error) if error.is_stale() && !context.wrote() => None,
        Err(error) if needs_settling(context, &error) => Some(settle(context, &work, &error).await),
        Err(error) => Some(not_written(&error)),
    };
    context.set_writing(false);
    outcome
}

/// Returns the outcome of a row whose write could not be kept in the journal, and was not sent.
fn not_announced(message: String, partly_written: bool) -> Outcome {
    Outcome::Failed {
        message,
        hint: Some("`--no-journal` applies without a journal".to_owned()),
        partly_written,
    }
}

/// Returns the outcome of a row that failed before anything of it was written, or whose only write was refused.
fn not_written(error: &RemoteError) -> Outcome {
    Outcome::Failed {
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
        partly_written: false,
    }
}

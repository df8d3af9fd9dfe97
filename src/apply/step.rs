//! Runs one row: reads the resource again, checks that the plan still fits, writes, and reports the outcome.

use std::sync::Arc;

use super::context::{StepContext, StepNotes};
use super::event::{EventKind, Outcome};
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

async fn attempt_step(context: &StepContext<'_>, on_stale: OnStale) -> Outcome {
    let work = match prepare(context, on_stale).await {
        Ok(Prepared::Write(work)) => work,
        Ok(Prepared::Done(outcome)) => return outcome,
        Err(error) => return not_written(&error),
    };
    context.set_writing(true);
    let outcome = match perform(context, &work.operation).await {
        Ok(outcome) => outcome,
        Err(error) if needs_settling(context, &error) => settle(context, &work, &error).await,
        Err(error) => not_written(&error),
    };
    context.set_writing(false);
    outcome
}

/// Returns the outcome of a row that failed before anything of it was written, or whose only write was refused.
fn not_written(error: &RemoteError) -> Outcome {
    Outcome::Failed {
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
        partly_written: false,
    }
}

//! Runs one row: reads the resource again, checks that the plan still fits, writes, and reports the outcome.

use std::sync::Arc;
use std::time::Instant;

use super::context::{StepContext, StepNotes};
use super::event::{EventKind, Outcome};
use super::perform::perform;
use super::prepare::{OnStale, Prepared, prepare};
use super::settle::{needs_settling, settle};
use super::stamp::{Stamp, milliseconds};
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
    let start = Instant::now();
    stamp.tell(EventKind::StepStarted {
        address: scheduled.address.clone(),
    });
    let context = StepContext::new(client, scheduled, stamp, notes);
    let outcome = attempt_step(&context, on_stale).await;
    stamp.tell(EventKind::StepFinished {
        address: scheduled.address.clone(),
        outcome: outcome.clone(),
        took_ms: milliseconds(start.elapsed()),
    });
    outcome
}

async fn attempt_step(context: &StepContext<'_>, on_stale: OnStale) -> Outcome {
    let work = match prepare(context, on_stale).await {
        Ok(Prepared::Write(work)) => work,
        Ok(Prepared::Done(outcome)) => return outcome,
        Err(error) => return refused(&error),
    };
    context.set_writing(true);
    let outcome = match perform(context, &work.operation).await {
        Ok(outcome) => outcome,
        Err(error) if needs_settling(context, &error) => settle(context, &work, &error).await,
        Err(error) => refused(&error),
    };
    context.set_writing(false);
    outcome
}

/// The outcome of a row of which nothing was written, for certain.
fn refused(error: &RemoteError) -> Outcome {
    Outcome::Failed {
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
        partly_written: false,
    }
}

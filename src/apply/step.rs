//! One row from its pre-read to its outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use super::event::{EventKind, Outcome};
use super::perform::perform;
use super::stamp::{Stamp, milliseconds};
use crate::plan::{Operation, ScheduledStep, Verb, compare};
use crate::remote::{Attempt, Client, RemoteError};
use crate::resource::{Address, Resource};

/// What to do with a row that is not what the plan saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnStale {
    /// Nothing is written; the person plans again.
    #[default]
    Stop,
    /// What the files say is written over what is there now.
    Overwrite,
}

/// What the writes of one row share: who sends, who listens, and what is known so far.
pub struct StepContext<'a> {
    /// Sends requests, and reports each try here.
    pub client: &'a Client,
    /// Which row.
    pub address: Address,
    /// Whether the plan calls the row a creation.
    pub creates: bool,
    /// Whether the plan calls the row a noop that is sent again, because a secret cannot be compared.
    pub rechecks: bool,
    /// Whether the plan predicts a restart.
    pub predicts_restart: bool,
    stamp: &'a Stamp,
    notes: &'a StepNotes,
}

/// What outlives a step that is dropped half way.
#[derive(Debug, Default)]
pub struct StepNotes {
    wrote: AtomicBool,
    writing: AtomicBool,
    attempt: AtomicU32,
}

impl StepNotes {
    /// Whether a write may be under way or done: its outcome is not known when the step is dropped now.
    pub fn may_have_written(&self) -> bool {
        self.wrote.load(Ordering::Relaxed) || self.writing.load(Ordering::Relaxed)
    }
}

impl StepContext<'_> {
    /// Says something about the row.
    pub fn note(&self, message: impl Into<String>) {
        self.stamp.tell(EventKind::Note {
            address: self.address.clone(),
            message: message.into(),
        });
    }

    /// Notes that a request of this row was carried out.
    pub fn wrote(&self, wrote: bool) {
        self.notes.wrote.fetch_or(wrote, Ordering::Relaxed);
    }

    /// Whether the last request took more than one try, so that an earlier one may have been carried out.
    pub fn repeated(&self) -> bool {
        self.notes.attempt.load(Ordering::Relaxed) > 1
    }
}

/// Tells of each try of a row's requests, and remembers the last one.
pub fn report_attempt(stamp: &Stamp, notes: &StepNotes, address: &Address, attempt: &Attempt) {
    notes.attempt.store(attempt.attempt, Ordering::Relaxed);
    stamp.tell(EventKind::Request {
        address: address.clone(),
        method: attempt.method.to_string(),
        path: attempt.path.clone(),
        status: attempt.status,
        took_ms: milliseconds(attempt.took),
        attempt: attempt.attempt,
    });
    if let Some((delay, reason)) = &attempt.will_retry {
        stamp.tell(EventKind::Retrying {
            address: address.clone(),
            attempt: attempt.attempt + 1,
            of: attempt.of,
            reason: reason.clone(),
            delay_ms: milliseconds(*delay),
        });
    }
}

/// Does a row, from its first event to its last.
pub async fn run_step(
    client: &Client,
    stamp: &Arc<Stamp>,
    notes: &Arc<StepNotes>,
    scheduled: &ScheduledStep,
    on_stale: OnStale,
) -> Outcome {
    let start = Instant::now();
    let address = scheduled.address.clone();
    stamp.tell(EventKind::StepStarted {
        address: address.clone(),
    });
    let watch = (Arc::clone(stamp), Arc::clone(notes), address.clone());
    let client = client.watched(move |attempt| report_attempt(&watch.0, &watch.1, &watch.2, attempt));
    let context = StepContext {
        client: &client,
        address: address.clone(),
        creates: scheduled.verb == Verb::Create,
        rechecks: scheduled.verb == Verb::Noop,
        predicts_restart: scheduled.restarts,
        stamp,
        notes,
    };
    let outcome = match attempt_step(&context, scheduled, on_stale).await {
        Ok(outcome) => outcome,
        Err(error) => failure(&error, notes),
    };
    let took_ms = milliseconds(start.elapsed());
    stamp.tell(EventKind::StepFinished {
        address,
        outcome: outcome.clone(),
        took_ms,
    });
    outcome
}

async fn attempt_step(
    context: &StepContext<'_>,
    scheduled: &ScheduledStep,
    on_stale: OnStale,
) -> Result<Outcome, RemoteError> {
    let operation = match prepare(context, scheduled, on_stale).await? {
        Prepared::Write(operation) => operation,
        Prepared::Done(outcome) => return Ok(outcome),
    };
    context.notes.writing.store(true, Ordering::Relaxed);
    // A failure leaves the mark: its request may have been carried out.
    let outcome = perform(context, &operation).await?;
    context.notes.writing.store(false, Ordering::Relaxed);
    Ok(outcome)
}

enum Prepared {
    Write(Box<Operation>),
    Done(Outcome),
}

/// Reads the resource again; what the plan saw decides whether anything is written (semantics, "Applying").
async fn prepare(
    context: &StepContext<'_>,
    scheduled: &ScheduledStep,
    on_stale: OnStale,
) -> Result<Prepared, RemoteError> {
    let step = &scheduled.step;
    let planned = || Prepared::Write(Box::new(step.operation.clone()));
    if needs_no_read(scheduled) {
        return Ok(planned());
    }
    let fresh = context.client.read(&context.address).await?;
    if scheduled.new_agent {
        return Ok(again(scheduled, fresh.as_ref()));
    }
    if same_resource(step.seen.as_ref(), fresh.as_ref()) {
        return Ok(planned());
    }
    if holds_already(scheduled, fresh.as_ref()) {
        context.note("somebody made the same change since the plan was made");
        return Ok(Prepared::Done(Outcome::Unchanged));
    }
    if on_stale == OnStale::Overwrite {
        context.note("it changed since the plan was made, and is overwritten");
        return Ok(again(scheduled, fresh.as_ref()));
    }
    let message = stale_message(step.seen.as_ref(), fresh.as_ref());
    Ok(Prepared::Done(Outcome::Stale { message }))
}

/// The POST of a new agent tells by itself, and below a new agent there is nothing but its settings to read.
fn needs_no_read(scheduled: &ScheduledStep) -> bool {
    match &scheduled.address {
        Address::Agent { .. } => scheduled.verb == Verb::Create,
        Address::Platform { .. } => scheduled.new_agent,
        _ => false,
    }
}

/// The same comparison as the plan's, against what is there now.
fn again(scheduled: &ScheduledStep, fresh: Option<&Resource>) -> Prepared {
    let step = &scheduled.step;
    let Some(desired) = &step.desired else {
        return Prepared::Write(Box::new(step.operation.clone()));
    };
    match compare(desired, fresh, step.clear).operation {
        Some(operation) => Prepared::Write(Box::new(operation)),
        None => Prepared::Done(Outcome::Unchanged),
    }
}

/// Whether what is there now is what the files want: nothing is left to write, and nothing is stale.
fn holds_already(scheduled: &ScheduledStep, fresh: Option<&Resource>) -> bool {
    match &scheduled.step.desired {
        Some(desired) => fresh.is_some() && compare(desired, fresh, scheduled.step.clear).operation.is_none(),
        None => fresh.is_none(),
    }
}

fn stale_message(seen: Option<&Resource>, fresh: Option<&Resource>) -> String {
    let what = match (seen, fresh) {
        (None, Some(_)) => "it was created",
        (Some(_), None) => "it was deleted",
        _ => "it was changed",
    };
    format!("{what} on the server since the plan was made")
}

/// Whether two readings of a resource are the same, as far as the plan looked.
pub fn same_resource(seen: Option<&Resource>, fresh: Option<&Resource>) -> bool {
    match (seen, fresh) {
        (None, None) => true,
        (Some(Resource::Settings(seen)), Some(Resource::Settings(fresh))) => {
            let value = |settings: &crate::resource::Settings| serde_json::Value::Object(settings.fields.clone());
            crate::resource::value::same(&value(seen), &value(fresh))
        }
        (Some(Resource::Platform(seen)), Some(Resource::Platform(fresh))) => {
            seen.kind == fresh.kind && seen.config == fresh.config && seen.settings == fresh.settings
        }
        (Some(Resource::RelationshipType(seen)), Some(Resource::RelationshipType(fresh))) => {
            // The other side of a pair of inverse types may have been written by this very run.
            let without_inverse = |it: &crate::resource::RelationshipType| {
                let mut it = it.clone();
                it.inverse_type_slug = None;
                it
            };
            without_inverse(seen) == without_inverse(fresh)
        }
        (seen, fresh) => seen == fresh,
    }
}

fn failure(error: &RemoteError, notes: &StepNotes) -> Outcome {
    let wrote = notes.wrote.load(Ordering::Relaxed);
    let writing = notes.writing.load(Ordering::Relaxed);
    if writing && error.may_have_written() {
        return Outcome::Unknown {
            message: error.to_string(),
        };
    }
    Outcome::Failed {
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
        partly_written: wrote,
    }
}

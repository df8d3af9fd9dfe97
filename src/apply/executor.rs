//! Carries out a schedule: as many rows at a time as allowed, none before those it needs, with one stream of events.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::cancel::Cancel;
use super::context::StepNotes;
use super::event::{EventKind, Outcome, PlannedStep};
use super::prepare::OnStale;
use super::queue::{Next, Queue, StepEnd};
use super::recorder::Observers;
use super::stamp::Stamp;
use super::step::run_step;
use crate::plan::{Schedule, ScheduledStep, Target};
use crate::remote::{Client, Clock};
use crate::resource::Address;

/// How a schedule is carried out.
#[derive(Debug, Clone, Copy)]
pub struct ApplyOptions {
    /// The maximum number of rows in flight, at least 1.
    pub parallelism: usize,
    /// Whether to go on after a failure with the rows that do not depend on the failed one.
    pub keep_going: bool,
    /// What to do with a row that is not what the plan saw.
    pub on_stale: OnStale,
    /// The clocks, for the times of events and of new providers.
    pub clock: Clock,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            parallelism: 64,
            keep_going: false,
            on_stale: OnStale::Stop,
            clock: Clock::system(),
        }
    }
}

/// Carries out a schedule. Everything that happens is sent as an event; [`Progress`](super::Progress) folds the events
/// into the result. Returns when no row is in flight any more, or at once when the run is abandoned.
pub async fn apply(
    schedule: Schedule,
    target: Target,
    client: &Client,
    options: ApplyOptions,
    cancel: Cancel,
    observers: impl Into<Observers>,
) {
    let stamp = Arc::new(Stamp::new(options.clock, observers.into()));
    let steps = schedule.steps.values().map(planned).collect();
    stamp.send(EventKind::RunStarted { target, steps });
    // A request in flight finishes after a request to stop, but is not attempted again.
    let stoppable = client.stopped_by(cancel.stop());
    let executor = Executor {
        client: &stoppable,
        options,
        cancel,
        stamp: &stamp,
        queue: Queue::new(schedule),
        first_failure: None,
        endings: BTreeMap::new(),
        cancel_announced: false,
    };
    executor.run().await;
    stamp.send(EventKind::RunFinished);
}

fn planned(step: &ScheduledStep) -> PlannedStep {
    PlannedStep {
        address: step.address.clone(),
        verb: step.verb,
        restarts: step.restarts,
        may_restart: step.may_restart,
    }
}

struct Executor<'a> {
    client: &'a Client,
    options: ApplyOptions,
    cancel: Cancel,
    stamp: &'a Arc<Stamp>,
    queue: Queue,
    first_failure: Option<Address>,
    /// How rows ended that did not succeed: `failed`, `is stale`.
    endings: BTreeMap<Address, &'static str>,
    cancel_announced: bool,
}

type InFlight<'a> = FuturesUnordered<BoxFuture<'a, (Address, Outcome)>>;

impl<'a> Executor<'a> {
    async fn run(mut self) {
        let mut in_flight: InFlight<'a> = FuturesUnordered::new();
        let mut notes: BTreeMap<Address, Arc<StepNotes>> = BTreeMap::new();
        let cancel = self.cancel.clone();
        loop {
            self.start_more(&mut in_flight, &mut notes);
            tokio::select! {
                // A request to stop comes before a row that has ended, so that no further row starts after it.
                biased;
                () = cancel.abandoned() => break,
                () = cancel.stopping(), if !self.cancel_announced => self.announce_cancel(),
                ended = in_flight.next() => match ended {
                    Some((address, outcome)) => {
                        notes.remove(&address);
                        self.finish(&address, &outcome);
                    }
                    None => break,
                },
            }
        }
        // Dropping the rows ends their requests; only after that their notes cannot change any more.
        drop(in_flight);
        self.abandon(notes);
        self.skip_the_rest();
    }

    fn start_more(&mut self, in_flight: &mut InFlight<'a>, notes: &mut BTreeMap<Address, Arc<StepNotes>>) {
        while in_flight.len() < self.rows_at_a_time() && !self.is_stopping() {
            match self.queue.take() {
                Some(Next::Start(step)) => {
                    let note = Arc::new(StepNotes::default());
                    notes.insert(step.address.clone(), Arc::clone(&note));
                    in_flight.push(self.start(step, note));
                }
                Some(Next::Skip { address, because }) => {
                    self.skip(address.clone(), self.failure_reason(&because));
                    self.endings.insert(address.clone(), "was skipped");
                    self.queue.end(&address, StepEnd::Failed);
                }
                None => return,
            }
        }
    }

    /// Returns the number of rows that may be in flight now. A row that only waits for others would look as if it ran.
    fn rows_at_a_time(&self) -> usize {
        let rows = self.options.parallelism.min(self.client.current_parallelism());
        // With none nothing would ever start, and the run would never end.
        rows.max(1)
    }

    fn start(&self, step: Box<ScheduledStep>, notes: Arc<StepNotes>) -> BoxFuture<'a, (Address, Outcome)> {
        let (client, stamp, on_stale) = (self.client, self.stamp, self.options.on_stale);
        Box::pin(async move {
            let outcome = run_step(client, stamp, &notes, &step, on_stale).await;
            (step.address, outcome)
        })
    }

    fn is_stopping(&self) -> bool {
        self.cancel.is_stopping() || (self.first_failure.is_some() && !self.options.keep_going)
    }

    fn finish(&mut self, address: &Address, outcome: &Outcome) {
        let end = if outcome.succeeded() {
            StepEnd::Succeeded
        } else {
            StepEnd::Failed
        };
        // An unchanged agent existed before this run, so what belongs to it has to be read before it is written.
        if matches!(address, Address::Agent { .. }) && *outcome == Outcome::Unchanged {
            self.queue.expect_existing(address);
        }
        if let Some(ending) = ending(outcome) {
            self.endings.insert(address.clone(), ending);
            self.first_failure.get_or_insert_with(|| address.clone());
        }
        self.queue.end(address, end);
    }

    /// Returns `agent.triage failed`, `agent.triage is stale`.
    fn failure_reason(&self, address: &Address) -> String {
        let ending = self.endings.get(address).copied().unwrap_or("failed");
        format!("{address} {ending}")
    }

    fn announce_cancel(&mut self) {
        self.cancel_announced = true;
        self.stamp.send(EventKind::Cancelling);
    }

    /// Reports the rows that were in flight when the run was abandoned: unknown where a write may have been sent.
    fn abandon(&self, notes: BTreeMap<Address, Arc<StepNotes>>) {
        for (address, note) in notes {
            let outcome = if note.may_have_written() {
                Outcome::Unknown {
                    message: "interrupted before the answer came".to_owned(),
                }
            } else {
                Outcome::Skipped {
                    reason: "interrupted before anything was written".to_owned(),
                }
            };
            self.stamp.send(EventKind::StepFinished {
                address,
                outcome,
                took_ms: 0,
            });
        }
    }

    fn skip_the_rest(&mut self) {
        let reason = match &self.first_failure {
            _ if self.cancel.is_stopping() => "the run was stopped".to_owned(),
            Some(address) => format!("stopped after {}", self.failure_reason(address)),
            None => "it could not be reached".to_owned(),
        };
        for address in self.queue.drain() {
            self.skip(address, reason.clone());
        }
    }

    fn skip(&self, address: Address, reason: String) {
        let outcome = Outcome::Skipped { reason };
        self.stamp.send(EventKind::StepFinished {
            address,
            outcome,
            took_ms: 0,
        });
    }
}

/// Returns how a row ended, for the reason of a skipped one; `None` when it succeeded.
fn ending(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Failed { .. } => Some("failed"),
        Outcome::Unknown { .. } => Some("is unknown"),
        Outcome::Stale { .. } => Some("is stale"),
        Outcome::Skipped { .. } => Some("was skipped"),
        Outcome::Created | Outcome::Updated { .. } | Outcome::Deleted | Outcome::Unchanged => None,
    }
}

//! Carries out a schedule: as much at a time as is allowed, nothing before what it needs, one event stream.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedSender;

use super::cancel::Cancel;
use super::context::StepNotes;
use super::event::{Event, EventKind, Outcome, PlannedStep};
use super::prepare::OnStale;
use super::queue::{Ending, Next, Queue};
use super::stamp::Stamp;
use super::step::run_step;
use crate::plan::{Schedule, ScheduledStep, Target};
use crate::remote::Client;
use crate::resource::Address;

/// How a run goes about its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Rows at work at the same time, at least 1.
    pub parallelism: usize,
    /// After a failure, go on with what does not depend on it.
    pub keep_going: bool,
    /// What to do with a row that is not what the plan saw.
    pub on_stale: OnStale,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            parallelism: 16,
            keep_going: false,
            on_stale: OnStale::Stop,
        }
    }
}

/// Carries out a schedule. Everything that happens is told as events; the outcome is their fold
/// ([`Progress`](super::Progress)). Returns when nothing is in flight any more, or at once when the run is abandoned.
pub async fn apply(
    schedule: Schedule,
    target: Target,
    client: &Client,
    options: ApplyOptions,
    cancel: Cancel,
    events: UnboundedSender<Event>,
) {
    let stamp = Arc::new(Stamp::new(events));
    let steps = schedule.steps.values().map(planned).collect();
    stamp.tell(EventKind::RunStarted { target, steps });
    let stoppable = client.stopped_by(cancel.stop());
    let run = Run {
        client: &stoppable,
        options,
        cancel,
        stamp: &stamp,
        queue: Queue::new(schedule),
        failed: None,
        troubles: BTreeMap::new(),
        told: false,
    };
    run.work().await;
    stamp.tell(EventKind::RunFinished);
}

fn planned(step: &ScheduledStep) -> PlannedStep {
    PlannedStep {
        address: step.address.clone(),
        verb: step.verb,
        restarts: step.restarts,
    }
}

struct Run<'a> {
    client: &'a Client,
    options: ApplyOptions,
    cancel: Cancel,
    stamp: &'a Arc<Stamp>,
    queue: Queue,
    failed: Option<Address>,
    /// How rows ended that did not succeed, in words.
    troubles: BTreeMap<Address, &'static str>,
    told: bool,
}

type InFlight<'a> = FuturesUnordered<BoxFuture<'a, (Address, Outcome)>>;

impl<'a> Run<'a> {
    async fn work(mut self) {
        let mut in_flight: InFlight<'a> = FuturesUnordered::new();
        let mut notes: BTreeMap<Address, Arc<StepNotes>> = BTreeMap::new();
        let cancel = self.cancel.clone();
        loop {
            self.start_more(&mut in_flight, &mut notes);
            tokio::select! {
                biased;
                () = cancel.abandoned() => break,
                () = cancel.stopping(), if !self.told => self.tell_cancelling(),
                ended = in_flight.next() => match ended {
                    Some((address, outcome)) => {
                        notes.remove(&address);
                        self.ended(&address, &outcome);
                    }
                    None => break,
                },
            }
        }
        drop(in_flight);
        self.abandon(notes);
        self.skip_the_rest();
    }

    fn start_more(&mut self, in_flight: &mut InFlight<'a>, notes: &mut BTreeMap<Address, Arc<StepNotes>>) {
        while in_flight.len() < self.options.parallelism.max(1) && !self.is_stopping() {
            match self.queue.take() {
                Some(Next::Start(step)) => {
                    let note = Arc::new(StepNotes::default());
                    notes.insert(step.address.clone(), Arc::clone(&note));
                    in_flight.push(self.start(step, note));
                }
                Some(Next::Skip { address, because }) => {
                    self.skip(address.clone(), self.ended_badly(&because));
                    self.troubles.insert(address.clone(), "was skipped");
                    self.queue.end(&address, Ending::Failed);
                }
                None => return,
            }
        }
    }

    fn start(&self, step: Box<ScheduledStep>, notes: Arc<StepNotes>) -> BoxFuture<'a, (Address, Outcome)> {
        let (client, stamp, on_stale) = (self.client, self.stamp, self.options.on_stale);
        Box::pin(async move {
            let outcome = run_step(client, stamp, &notes, &step, on_stale).await;
            (step.address, outcome)
        })
    }

    fn is_stopping(&self) -> bool {
        self.cancel.is_stopping() || (self.failed.is_some() && !self.options.keep_going)
    }

    fn ended(&mut self, address: &Address, outcome: &Outcome) {
        let ending = if outcome.succeeded() {
            Ending::Succeeded
        } else {
            Ending::Failed
        };
        // The agent exists already, so that what belongs to it has to be read before it is written.
        if matches!(address, Address::Agent { .. }) && *outcome == Outcome::Unchanged {
            self.queue.expect_existing(address);
        }
        if let Some(words) = trouble(outcome) {
            self.troubles.insert(address.clone(), words);
            self.failed.get_or_insert_with(|| address.clone());
        }
        self.queue.end(address, ending);
    }

    /// `agent.triage failed`, `agent.triage is stale`.
    fn ended_badly(&self, address: &Address) -> String {
        let words = self.troubles.get(address).copied().unwrap_or("failed");
        format!("{address} {words}")
    }

    fn tell_cancelling(&mut self) {
        self.told = true;
        self.stamp.tell(EventKind::Cancelling);
    }

    /// What was in flight when the run was abandoned: unknown where a write may be under way.
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
            self.stamp.tell(EventKind::StepFinished {
                address,
                outcome,
                took_ms: 0,
            });
        }
    }

    fn skip_the_rest(&mut self) {
        let reason = match &self.failed {
            _ if self.cancel.is_stopping() => "the run was stopped".to_owned(),
            Some(address) => format!("stopped after {}", self.ended_badly(address)),
            None => "it could not be reached".to_owned(),
        };
        for address in self.queue.drain() {
            self.skip(address, reason.clone());
        }
    }

    fn skip(&self, address: Address, reason: String) {
        let outcome = Outcome::Skipped { reason };
        self.stamp.tell(EventKind::StepFinished {
            address,
            outcome,
            took_ms: 0,
        });
    }
}

/// What is said of a row that did not succeed.
fn trouble(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Failed { .. } => Some("failed"),
        Outcome::Unknown { .. } => Some("is unknown"),
        Outcome::Stale { .. } => Some("is stale"),
        Outcome::Skipped { .. } => Some("was skipped"),
        Outcome::Created | Outcome::Updated { .. } | Outcome::Deleted | Outcome::Unchanged => None,
    }
}

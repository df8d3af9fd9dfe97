//! The only fold of events: counts, the status of each row, the verdict. Every reporter and the screen read it, so that
//! their numbers cannot differ.

use std::collections::BTreeMap;

use super::event::{Event, EventKind, Outcome, PlannedStep};
use crate::plan::{Target, Verb};
use crate::resource::Address;

/// Where a row stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// Not begun.
    Queued,
    /// At work.
    Running {
        /// Milliseconds since the run started when it began.
        since_ms: u64,
    },
    /// Waiting for another try.
    Retrying {
        /// Milliseconds since the run started when the row began.
        since_ms: u64,
        /// The number of the next attempt, from 2.
        next_attempt: u32,
        /// The maximum number of attempts.
        max_attempts: u32,
        /// Why the last attempt failed.
        reason: String,
    },
    /// Ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// How long it took.
        took_ms: u64,
    },
}

/// A row of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RowProgress {
    /// What the plan says of it.
    pub verb: Verb,
    /// Whether the plan predicts a restart.
    pub restarts: bool,
    /// Where it stands.
    pub status: Status,
    /// What was said about it on the way.
    pub notes: Vec<String>,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every row that was to be written holds.
    Done,
    /// Something failed, was stale or was skipped, and nothing was written.
    NothingWritten,
    /// Something was written, and something was not.
    Partly,
    /// The plan did not fit the server any more, and nothing was written.
    Stale,
}

/// The state of a run, folded from its events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Where the run writes.
    pub target: Target,
    /// By address, in display order.
    pub rows: BTreeMap<Address, RowProgress>,
    /// Time of the last event, in milliseconds since the start.
    pub elapsed_ms: u64,
    /// The person asked to stop.
    pub cancelling: bool,
    /// The last event was seen.
    pub finished: bool,
    /// How many requests were made.
    pub requests: usize,
    /// How many of them were repeated.
    pub retries: usize,
}

/// How many rows ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Rows of the run.
    pub total: usize,
    /// Created.
    pub created: usize,
    /// Updated.
    pub updated: usize,
    /// Deleted.
    pub deleted: usize,
    /// The server said: no change.
    pub unchanged: usize,
    /// Refused.
    pub failed: usize,
    /// No answer came.
    pub unknown: usize,
    /// Not what the plan saw.
    pub stale: usize,
    /// Not tried.
    pub skipped: usize,
    /// At work now.
    pub running: usize,
    /// Platforms that the server said it restarts.
    pub restarted: usize,
    /// How many of `restarted` the plan did not predict.
    pub unpredicted_restarts: usize,
    /// Platforms whose restart the plan predicted and that the server said it does not restart.
    pub missed_restarts: usize,
}

impl Tally {
    /// Rows that have ended, in whatever way.
    pub fn ended(&self) -> usize {
        self.created
            + self.updated
            + self.deleted
            + self.unchanged
            + self.failed
            + self.unknown
            + self.stale
            + self.skipped
    }

    /// Rows that changed the server.
    pub fn applied(&self) -> usize {
        self.created + self.updated + self.deleted
    }
}

impl Progress {
    /// Folds a whole run.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut progress = Self::default();
        events.into_iter().for_each(|event| progress.fold(event));
        progress
    }

    /// Takes in one event.
    pub fn fold(&mut self, event: &Event) {
        self.elapsed_ms = self.elapsed_ms.max(event.elapsed_ms);
        match &event.kind {
            EventKind::RunStarted { target, steps } => self.start(target, steps),
            EventKind::StepStarted { address } => {
                self.set(
                    address,
                    Status::Running {
                        since_ms: event.elapsed_ms,
                    },
                );
            }
            EventKind::Request { attempt, .. } => self.count_request(*attempt),
            EventKind::Retrying {
                address,
                next_attempt,
                max_attempts,
                reason,
                ..
            } => {
                self.retry(address, (*next_attempt, *max_attempts), reason, event.elapsed_ms);
            }
            EventKind::Note { address, message } => self.note(address, message),
            EventKind::StepFinished {
                address,
                outcome,
                took_ms,
            } => {
                self.set(
                    address,
                    Status::Finished {
                        outcome: outcome.clone(),
                        took_ms: *took_ms,
                    },
                );
            }
            EventKind::Cancelling => self.cancelling = true,
            EventKind::RunFinished => self.finished = true,
            EventKind::Unknown => {}
        }
    }

    /// The fold of a run that nobody listened to until its end: what was at work is unknown, the rest was not tried.
    pub fn closed(mut self) -> Self {
        for row in self.rows.values_mut() {
            let outcome = match row.status {
                Status::Finished { .. } => continue,
                Status::Queued => Outcome::Skipped {
                    reason: "the run was left".to_owned(),
                },
                Status::Running { .. } | Status::Retrying { .. } => Outcome::Unknown {
                    message: "the run was left before an answer came".to_owned(),
                },
            };
            row.status = Status::Finished { outcome, took_ms: 0 };
        }
        self
    }

    /// How many rows ended in which way.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            total: self.rows.len(),
            ..Tally::default()
        };
        for row in self.rows.values() {
            match &row.status {
                Status::Queued => {}
                Status::Running { .. } | Status::Retrying { .. } => tally.running += 1,
                Status::Finished { outcome, .. } => tally.count(outcome, row.restarts),
            }
        }
        tally
    }

    /// What the run came to; only of meaning once it has ended.
    pub fn verdict(&self) -> Verdict {
        let outcomes = || {
            self.rows.values().filter_map(|row| match &row.status {
                Status::Finished { outcome, .. } => Some(outcome),
                _ => None,
            })
        };
        if outcomes().count() == self.rows.len() && outcomes().all(Outcome::succeeded) {
            return Verdict::Done;
        }
        let wrote = outcomes().any(|outcome| outcome.wrote() || matches!(outcome, Outcome::Unknown { .. }));
        let failed = outcomes().any(|outcome| matches!(outcome, Outcome::Failed { .. }));
        let stale = outcomes().any(|outcome| matches!(outcome, Outcome::Stale { .. }));
        match (wrote, failed, stale) {
            (true, _, _) => Verdict::Partly,
            (false, false, true) => Verdict::Stale,
            _ => Verdict::NothingWritten,
        }
    }

    /// Rows that ended in a way that needs a person, with how they ended, in display order.
    pub fn troubles(&self) -> impl Iterator<Item = (&Address, &Outcome)> {
        self.rows.iter().filter_map(|(address, row)| match &row.status {
            Status::Finished { outcome, .. } if !outcome.succeeded() => Some((address, outcome)),
            _ => None,
        })
    }

    fn start(&mut self, target: &Target, steps: &[PlannedStep]) {
        self.target = target.clone();
        self.rows = steps
            .iter()
            .map(|step| {
                let row = RowProgress {
                    verb: step.verb,
                    restarts: step.restarts,
                    status: Status::Queued,
                    notes: Vec::new(),
                };
                (step.address.clone(), row)
            })
            .collect();
    }

    fn set(&mut self, address: &Address, status: Status) {
        if let Some(row) = self.rows.get_mut(address) {
            row.status = status;
        }
    }

    fn note(&mut self, address: &Address, message: &str) {
        if let Some(row) = self.rows.get_mut(address) {
            row.notes.push(message.to_owned());
        }
    }

    fn retry(&mut self, address: &Address, (next_attempt, max_attempts): (u32, u32), reason: &str, now: u64) {
        let since_ms = match self.rows.get(address).map(|row| &row.status) {
            Some(Status::Running { since_ms } | Status::Retrying { since_ms, .. }) => *since_ms,
            _ => now,
        };
        self.set(
            address,
            Status::Retrying {
                since_ms,
                next_attempt,
                max_attempts,
                reason: reason.to_owned(),
            },
        );
    }

    fn count_request(&mut self, attempt: u32) {
        self.requests += 1;
        self.retries += usize::from(attempt > 1);
    }
}

impl Tally {
    fn count(&mut self, outcome: &Outcome, restart_predicted: bool) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Updated { restarted } => {
                self.updated += 1;
                self.restarted += usize::from(*restarted == Some(true));
            }
            Outcome::Deleted => self.deleted += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Unknown { .. } => self.unknown += 1,
            Outcome::Stale { .. } => self.stale += 1,
            Outcome::Skipped { .. } => self.skipped += 1,
        }
        // `Updated { restarted: None }` counts as neither: the server did not say.
        match (restart_predicted, outcome) {
            (false, Outcome::Updated { restarted: Some(true) }) => self.unpredicted_restarts += 1,
            (true, Outcome::Updated { restarted: Some(false) } | Outcome::Unchanged) => self.missed_restarts += 1,
            _ => {}
        }
    }
}

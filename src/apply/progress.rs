//! Folds the events of a run into the status of each row, counts and a verdict. Every report and the screen use this fold,
//! so that their numbers cannot differ.

use std::collections::BTreeMap;

use super::event::{Event, EventKind, Outcome, PlannedStep};
use crate::plan::{Target, Verb};
use crate::resource::Address;

/// The status of a row in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// The row has not started.
    Queued,
    /// A request of the row is in flight.
    Running {
        /// When the row started, in milliseconds since the run started.
        since_ms: u64,
    },
    /// The row waits before the next attempt of a request.
    Retrying {
        /// When the row started, in milliseconds since the run started.
        since_ms: u64,
        /// The number of the next attempt, from 2.
        next_attempt: u32,
        /// The maximum number of attempts.
        max_attempts: u32,
        /// Why the last attempt failed.
        reason: String,
    },
    /// The row has ended.
    Finished {
        /// How the row ended.
        outcome: Outcome,
        /// The duration of the row, in milliseconds.
        took_ms: u64,
    },
}

/// The request of a row that has had no response for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentRequest {
    /// The HTTP method: `GET`, `POST`, …
    pub method: String,
    /// The path, without host and query.
    pub path: String,
    /// When it was sent, in milliseconds since the run started.
    pub since_ms: u64,
}

/// A row of a run, as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct RowProgress {
    /// What the plan does to the resource.
    pub verb: Verb,
    /// Whether the plan predicts a restart.
    pub restarts: bool,
    /// Whether the plan calls a restart possible. Never true when `restarts` is.
    pub may_restart: bool,
    /// The status of the row.
    pub status: Status,
    /// The remarks on the row, in order.
    pub notes: Vec<String>,
    /// The time of the last event of the row, in milliseconds since the run started: while a request is in flight, when
    /// it was sent. `None` before the row starts.
    pub last_event_ms: Option<u64>,
    /// The request in flight, when it is known to take long.
    pub pending: Option<SilentRequest>,
}

/// The result of a run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every row succeeded.
    Done,
    /// A row failed or was skipped, and nothing was written.
    NothingWritten,
    /// Something was written, or may have been, and not every row succeeded.
    Partial,
    /// A row was stale, none failed, and nothing was written.
    Stale,
}

/// The state of a run, made from its events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// The organization and the server that are written.
    pub target: Target,
    /// The rows by address, in display order.
    pub rows: BTreeMap<Address, RowProgress>,
    /// The time of the last event, in milliseconds since the run started.
    pub elapsed_ms: u64,
    /// Whether the user asked to stop.
    pub cancelling: bool,
    /// Whether the last event of the run has arrived.
    pub finished: bool,
    /// The number of attempts of requests.
    pub requests: usize,
    /// The number of those attempts that repeated one.
    pub retries: usize,
}

/// The number of rows by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// The number of rows in the run.
    pub total: usize,
    /// The number of created resources.
    pub created: usize,
    /// The number of updated resources.
    pub updated: usize,
    /// The number of deleted resources.
    pub deleted: usize,
    /// The number of rows that changed nothing.
    pub unchanged: usize,
    /// The number of rows that failed.
    pub failed: usize,
    /// The number of rows that may have been written.
    pub unknown: usize,
    /// The number of rows whose resource is not what the plan saw.
    pub stale: usize,
    /// The number of rows that were not tried.
    pub skipped: usize,
    /// The number of rows in flight.
    pub running: usize,
    /// The number of platforms that restart, as the server says.
    pub restarted: usize,
    /// The number of those restarts that the plan called possible.
    pub possible_restarts: usize,
    /// The number of those restarts that the plan neither predicted nor called possible.
    pub unpredicted_restarts: usize,
    /// The number of predicted restarts that do not happen, as the server says.
    pub missed_restarts: usize,
}

impl Tally {
    /// Returns the number of rows that have ended.
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

    /// Returns the number of rows that changed the server.
    pub fn applied(&self) -> usize {
        self.created + self.updated + self.deleted
    }
}

impl Progress {
    /// Folds all events of a run.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut progress = Self::default();
        events.into_iter().for_each(|event| progress.fold(event));
        progress
    }

    /// Updates the state with one event.
    pub fn fold(&mut self, event: &Event) {
        self.elapsed_ms = self.elapsed_ms.max(event.elapsed_ms);
        self.note_time(event);
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
            EventKind::Waiting {
                address,
                method,
                path,
                silent_ms,
                ..
            } => {
                let request = SilentRequest {
                    method: method.clone(),
                    path: path.clone(),
                    since_ms: event.elapsed_ms.saturating_sub(*silent_ms),
                };
                self.wait(address, request);
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

    /// Returns the state of a run whose last events are missing: rows in flight become unknown, the rest was not tried.
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

    /// Counts the rows by how they ended.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            total: self.rows.len(),
            ..Tally::default()
        };
        for row in self.rows.values() {
            match &row.status {
                Status::Queued => {}
                Status::Running { .. } | Status::Retrying { .. } => tally.running += 1,
                Status::Finished { outcome, .. } => tally.count(outcome, row),
            }
        }
        tally
    }

    /// Returns the result of the run. It means something only once the run has ended.
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
        // Unknown counts as written: exit code 6 must not be missing where the server may have changed.
        let wrote = outcomes().any(|outcome| outcome.wrote() || matches!(outcome, Outcome::Unknown { .. }));
        let failed = outcomes().any(|outcome| matches!(outcome, Outcome::Failed { .. }));
        let stale = outcomes().any(|outcome| matches!(outcome, Outcome::Stale { .. }));
        match (wrote, failed, stale) {
            (true, _, _) => Verdict::Partial,
            (false, false, true) => Verdict::Stale,
            _ => Verdict::NothingWritten,
        }
    }

    /// Returns the rows that did not succeed, with their outcomes, in display order.
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
                    may_restart: step.may_restart,
                    status: Status::Queued,
                    notes: Vec::new(),
                    last_event_ms: None,
                    pending: None,
                };
                (step.address.clone(), row)
            })
            .collect();
    }

    fn note_time(&mut self, event: &Event) {
        let (EventKind::StepStarted { address }
        | EventKind::Request { address, .. }
        | EventKind::Retrying { address, .. }
        | EventKind::StepFinished { address, .. }) = &event.kind
        else {
            return;
        };
        if let Some(row) = self.rows.get_mut(address) {
            row.last_event_ms = Some(event.elapsed_ms);
            row.pending = None;
        }
    }

    fn set(&mut self, address: &Address, status: Status) {
        if let Some(row) = self.rows.get_mut(address) {
            row.status = status;
        }
    }

    fn wait(&mut self, address: &Address, request: SilentRequest) {
        if let Some(row) = self.rows.get_mut(address) {
            row.pending = Some(request);
        }
    }

    fn note(&mut self, address: &Address, message: &str) {
        if let Some(row) = self.rows.get_mut(address) {
            row.notes.push(message.to_owned());
        }
    }

    fn retry(&mut self, address: &Address, (next_attempt, max_attempts): (u32, u32), reason: &str, now: u64) {
        // The time of a row runs on through its attempts.
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
    fn count(&mut self, outcome: &Outcome, row: &RowProgress) {
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
        match outcome {
            Outcome::Updated { restarted: Some(true) } if row.may_restart => self.possible_restarts += 1,
            Outcome::Updated { restarted: Some(true) } if !row.restarts => self.unpredicted_restarts += 1,
            // A possible restart that does not happen is no news: it means that the secret had not changed.
            Outcome::Updated { restarted: Some(false) } | Outcome::Unchanged if row.restarts => {
                self.missed_restarts += 1;
            }
            _ => {}
        }
    }
}

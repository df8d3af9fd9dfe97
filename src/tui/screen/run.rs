//! The run: the progress of its events, its requests, and whether the user is quitting.

use std::collections::{BTreeSet, HashMap};

use crate::apply::event::{Event, EventKind, Outcome};
use crate::apply::{Cancel, Progress, RowProgress, Status};
use crate::resource::Address;
use crate::tui::board::Board;
use crate::tui::exit::ExitReason;

/// Whether a run goes on, and whether the user waits for its end to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// The run goes on.
    Running,
    /// The run goes on, and the screen closes for this reason when it ends.
    Leaving(ExitReason),
    /// The run ended; with a reason if it could not begin or broke off.
    Ended(Option<String>),
}

/// The screen while a plan is applied, and after.
#[derive(Debug, Clone)]
pub struct RunScreen {
    /// The plan that is applied, with its tree and detail.
    pub board: Board,
    /// The progress so far.
    pub progress: Progress,
    /// Every event but the first, which only names the rows.
    pub log: Vec<Event>,
    /// The positions in the log of each row's requests.
    pub requests: HashMap<Address, Vec<usize>>,
    /// Stops the run: once gently, twice at once.
    pub cancel: Cancel,
    /// When it began, by the screen's clock in milliseconds.
    pub since_ms: u64,
    /// When it ended, by the screen's clock in milliseconds; `None` while it runs.
    pub ended_ms: Option<u64>,
    /// Whether the cursor follows the rows that are being applied.
    pub follow: bool,
    /// Whether the log is shown in place of the detail.
    pub log_open: bool,
    /// The number of log entries below the last one on the screen.
    pub log_back: usize,
    /// Whether the run goes on.
    pub state: RunState,
}

impl RunScreen {
    /// Creates a run that is about to begin.
    pub fn new(board: Board, cancel: Cancel, since_ms: u64) -> Self {
        Self {
            board,
            progress: Progress::default(),
            log: Vec::new(),
            requests: HashMap::new(),
            cancel,
            since_ms,
            ended_ms: None,
            follow: true,
            log_open: false,
            log_back: 0,
            state: RunState::Running,
        }
    }

    /// Creates a run that was recorded. A row that the record does not see end is unknown, or was not tried.
    pub fn recorded(board: Board, events: Vec<Event>) -> Self {
        let mut run = Self {
            follow: false,
            ..Self::new(board, Cancel::new(), 0)
        };
        for event in events {
            run.take(event);
        }
        run.progress = run.progress.closed();
        // The cursor begins at the first failure.
        run.follow = true;
        let elapsed_ms = run.progress.elapsed_ms;
        run.end(Ok(()), elapsed_ms);
        run
    }

    /// Whether the run has ended, completely or not.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, RunState::Ended(_))
    }

    /// Whether the run ended and something was not applied.
    pub fn has_trouble(&self) -> bool {
        match &self.state {
            RunState::Ended(Some(_)) => true,
            RunState::Ended(None) => !self.not_applied().is_empty(),
            _ => false,
        }
    }

    /// Returns the rows that are not known to be applied.
    pub fn not_applied(&self) -> BTreeSet<Address> {
        let missing = |row: &RowProgress| match &row.status {
            Status::Finished { outcome, .. } => !outcome.succeeded(),
            _ => true,
        };
        let rows = self.progress.rows.iter().filter(|(_, row)| missing(row));
        rows.map(|(address, _)| address.clone()).collect()
    }

    /// Returns the rows that failed, are unknown or stale, in display order. Skipped rows are left out: they follow from
    /// a failure.
    pub fn failures(&self) -> impl Iterator<Item = &Address> {
        let is_failure = |outcome: &Outcome| !matches!(outcome, Outcome::Skipped { .. });
        let troubles = self.progress.troubles();
        troubles.filter_map(move |(address, outcome)| is_failure(outcome).then_some(address))
    }

    /// Whether any row failed, is unknown or stale.
    pub fn has_failures(&self) -> bool {
        self.failures().next().is_some()
    }

    /// Returns the progress, or `None` if nothing began. Unfinished rows become unknown or skipped.
    pub fn record(&self) -> Option<Progress> {
        let progress = self.progress.clone().closed();
        (!progress.rows.is_empty()).then_some(progress)
    }

    /// Returns the milliseconds since the run began. The number stays the same after the end.
    pub fn elapsed(&self, now_ms: u64) -> u64 {
        match self.ended_ms {
            // The run's own clock leaves out the time that its last event took to arrive here.
            Some(ended) if self.progress.elapsed_ms > 0 => self.progress.elapsed_ms.min(ended - self.since_ms),
            Some(ended) => ended.saturating_sub(self.since_ms),
            None => now_ms.saturating_sub(self.since_ms),
        }
    }

    /// Adds an event. The cursor follows the work unless the user has moved it.
    pub fn take(&mut self, event: Event) {
        self.progress.fold(&event);
        if self.follow
            && let EventKind::StepStarted { address } = &event.kind
        {
            self.board.reveal(address);
        }
        if !matches!(event.kind, EventKind::RunStarted { .. }) {
            self.note_request(&event);
            self.log.push(event);
            // A log that is scrolled back does not move while it grows.
            if self.log_back > 0 {
                self.log_back += 1;
            }
        }
    }

    /// Returns the requests that were made for a row.
    pub fn requests_of<'a>(&'a self, address: &Address) -> impl Iterator<Item = &'a Event> {
        let positions = self.requests.get(address).map(Vec::as_slice).unwrap_or_default();
        positions.iter().filter_map(|position| self.log.get(*position))
    }

    fn note_request(&mut self, event: &Event) {
        if let EventKind::Request { address, .. } = &event.kind {
            self.requests.entry(address.clone()).or_default().push(self.log.len());
        }
    }

    /// Ends the run. The cursor moves to the first failure, or else to the top, unless the user has moved it.
    pub fn end(&mut self, result: Result<(), String>, now_ms: u64) {
        self.ended_ms = Some(now_ms.max(self.since_ms));
        self.state = RunState::Ended(result.err());
        let first = self.failures().next().cloned();
        match first {
            _ if !self.follow => {}
            Some(address) => self.board.reveal(&address),
            // There the run as a whole is shown.
            None if self.progress.rows.len() > 1 => self.board.outline.go_to(0),
            None => {}
        }
    }
}

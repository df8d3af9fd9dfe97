//! The plan is applied: the fold of its events, the requests made, and how the person is leaving.

use std::collections::{BTreeSet, HashMap};

use crate::apply::event::{Event, EventKind, Outcome};
use crate::apply::{Cancel, Progress, RowProgress, Status};
use crate::resource::Address;
use crate::tui::board::Board;
use crate::tui::exit::Ending;

/// Where the run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// At work.
    Running,
    /// At work, and the screen closes when it has ended.
    Leaving(Ending),
    /// Ended; with a sentence when it could not even begin.
    Ended(Option<String>),
}

/// The screen while a plan is applied, and after.
#[derive(Debug, Clone)]
pub struct Run {
    /// The plan.
    pub board: Board,
    /// What happened so far.
    pub progress: Progress,
    /// Every event but the first, for the log.
    pub log: Vec<Event>,
    /// Where in the log the requests of a row are.
    pub requests: HashMap<Address, Vec<usize>>,
    /// How to stop it.
    pub cancel: Cancel,
    /// When it began.
    pub since_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// The cursor goes where work begins.
    pub follow: bool,
    /// The log takes the place of the detail.
    pub log_open: bool,
    /// Lines between the last one of the log and the last one on the screen.
    pub log_back: usize,
    /// Where it stands.
    pub state: RunState,
}

impl Run {
    /// A run that is about to begin.
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

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, RunState::Ended(_))
    }

    /// Whether it is over and not everything holds.
    pub fn has_trouble(&self) -> bool {
        match &self.state {
            RunState::Ended(Some(_)) => true,
            RunState::Ended(None) => !self.left().is_empty(),
            _ => false,
        }
    }

    /// Rows that were to be written and are not.
    pub fn left(&self) -> BTreeSet<Address> {
        let missing = |row: &RowProgress| match &row.status {
            Status::Finished { outcome, .. } => !outcome.succeeded(),
            _ => true,
        };
        let rows = self.progress.rows.iter().filter(|(_, row)| missing(row));
        rows.map(|(address, _)| address.clone()).collect()
    }

    /// What happened, unless nothing could begin. Rows that nobody told the end of are unknown, or were not tried.
    pub fn record(&self) -> Option<Progress> {
        let progress = self.progress.clone().closed();
        (!progress.rows.is_empty()).then_some(progress)
    }

    /// Milliseconds since the run began, by the screen's clock; stands still when it has ended.
    pub fn elapsed(&self, now_ms: u64) -> u64 {
        match self.ended_ms {
            Some(ended) if self.progress.elapsed_ms > 0 => self.progress.elapsed_ms.min(ended - self.since_ms),
            Some(ended) => ended.saturating_sub(self.since_ms),
            None => now_ms.saturating_sub(self.since_ms),
        }
    }

    /// Takes in an event. The cursor follows the work unless the person has moved it.
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
            if self.log_back > 0 {
                self.log_back += 1;
            }
        }
    }

    /// The requests that were made for a row.
    pub fn requests_of<'a>(&'a self, address: &Address) -> impl Iterator<Item = &'a Event> {
        let places = self.requests.get(address).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.log.get(*place))
    }

    fn note_request(&mut self, event: &Event) {
        if let EventKind::Request { address, .. } = &event.kind {
            self.requests.entry(address.clone()).or_default().push(self.log.len());
        }
    }

    /// Takes in the end. The cursor goes to the first failure, unless the person has moved it.
    pub fn end(&mut self, result: Result<(), String>, now_ms: u64) {
        self.ended_ms = Some(now_ms.max(self.since_ms));
        self.state = RunState::Ended(result.err());
        let is_failure = |outcome: &Outcome| !matches!(outcome, Outcome::Skipped { .. });
        let worst = self.progress.troubles().find(|(_, outcome)| is_failure(outcome));
        if let Some(address) = worst.map(|(address, _)| address.clone()).filter(|_| self.follow) {
            self.board.reveal(&address);
        }
    }
}

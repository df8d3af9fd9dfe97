//! Files and server are being read: the steps so far.

use std::collections::BTreeSet;

use crate::resource::Address;
use crate::show::Line;
use crate::tui::board::Board;
use crate::tui::workbench::{LoadRequest, LoadStep};

/// What happens with the plan when it is loaded.
#[derive(Debug, Clone, Default)]
pub enum AfterLoading {
    /// It is reviewed for the first time.
    #[default]
    First,
    /// It replaces the previous plan; these rows stay deselected.
    Again {
        /// The previous plan.
        board: Box<Board>,
        /// The rows that the user had deselected.
        without: BTreeSet<Address>,
        /// Whether the marks for deletion stay. Otherwise the options decide again.
        keeps_marks: bool,
        /// What is said when the plan appears, in place of `planned again`.
        message: Option<Line>,
    },
    /// It replaces the previous plan, and only the rows that were not applied are selected.
    Retry {
        /// The previous plan.
        board: Box<Board>,
        /// The rows that were not applied.
        not_applied: BTreeSet<Address>,
    },
}

impl AfterLoading {
    /// Returns the previous plan, or `None` the first time.
    pub fn board(&self) -> Option<&Board> {
        match self {
            Self::First => None,
            Self::Again { board, .. } | Self::Retry { board, .. } => Some(board),
        }
    }

    /// Returns the marks for deletion that the new plan keeps, or `None` where the options decide.
    fn marks(&self) -> Option<&BTreeSet<Address>> {
        match self {
            Self::First | Self::Again { keeps_marks: false, .. } => None,
            Self::Again { board, .. } | Self::Retry { board, .. } => Some(&board.prune),
        }
    }

    /// Returns this with another message for the new plan, if there is one to say.
    #[must_use]
    pub fn saying(mut self, line: Option<Line>) -> Self {
        if let (Self::Again { message, .. }, Some(line)) = (&mut self, line) {
            *message = Some(line);
        }
        self
    }

    /// Returns the request for the new plan.
    pub fn request(&self) -> LoadRequest {
        LoadRequest {
            prune: self.marks().cloned(),
            ..LoadRequest::default()
        }
    }
}

/// The screen while files and server are read.
#[derive(Debug, Clone, Default)]
pub struct LoadingScreen {
    /// The steps so far, in the order in which they began.
    pub steps: Vec<LoadStep>,
    /// When loading began, by the screen's clock in milliseconds.
    pub since_ms: u64,
    /// What happens with the plan.
    pub after: AfterLoading,
}

impl LoadingScreen {
    /// Creates the screen without any step.
    pub fn new(since_ms: u64, after: AfterLoading) -> Self {
        Self {
            steps: Vec::new(),
            since_ms,
            after,
        }
    }

    /// Adds a step, or updates the one of the same name.
    pub fn take(&mut self, step: LoadStep) {
        match self.steps.iter_mut().find(|known| known.what == step.what) {
            Some(known) => known.state = step.state,
            None => self.steps.push(step),
        }
    }
}

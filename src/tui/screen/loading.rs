//! Files and server are being read: the steps so far.

use std::collections::BTreeSet;

use crate::resource::Address;
use crate::tui::board::Board;
use crate::tui::workbench::{LoadRequest, LoadStep};

/// What is done with the plan once it is there.
#[derive(Debug, Clone, Default)]
pub enum After {
    /// It is looked at for the first time.
    #[default]
    First,
    /// It takes the place of this one; these rows stay unselected.
    Again {
        /// The plan before it.
        board: Box<Board>,
        /// Rows that the person had taken out.
        without: BTreeSet<Address>,
    },
    /// It takes the place of this one, and what is left of its run is offered again.
    Retry {
        /// The plan before it.
        board: Box<Board>,
        /// Rows that did not make it.
        left: BTreeSet<Address>,
    },
}

impl After {
    /// The plan before.
    pub fn board(&self) -> Option<&Board> {
        match self {
            Self::First => None,
            Self::Again { board, .. } | Self::Retry { board, .. } => Some(board),
        }
    }

    /// What to plan.
    pub fn request(&self) -> LoadRequest {
        LoadRequest {
            prune: self.board().map(|board| board.prune.clone()).unwrap_or_default(),
        }
    }
}

/// The screen while files and server are read.
#[derive(Debug, Clone, Default)]
pub struct Loading {
    /// What was begun, in order.
    pub steps: Vec<LoadStep>,
    /// When it began.
    pub since_ms: u64,
    /// What is done with the plan.
    pub after: After,
}

impl Loading {
    /// Nothing has happened yet.
    pub fn new(since_ms: u64, after: After) -> Self {
        Self {
            steps: Vec::new(),
            since_ms,
            after,
        }
    }

    /// Takes in a step: a new one, or the end of one that was begun.
    pub fn take(&mut self, step: LoadStep) {
        match self.steps.iter_mut().find(|known| known.what == step.what) {
            Some(known) => known.state = step.state,
            None => self.steps.push(step),
        }
    }
}

//! The screens: one variant each, with its own data, in a file of its own.

mod confirm;
mod failed;
mod loading;
mod review;
mod run;

pub use confirm::{Answer, Confirm};
pub use failed::Failed;
pub use loading::{After, Loading};
pub use review::Review;
pub use run::{Run, RunState};

use super::board::Board;

/// What fills the terminal.
#[derive(Debug, Clone)]
pub enum Screen {
    /// Files and server are being read.
    Loading(Box<Loading>),
    /// There is no plan.
    Failed(Box<Failed>),
    /// The plan is looked at.
    Review(Box<Review>),
    /// The plan is, or was, applied.
    Run(Box<Run>),
}

/// What stands in front of a screen and takes its keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Every key.
    Help {
        /// First line on the screen.
        scroll: usize,
    },
    /// Every name of a secret.
    Secrets {
        /// First line on the screen.
        scroll: usize,
    },
    /// What will happen, to be agreed to.
    Confirm(Box<Confirm>),
    /// Leaving while something runs, to be agreed to.
    Leave,
}

impl Screen {
    /// The plan on the screen.
    pub fn board(&self) -> Option<&Board> {
        match self {
            Self::Review(review) => Some(&review.board),
            Self::Run(run) => Some(&run.board),
            Self::Loading(_) | Self::Failed(_) => None,
        }
    }

    /// The plan on the screen.
    pub fn board_mut(&mut self) -> Option<&mut Board> {
        match self {
            Self::Review(review) => Some(&mut review.board),
            Self::Run(run) => Some(&mut run.board),
            Self::Loading(_) | Self::Failed(_) => None,
        }
    }
}

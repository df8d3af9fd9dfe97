//! The screens: one variant each, with its own data, in a file of its own.

mod confirm;
mod failed;
mod help;
mod loading;
mod review;
mod run;
mod secrets;

pub use confirm::{Confirm, Confirmation};
pub use failed::Failed;
pub use help::help_sheet;
pub use loading::{After, Loading};
pub use review::Review;
pub use run::{Run, RunState};
pub use secrets::secrets_sheet;

use super::board::Board;
use super::sheet::Sheet;

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
    Help(Sheet),
    /// Every name of a secret.
    Secrets(Sheet),
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

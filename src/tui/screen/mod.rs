//! The screens: one variant each, with its own data, in a file of its own.

mod adopt;
mod confirm;
mod failed;
mod ignore;
mod loading;
mod page;
mod palette;
mod push;
mod review;
mod run;
mod secrets;

pub use adopt::AdoptPage;
pub use confirm::{Confirm, Confirmation};
pub use failed::Failed;
pub use ignore::{IgnoreField, IgnorePage};
pub use loading::{AfterLoading, LoadingScreen};
pub use page::Page;
pub use palette::{Palette, PaletteEntry, PaletteRun};
pub use push::PushPage;
pub use review::{Review, SelectionHistory};
pub use run::{RunScreen, RunState};
pub use secrets::secrets_sheet;

use super::board::Board;
use super::exit::Awaited;
use super::sheet::Sheet;

/// The screen behind any dialog.
#[derive(Debug, Clone)]
pub enum Screen {
    /// Files and server are being read.
    Loading(Box<LoadingScreen>),
    /// There is no plan.
    Failed(Box<Failed>),
    /// The plan is being reviewed.
    Review(Box<Review>),
    /// The plan is being applied, or was.
    Run(Box<RunScreen>),
}

/// A dialog in front of the screen; it takes the keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Every action and command by name, with its keys.
    Palette(Box<Palette>),
    /// The list of secret names.
    Secrets(Sheet),
    /// The confirmation before an apply.
    Confirm(Box<Confirm>),
    /// The confirmation before files are written.
    Adopt(Box<AdoptPage>),
    /// The confirmation before secrets are pushed.
    Push(Box<PushPage>),
    /// The question why drift is ignored, and until when.
    Ignore(Box<IgnorePage>),
    /// The question before quitting a run.
    Leave,
}

impl Overlay {
    /// Returns what a page waits for and cannot take back, if it does: until then the page cannot be closed.
    pub fn awaits(&self) -> Option<Awaited> {
        match self {
            Self::Adopt(page) if page.is_writing() => Some(Awaited::Files),
            Self::Push(page) if page.is_sending() => Some(Awaited::Secrets),
            _ => None,
        }
    }
}

impl Screen {
    /// Returns the plan on the screen, if there is one.
    pub fn board(&self) -> Option<&Board> {
        match self {
            Self::Review(review) => Some(&review.board),
            Self::Run(run) => Some(&run.board),
            Self::Loading(_) | Self::Failed(_) => None,
        }
    }

    /// Returns the plan on the screen, if there is one.
    pub fn board_mut(&mut self) -> Option<&mut Board> {
        match self {
            Self::Review(review) => Some(&mut review.board),
            Self::Run(run) => Some(&mut run.board),
            Self::Loading(_) | Self::Failed(_) => None,
        }
    }
}

//! What the screen needs from the outside: somebody who plans, plans again, and applies.
//!
//! The command layer implements [`Workbench`] over files and a server; tests and the gallery implement it over canned
//! plans. The screen never reads a file, never sends a request and knows no credential.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::UnboundedSender;

use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::plan::Plan;
use crate::resource::Address;
use crate::show::Line;

/// Plans and applies for the screen. Shared with the tasks that the loop starts.
pub trait Workbench: Send + Sync + 'static {
    /// Reads files and server, again from the start, and plans. Tells what it is doing as it goes.
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<Loaded, LoadFailure>>;

    /// The plan that was loaded last, with these drifted rows, and these rows' drifted fields, to be deleted. Pure and
    /// quick; nothing when there is no plan.
    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan>;

    /// Asks the guards about these rows: `--fail-on`, `--plan-id`. Returns why they may not be applied, if so. Called
    /// each time that the confirmation opens; must not wait for anything.
    fn check(&self, _request: &ApplyRequest) -> Option<Refusal> {
        None
    }

    /// Applies the selected rows of the plan that [`Self::load`] or [`Self::replan`] returned last. Resolves when the
    /// run has ended; an error is a sentence about why there was no run at all.
    fn apply(
        &self,
        request: ApplyRequest,
        cancel: Cancel,
        events: UnboundedSender<Event>,
    ) -> BoxFuture<'static, Result<(), String>>;
}

/// What to plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadRequest {
    /// Rows whose deletion, or whose drifted fields' deletion, the person has asked for so far.
    pub prune: BTreeSet<Address>,
}

/// Why the selected rows may not be applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The guard's message and its hints, as they would be printed.
    pub lines: Vec<Line>,
}

/// What to apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyRequest {
    /// Rows to write: what the person chose, and what these rows depend on.
    pub selection: BTreeSet<Address>,
    /// Rows that were to be deleted when the plan was made.
    pub prune: BTreeSet<Address>,
}

/// Something that loading does, told when it begins and when it has ended; matched by `what`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStep {
    /// `read lobu.toml`, `list agents`.
    pub what: String,
    /// Where it stands.
    pub state: StepState,
}

/// Where a step of loading stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// At work.
    Running,
    /// Ended well, with what there is to say: `12 agents`.
    Done(String),
    /// Ended badly.
    Failed(String),
}

impl LoadStep {
    /// Something begins.
    pub fn began(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: StepState::Running,
        }
    }

    /// Something has ended well.
    pub fn done(what: impl Into<String>, said: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: StepState::Done(said.into()),
        }
    }

    /// Something has ended badly.
    pub fn failed(what: impl Into<String>, said: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: StepState::Failed(said.into()),
        }
    }
}

/// A plan, and what to say around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What would happen.
    pub plan: Plan,
    /// Every `$NAME` that the files use.
    pub secrets: Vec<SecretRow>,
    /// What loading has to say that stops nothing.
    pub warnings: Vec<Line>,
    /// Whose plan it is.
    pub title: Title,
    /// Applying here wants the organisation's name typed.
    pub protected: bool,
    /// How long it took.
    pub took_ms: u64,
}

/// From where to where: `support-desk/lobu.toml -> dev at app.lobu.ai`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Title {
    /// As the person would type it.
    pub config: String,
    /// The organisation's slug.
    pub organization: String,
    /// Host and port.
    pub host: String,
}

/// A name that the files refer to. Never a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretRow {
    /// Without the `$`.
    pub name: String,
    /// Where its value came from; nothing when it is missing.
    pub source: Option<String>,
    /// Every place that uses it: `lobu.toml:12`.
    pub places: Vec<String>,
    /// Whether its value is sent to the server.
    pub sent: bool,
}

/// Why there is no plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadFailure {
    /// The diagnostics, as they would be printed.
    pub lines: Vec<Line>,
    /// What the process ends with if the person leaves now.
    pub code: u8,
}

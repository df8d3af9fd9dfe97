//! The interface between the screen and the rest: loading, planning again, checking and applying.
//!
//! The command layer implements [`Workbench`] over files and a server; tests and the gallery implement it over canned
//! plans. The screen never reads a file, never sends a request and knows no credential.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::civil::Date;
use tokio::sync::mpsc::UnboundedSender;

use super::looked::LookedRows;
use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::plan::Plan;
use crate::resource::{Address, FieldPath, Origin};
use crate::show::Line;

/// Plans and applies for the screen. Shared with the tasks that the loop starts.
pub trait Workbench: Send + Sync + 'static {
    /// Reads files and server, again from the start, and plans. Sends each step when it begins and when it ends.
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<LoadedPlan, LoadFailure>>;

    /// Returns the plan that was loaded last, with these drifted rows, and these rows' drifted fields, to be deleted. Must
    /// not wait for anything. Returns `None` when there is no plan, or none with these deletions.
    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan>;

    /// Follows files and server until it is dropped, and reports each newer plan, and what stands in the way of one.
    fn watch(&self, _news: UnboundedSender<WatchNews>) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }

    /// Makes a plan that [`Self::watch`] has reported the one that is marked, checked and applied. Must not wait for
    /// anything. Returns `false` where it is not the newest one any more, or was made with other marks for deletion: then
    /// another one follows.
    fn take_plan(&self, _number: u64) -> bool {
        false
    }

    /// Has [`Self::watch`] read the server now.
    fn read_server(&self) {}

    /// Asks the guards, such as `--fail-on`, about these rows. Returns why they may not be applied, or `None` if they may.
    /// Called each time the confirmation opens; must not wait for anything.
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

    /// Works out what has to be written into the files, so that they say what the server has in these rows. Writes
    /// nothing. An error is a sentence about why that is not known.
    fn adopt(&self, request: AdoptRequest) -> BoxFuture<'static, Result<Adoption, String>>;

    /// Writes what [`Self::adopt`] returned for this request, if that was the last one. Returns what was written, or else
    /// why, and what was written before.
    fn write_adopted(&self, request: AdoptRequest) -> BoxFuture<'static, Result<String, String>>;

    /// Writes the plan into a file. Returns where it is now, or why it was not written.
    fn export(&self, _request: ExportRequest) -> BoxFuture<'static, Result<String, String>> {
        async { Err("this plan cannot be written into a file".to_owned()) }.boxed()
    }

    /// Compares the secrets of the files with those on the server, for the page of this number. Sends no value. An error is a
    /// sentence about why that is not known.
    fn compare_secrets(&self, _page: u64) -> BoxFuture<'static, Result<SecretComparison, String>> {
        async { Err("secrets cannot be pushed from here".to_owned()) }.boxed()
    }

    /// Stores on the server what [`Self::compare_secrets`] has found missing there for this page, if that was the last one;
    /// with `replaces` what differs too. Returns what was stored, or else why it was not.
    fn push_secrets(&self, _page: u64, _replaces: bool) -> BoxFuture<'static, Result<String, String>> {
        async { Err("secrets cannot be pushed from here".to_owned()) }.boxed()
    }

    /// Changes which drift is ignored. Returns the plan that follows, or why nothing was written.
    fn ignore(&self, request: IgnoreRequest) -> BoxFuture<'static, Result<Plan, String>>;
}

/// What is to be taken over from the server into the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdoptRequest {
    /// The rows.
    pub rows: BTreeSet<Address>,
    /// The one field that is wanted of them; `None` for everything that differs.
    pub field: Option<FieldPath>,
}

/// What would be written into the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The number of files that would be written.
    pub files: usize,
    /// `1 file to create, 2 to change`.
    pub summary: String,
    /// The differences of the files, and what cannot be adopted.
    pub lines: Vec<Line>,
}

/// How the secrets of the files compare with those on the server: names and fingerprints, never a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretComparison {
    /// The number of names that have a value here and that the server lacks.
    pub creates: usize,
    /// The names whose value on the server is another one.
    pub differing: Vec<String>,
    /// `1 to create, 1 to replace, 2 unchanged`.
    pub summary: String,
    /// One line for each name.
    pub lines: Vec<Line>,
    /// Why a guard refuses that values are replaced; empty where none does.
    pub refusal: Vec<Line>,
}

/// Drift that is to be ignored, or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreRequest {
    /// The rows.
    pub rows: BTreeSet<Address>,
    /// The one field that is meant; `None` for the rows as a whole.
    pub field: Option<FieldPath>,
    /// The reason and the last day, as they were typed. `None` to ignore the drift no longer.
    pub because: Option<IgnoreReason>,
}

/// Why drift is ignored, and for how long, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreReason {
    /// The reason, not blank.
    pub reason: String,
    /// The last day.
    pub until: Date,
}

/// A request to plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadRequest {
    /// Drift rows to delete, and rows whose drifted fields are to be cleared. `None` where the options decide.
    pub prune: Option<BTreeSet<Address>>,
    /// What is planned, where it was changed on the screen.
    pub scope: PlanScope,
}

/// What is planned, and against which server, where the screen has changed what the command line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanScope {
    /// The patterns of the rows that are planned; empty for all of them.
    pub targets: Option<Vec<String>>,
    /// The name of the context.
    pub context: Option<String>,
}

/// A file to write the plan into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// The path as it was typed; its end decides the form.
    pub file: PathBuf,
    /// Whether it may replace a file that exists.
    pub replaces: bool,
}

/// Why the selected rows may not be applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The guard's message and its hints, as they would be printed.
    pub lines: Vec<Line>,
}

/// A request to apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyRequest {
    /// The rows to write: the selected ones and those that they depend on.
    pub selection: BTreeSet<Address>,
    /// The prune marks that the plan was made with.
    pub prune: BTreeSet<Address>,
}

/// A step of loading. It is sent when it begins and when it ends; the two are matched by `what`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStep {
    /// The name of the step: `read lobu.toml`, `list agents`.
    pub what: String,
    /// Whether the step is running, done or failed.
    pub state: StepState,
}

/// The state of a step of loading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// The step has begun and not ended.
    Running,
    /// The step is done, with a detail such as `12 agents`.
    Done(String),
    /// The step failed, with the reason.
    Failed(String),
}

impl LoadStep {
    /// Creates the message that a step begins.
    pub fn began(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: StepState::Running,
        }
    }

    /// Creates the message that a step is done.
    pub fn done(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: StepState::Done(detail.into()),
        }
    }

    /// Creates the message that a step failed.
    pub fn failed(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: StepState::Failed(detail.into()),
        }
    }
}

/// A plan and what was loaded with it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedPlan {
    /// The plan.
    pub plan: Plan,
    /// The rows that the plan deletes, and those whose drifted fields it clears.
    pub marked: BTreeSet<Address>,
    /// The rows that are left out until the user selects them.
    pub left_out: BTreeSet<Address>,
    /// Every `$NAME` that the files use.
    pub secrets: Vec<SecretUsage>,
    /// The warnings of the files and of the session. Those of the plan are in the plan.
    pub warnings: Vec<Line>,
    /// The config file and the target.
    pub title: Title,
    /// Whether the organization has to be typed before an apply.
    pub protected: bool,
    /// How long loading took, in milliseconds.
    pub took_ms: u64,
    /// The current day, in UTC.
    pub today: Date,
    /// The last day on which drift is ignored, unless another one is typed.
    pub ignore_until: Date,
    /// What of it was looked at before. Only that of the first plan counts: the screen knows the rest itself.
    pub looked: LookedRows,
    /// Set where the plan is one of a pull: what the files have is before, and what the server has after.
    pub pull: Option<PullFacts>,
    /// Set where the plan was read from a record, so that nothing can be done with it here.
    pub recorded: Option<RecordedFacts>,
}

/// What the screen shows of a plan that was read from a record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordedFacts {
    /// Why a key does nothing, and what does it instead.
    pub reason: String,
    /// The events of the run of the plan; empty where it was not applied.
    pub events: Vec<Event>,
}

/// What the screen shows of a pull beside its plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullFacts {
    /// The files that change, as they are shown, with their differences.
    pub files: BTreeMap<PathBuf, Vec<Line>>,
}

/// The config file and the target: `support-desk/lobu.toml -> dev at app.lobu.ai`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Title {
    /// The path of the config file, as the user would type it.
    pub config: String,
    /// The slug of the organization.
    pub organization: String,
    /// The server's host and port.
    pub host: String,
    /// The name of the stored context with this server, if any.
    pub context: Option<String>,
    /// The patterns of the rows that are planned; empty where all are.
    pub targets: Vec<String>,
}

/// A secret that the files refer to, by name. Never its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretUsage {
    /// The name without the `$`.
    pub name: String,
    /// Where its value came from, or `None` if it has no value.
    pub source: Option<String>,
    /// Every location that uses it: `lobu.toml:12`.
    pub uses: Vec<String>,
    /// Whether its value is sent to the server.
    pub sent: bool,
}

/// The reason why there is no plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadFailure {
    /// The diagnostics, as they would be printed.
    pub lines: Vec<Line>,
    /// Where the first problem is, when a file is to blame: what the edit key opens.
    pub origin: Option<Origin>,
}

/// What has led to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchCause {
    /// A file was saved.
    Files,
    /// The server was read again.
    Server,
}

/// What a workbench reports while it follows files and server.
#[derive(Debug, Clone)]
pub enum WatchNews {
    /// There is another plan. [`Workbench::take_plan`] makes it the one that is applied.
    Plan {
        /// The number to take it by.
        number: u64,
        /// The plan.
        loaded: Box<LoadedPlan>,
        /// What has changed.
        cause: WatchCause,
    },
    /// The files cannot be planned as they are now.
    Broken(LoadFailure),
    /// The server cannot be read, with the reason. It will be tried again.
    ServerLost(String),
    /// The plan has to be loaded from the start: there is none, or another server is meant.
    Outdated,
    /// Changes of some files are not noticed, with the reason.
    Unwatched(String),
}

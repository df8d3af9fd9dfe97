//! The screen's [`Workbench`] over files and a server: every decision is the [`PlanReview`]'s.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::adopting::work_out;
use super::ending::left;
use super::export::export;
use super::following::{FollowSignals, Follower};
use super::loading::{PlanLoader, ReadFolders, Unloaded};
use super::pushing::{PushSource, ShownPush};
use super::state::{BenchState, Pushed, lock, sentence};
use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::command::console::Console;
use crate::command::origin::origin;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::journal::RunId;
use crate::plan::Plan;
use crate::pull::Wanted;
use crate::resource::Address;
use crate::review::{Consent, PlanReview, PullOptions, ReviewOptions, SeenRows};
use crate::session::Flags;
use crate::show::word::plural;
use crate::tui::{
    AdoptRequest, Adoption, ApplyRequest, ExportRequest, IgnoreRequest, LoadFailure, LoadRequest, LoadStep, LoadedPlan,
    PlanScope, Refusal, SecretComparison, WatchNews, Workbench, relay,
};

/// Files and server, as the screen sees them.
pub(super) struct Bench {
    console: Console,
    options: ReviewOptions,
    /// Set where the screen reviews a pull.
    pull: Option<PullOptions>,
    state: Arc<Mutex<BenchState>>,
    folders: ReadFolders,
    signals: Arc<FollowSignals>,
    /// How often the server is read while it is followed.
    every: Duration,
    /// What the screen has changed of the options.
    scope: Mutex<PlanScope>,
}

impl Bench {
    /// Creates a bench that has loaded nothing yet.
    pub(super) fn new(console: Console, options: ReviewOptions, every: Duration) -> Self {
        Self {
            console,
            options,
            pull: None,
            state: Arc::default(),
            folders: Arc::default(),
            signals: Arc::default(),
            every,
            scope: Mutex::default(),
        }
    }

    fn loader(&self, steps: UnboundedSender<LoadStep>) -> PlanLoader {
        let (console, folders) = (self.console.clone(), Arc::clone(&self.folders));
        PlanLoader::new(console, self.scoped_options(), folders, steps)
    }

    /// Returns the options, with what the screen has changed of them.
    fn scoped_options(&self) -> ReviewOptions {
        let PlanScope { targets, context } = lock(&self.scope).clone();
        let mut options = self.options.clone();
        if let Some(targets) = targets {
            options.targets = targets;
        }
        if let Some(context) = context {
            // The context names server and organization: what the command line says was about another server.
            options.flags = Flags {
                context: Some(context),
                url: None,
                org: None,
                insecure_http: false,
                ..options.flags
            };
        }
        options
    }

    /// Creates a bench that reviews a pull.
    pub(super) fn pulling(console: Console, pull: PullOptions) -> Self {
        // The pull itself knows which rows are meant.
        let options = ReviewOptions {
            targets: Vec::new(),
            ..pull.reading.clone()
        };
        Self {
            pull: Some(pull),
            ..Self::new(console, options, Duration::MAX)
        }
    }

    fn state(&self) -> MutexGuard<'_, BenchState> {
        lock(&self.state)
    }

    /// Returns the ids of the runs that were begun, in order; `None` for one without a journal.
    pub(super) fn runs(&self) -> Vec<Option<RunId>> {
        self.state().runs.clone()
    }

    /// Keeps what of the plan on the screen was looked at. Where it cannot be kept, nothing of it will be known tomorrow.
    pub(super) fn remember(&self, seen: &BTreeSet<Address>) {
        let state = self.state();
        let Some(plan) = state
            .review
            .as_ref()
            .map(PlanReview::plan)
            .filter(|_| self.pull.is_none())
        else {
            return;
        };
        if let Some(rows) = SeenRows::read(self.options.state_dir.as_deref(), &plan.target) {
            let _ = rows.keep(plan, seen);
        }
    }

    /// Returns how the command ends when nothing was applied: as the plain questions would end.
    pub(super) fn left(&self) -> Result<Exit, Failure> {
        left(&mut self.state(), self.pull.is_some())
    }

    /// Returns what was written beside any run, `None` where nothing was.
    pub(super) fn written(&self) -> Option<&'static str> {
        self.state().written()
    }
}

impl Workbench for Bench {
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<LoadedPlan, LoadFailure>> {
        lock(&self.scope).clone_from(&request.scope);
        let loading = self.loader(steps);
        let (state, pull) = (Arc::clone(&self.state), self.pull.clone());
        let signals = Arc::clone(&self.signals);
        async move {
            let loaded = match (loading.load(&request).await, pull) {
                (Ok((loaded, review)), Some(options)) => loading.pull(loaded, review, options).await,
                (Ok((loaded, review)), None) => Ok((loaded, review, None)),
                (Err(unloaded), _) => Err(unloaded),
            };
            // Locked after the last `await`: the screen takes the same lock on its own task to plan again.
            let mut state = lock(&state);
            signals.loaded.notify_one();
            match loaded {
                Ok((loaded, review, adoption)) => {
                    *state = BenchState {
                        review: Some(review),
                        failure: None,
                        adoption,
                        ..state.kept()
                    };
                    Ok(loaded)
                }
                Err(Unloaded { lines, failure, origin }) => {
                    *state = BenchState {
                        review: None,
                        failure: Some(failure),
                        ..state.kept()
                    };
                    Err(LoadFailure { lines, origin })
                }
            }
        }
        .boxed()
    }

    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan> {
        let mut state = self.state();
        let review = state.review.as_mut()?;
        // What the server would refuse is not planned, and the screen keeps the plan that it has.
        review.mark(prune.clone()).ok()?;
        Some(review.plan().clone())
    }

    fn watch(&self, news: UnboundedSender<WatchNews>) -> BoxFuture<'static, ()> {
        // Nobody looks at the steps of a reading in the background.
        let (steps, _) = unbounded_channel();
        let follower = Follower {
            loader: self.loader(steps).caching(),
            folder: self.console.host.current_dir.clone(),
            folders: Arc::clone(&self.folders),
            state: Arc::clone(&self.state),
            signals: Arc::clone(&self.signals),
            every: self.every,
            news,
        };
        follower.run().boxed()
    }

    fn take_plan(&self, number: u64) -> bool {
        let taken = self.state().take(number);
        if !taken {
            self.signals.files.notify_one();
        }
        taken
    }

    fn read_server(&self) {
        self.signals.server.notify_one();
    }

    fn check(&self, request: &ApplyRequest) -> Option<Refusal> {
        let refused = self.state().review_of(request).and_then(PlanReview::check);
        refused.err().map(|failure| Refusal { lines: failure.lines() })
    }

    fn apply(
        &self,
        request: ApplyRequest,
        cancel: Cancel,
        events: UnboundedSender<Event>,
    ) -> BoxFuture<'static, Result<(), String>> {
        // Approved before the future exists, so that the lock is not held while the run writes.
        let approved = {
            let mut state = self.state();
            state.review_of(&request).and_then(|review| {
                // The confirmation of a protected target is typed on the screen, which does not let go without it.
                let confirmation = review.protected().map_or(Consent::Answered, |organization| {
                    Consent::TypedOrganization(organization.to_owned())
                });
                review.approve(&confirmation)
            })
        };
        let log = self.console.request_log();
        let (console, state) = (self.console.clone(), Arc::clone(&self.state));
        async move {
            // One entry for each run that the screen counts, also for one that does not begin.
            lock(&state).runs.push(None);
            let approved = approved.map_err(|failure| failure.message)?;
            let log = log.map_err(|failure| failure.message)?;
            let origin = origin(&console.host, approved.folder()).await;
            let begun = approved.begin(origin).map_err(|failure| sentence(&failure))?;
            if let Some(last) = lock(&state).runs.last_mut() {
                *last = begun.id().cloned();
            }
            let (sender, receiver) = unbounded_channel();
            relay(begun.carry_out(cancel, sender), receiver, |event| {
                if let Some(log) = &log {
                    log.event(&event);
                }
                console.event(&event);
                // A screen that has closed does not listen.
                let _ = events.send(event);
            })
            .await;
            Ok(())
        }
        .boxed()
    }

    fn export(&self, request: ExportRequest) -> BoxFuture<'static, Result<String, String>> {
        let plan = self.state().known().map(|review| review.plan().clone());
        let host = self.console.host.clone();
        async move {
            let plan = plan.map_err(|failure| sentence(&failure))?;
            let written = tokio::task::spawn_blocking(move || export(&host, plan, &request));
            written.await.unwrap_or_else(|error| Err(error.to_string()))
        }
        .boxed()
    }

    fn adopt(&self, request: AdoptRequest) -> BoxFuture<'static, Result<Adoption, String>> {
        let state = Arc::clone(&self.state);
        // The lock is held only while both sides are copied: the screen takes it for each mark.
        let source = match self.pull {
            Some(_) => Ok(None),
            None => lock(&state).desk_source(&request).map(Some),
        };
        async move {
            let source = source.map_err(|failure| sentence(&failure))?;
            let worked_out = tokio::task::spawn_blocking(move || work_out(&state, source, &request)).await;
            worked_out
                .map_err(|error| error.to_string())?
                .map_err(|failure| sentence(&failure))
        }
        .boxed()
    }

    fn write_adopted(&self, request: AdoptRequest) -> BoxFuture<'static, Result<String, String>> {
        let state = Arc::clone(&self.state);
        let adoption = {
            let mut state = lock(&state);
            // What the page has shown is written, or nothing.
            let is_shown = state.adopting.as_ref() == Some(&request);
            state.adoption.take().filter(|_| is_shown)
        };
        async move {
            let adoption = adoption.ok_or("the changes are not known any more; ask for them again")?;
            let files = adoption.changes().files.len();
            let written = tokio::task::spawn_blocking(move || adoption.write()).await;
            let written = written.map_err(|error| error.to_string())?;
            let mut state = lock(&state);
            state.wrote |= match &written {
                Ok(()) => files > 0,
                Err(failure) => failure.kind == FailureKind::Partial,
            };
            state.unwritten = written.as_ref().err().cloned();
            written.map_err(|failure| sentence(&failure))?;
            Ok(format!("wrote {}", plural(files, "file", "files")))
        }
        .boxed()
    }

    fn compare_secrets(&self, page: u64) -> BoxFuture<'static, Result<SecretComparison, String>> {
        let state = Arc::clone(&self.state);
        let source = lock(&state).known().map(PushSource::of);
        async move {
            let source = source.map_err(|failure| sentence(&failure))?;
            let (plan, restarts) = source.compare().await.map_err(|failure| sentence(&failure))?;
            let mut state = lock(&state);
            let checked = state.known().and_then(|review| review.check_replacing(restarts));
            let shown = ShownPush::new(page, &source, plan, checked.err());
            let comparison = shown.comparison();
            state.push = Some(shown);
            Ok(comparison)
        }
        .boxed()
    }

    fn push_secrets(&self, page: u64, replaces: bool) -> BoxFuture<'static, Result<String, String>> {
        let state = Arc::clone(&self.state);
        // What the page has shown is pushed, or nothing.
        let shown = lock(&state).push.take_if(|shown| shown.page == page);
        async move {
            let shown = shown.ok_or("the comparison is not known any more; ask for it again")?;
            let stored = shown.carry_out(replaces).await;
            let pushed = match &stored {
                Ok(_) => Pushed::Stored,
                Err(failure) if failure.kind == FailureKind::Partial => Pushed::Perhaps,
                Err(_) => Pushed::Nothing,
            };
            let mut state = lock(&state);
            state.pushed = state.pushed.max(pushed);
            stored.map_err(|failure| sentence(&failure))?
        }
        .boxed()
    }

    fn ignore(&self, request: IgnoreRequest) -> BoxFuture<'static, Result<Plan, String>> {
        let (state, host) = (Arc::clone(&self.state), self.console.host.clone());
        let write = move || {
            let wanted = Wanted {
                rows: request.rows,
                field: request.field,
                ignored_too: true,
            };
            let mut state = lock(&state);
            let review = state.known_mut()?;
            match request.because {
                Some(because) => review.ignore(&host, &wanted, &because.reason, because.until)?,
                None => review.unignore(&host, &wanted)?,
            }
            let plan = review.plan().clone();
            state.wrote = true;
            Ok(plan)
        };
        async move {
            let written = tokio::task::spawn_blocking(write).await;
            written
                .map_err(|error| error.to_string())?
                .map_err(|failure: Failure| sentence(&failure))
        }
        .boxed()
    }
}

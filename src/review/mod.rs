//! The review of a plan, without any face: load, plan, target, prune, select, check, approve.
//!
//! The screen, the plain questions, `--yes` and `demo` all go through a [`PlanReview`]. [`PlanReview::approve`] is the
//! only way to a [`PreparedRun`], and it asks every guard: no face can apply what another one would refuse. Knows no
//! stream and no key.

mod account;
mod approved;
mod deletion;
mod file_watch;
mod fingerprints;
mod guard;
mod ignore;
mod live;
mod new_project;
mod options;
mod owner;
mod prepared_run;
mod pull;
mod recording;
mod run_recorder;
mod saved_plan;
mod secret_memory;
mod seen;
mod server_names;
mod settle_runs;
mod target;
mod undo;
mod undo_request;
mod workspace;

pub use account::{
    ProjectHint, choose_account_here, choose_session, choose_session_here, client_of, find_account, find_account_here,
    oauth_client, owner_of, refresh_account, stored_files,
};
pub use file_watch::FileWatch;
pub use guard::{Consent, Guards};
pub use ignore::IgnoreFile;
pub use live::LiveBasis;
pub use new_project::{GITIGNORE, NewProject};
pub use options::{DataReading, ReviewOptions};
pub use prepared_run::{BegunRun, PreparedRun};
pub use pull::{PullOptions, PullReview, PullSource};
pub use recording::{Recording, RecordingError};
pub use saved_plan::{PlanChoices, SavedPlan, SavedPlanError};
pub use seen::SeenRows;
pub use settle_runs::SettledRun;
pub use undo_request::UndoRequest;
pub use workspace::{
    AttemptObserver, Connection, LoadObserver, RetryNotice, Workspace, connect, find_project, read_project,
    read_project_with,
};

use std::collections::BTreeSet;

use crate::config::Project;
use crate::failure::Failure;
use crate::plan::{Draft, Plan, Prune, Row, Selection, schedule};
use crate::resource::Address;
use crate::session::Session;
use prepared_run::ProjectFacts;
use settle_runs::settle_runs;

/// A plan, what of it is selected, and everything that it was made from.
pub struct PlanReview {
    workspace: Workspace,
    options: ReviewOptions,
    /// The organization's name, where the target is protected.
    protected: Option<String>,
    /// The rows that are marked for deletion, or whose drifted fields are.
    prune: BTreeSet<Address>,
    draft: Draft,
    /// The rows that the user selected, without those that they need.
    selected: BTreeSet<Address>,
    /// The earlier runs on this target that were killed.
    settled: Vec<SettledRun>,
}

impl PlanReview {
    /// Reads the server and plans, with everything selected that `--target` leaves.
    ///
    /// # Errors
    /// When the server cannot be read, would refuse a row, or `--target` names nothing.
    pub async fn load(
        project: Project,
        session: &Session,
        options: ReviewOptions,
        observer: &dyn LoadObserver,
    ) -> Result<Self, Failure> {
        deletion::check(&project, &options)?;
        let connection = connect(session, &options)?.observed(observer.attempts());
        if let Some(undo) = &options.undo {
            undo.check_target(&connection.target)?;
        }
        if let Some(saved) = &options.saved {
            target::check_same("the saved plan is for", saved.target(), &connection.target)?;
        }
        let workspace = Workspace::read(project, connection, &options, observer).await?;
        let Connection { client, target } = &workspace.connection;
        // On the heap: nearly every run finds nothing to settle.
        let settled = Box::pin(settle_runs(client, target, &options)).await;
        Ok(Self {
            settled,
            ..Self::of(workspace, session, options)?
        })
    }

    fn of(workspace: Workspace, session: &Session, options: ReviewOptions) -> Result<Self, Failure> {
        let mut prune = if options.prune {
            drifted(&workspace, &options)?
        } else {
            BTreeSet::new()
        };
        prune.extend(deletion::found(&workspace.remote, &options));
        let draft = plan(&workspace, &options, &prune)?;
        approved::remember(options.state_dir.as_deref(), &draft.plan);
        Ok(Self::with(workspace, session, options, prune, draft))
    }

    /// Creates the review of a draft, with everything selected.
    fn with(
        workspace: Workspace,
        session: &Session,
        options: ReviewOptions,
        prune: BTreeSet<Address>,
        draft: Draft,
    ) -> Self {
        let mut selected = Selection::everything(&draft.plan).all();
        if let (Some(undo), false) = (&workspace.undo, options.forces_undo()) {
            selected.retain(|address| !undo.conflicts.contains(address));
        }
        Self {
            protected: session.protected.then(|| session.organization.value.clone()),
            workspace,
            options,
            prune,
            draft,
            selected,
            settled: Vec::new(),
        }
    }

    /// Returns the earlier runs on this target that were killed, and what became of their writes.
    pub fn settled_runs(&self) -> &[SettledRun] {
        &self.settled
    }

    /// Returns the rows of an undo that are left alone, because somebody has changed them since.
    pub fn conflicts_left_out(&self) -> BTreeSet<Address> {
        let Some(undo) = &self.workspace.undo else {
            return BTreeSet::new();
        };
        let selection = self.selection();
        let is_left =
            |address: &&Address| self.plan().row(address).is_some_and(Row::writes) && !selection.contains(address);
        undo.conflicts.iter().filter(is_left).cloned().collect()
    }

    /// Returns the plan, as `--target` and the marks for deletion leave it.
    pub fn plan(&self) -> &Plan {
        &self.draft.plan
    }

    /// Returns what `--out` saves of the plan.
    pub fn saved(&self, now: jiff::Timestamp) -> SavedPlan {
        SavedPlan::new(self.plan(), self.options.choices(), &self.options.redactor, now)
    }

    /// Returns what was read of the files and of the server.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Returns the organization's name where it has to be typed before anything is applied, or `None` where it has not.
    pub fn protected(&self) -> Option<&str> {
        self.protected.as_deref()
    }

    /// Whether the plan has anything to write.
    pub fn writes(&self) -> bool {
        self.plan().rows.iter().any(Row::writes)
    }

    /// Returns the selected rows and those that they need.
    pub fn selection(&self) -> Selection {
        Selection::of(self.plan(), self.selected.iter().cloned())
    }

    /// Selects these rows and what they need, and nothing else.
    pub fn select(&mut self, rows: BTreeSet<Address>) {
        self.selected = rows;
    }

    /// Selects everything that writes.
    pub fn select_everything(&mut self) {
        self.selected = Selection::everything(self.plan()).all();
    }

    /// Leaves these rows out, unless a selected row needs them.
    pub fn leave_out(&mut self, rows: &BTreeSet<Address>) {
        self.selected.retain(|address| !rows.contains(address));
    }

    /// Returns the rows that are marked for deletion, or whose drifted fields are.
    pub fn marked(&self) -> &BTreeSet<Address> {
        &self.prune
    }

    /// Plans again from what was read, with exactly these rows, and these rows' drifted fields, marked for deletion.
    /// Rows that were not marked before are selected.
    ///
    /// # Errors
    /// What the server is known to refuse; the plan stays as it was.
    pub fn mark(&mut self, prune: BTreeSet<Address>) -> Result<(), Failure> {
        // Planned before anything is changed, so that a failure leaves marks and selection as they were.
        self.draft = plan(&self.workspace, &self.options, &prune)?;
        let added = prune.difference(&self.prune).cloned();
        self.selected.extend(added);
        self.prune = prune;
        Ok(())
    }

    /// Asks the guards about the rows that are selected now.
    ///
    /// # Errors
    /// Every guard that refuses: exit 4, or 5 where this is not the plan that was approved.
    pub fn check(&self) -> Result<(), Failure> {
        let checked = self.options.guards.check(self.plan(), &self.selection());
        let options = &self.options;
        checked.map_err(|refusal| {
            // A saved plan has no secrets, and is compared with one that has none either.
            let now = match options.saved {
                Some(_) => saved_plan::shown(self.plan(), &options.redactor),
                None => self.plan().clone(),
            };
            refusal.explained(options.state_dir.as_deref(), options.saved.as_deref(), &now)
        })
    }

    /// Asks the guards about platforms that restart because the secrets that they use are replaced.
    ///
    /// # Errors
    /// Every guard that refuses: exit 4.
    pub fn check_replacing(&self, platforms: usize) -> Result<(), Failure> {
        let reasons = self.options.guards.refused_restarts(platforms);
        if reasons.is_empty() {
            return Ok(());
        }
        let mut failure = Failure::refused("a guard refuses that values are replaced, because platforms use them")
            .hint("`lobuctl secrets push --rotate` replaces them without the guard");
        failure.causes = reasons;
        Err(failure)
    }

    /// Approves what is selected: the guards are asked once more, and a protected target wants its own confirmation.
    ///
    /// # Errors
    /// As [`PlanReview::check`], and exit 4 where the confirmation is not enough.
    pub fn approve(&self, confirmation: &Consent) -> Result<PreparedRun, Failure> {
        // Selection and plan may have changed since a face has asked (semantics, "Guards").
        self.check()?;
        if let Some(organization) = &self.protected {
            confirmation.suffices(organization, &self.options.guards, self.plan())?;
        }
        Ok(PreparedRun {
            schedule: schedule(&self.draft, &self.selection()),
            target: self.workspace.connection.target.clone(),
            client: self.workspace.connection.client.clone(),
            plan: self.plan().id.clone(),
            options: self.options.clone(),
            project: ProjectFacts::of(&self.workspace.project),
        })
    }
}

fn plan(workspace: &Workspace, options: &ReviewOptions, prune: &BTreeSet<Address>) -> Result<Draft, Failure> {
    // The files may have changed since the server was read.
    deletion::check(&workspace.project, options)?;
    let mut draft = workspace.plan(Prune::Only(prune.clone()), options)?;
    draft
        .plan
        .warnings
        .extend(deletion::missing(&workspace.remote, options));
    target::restrict(draft, &options.targets)
}

/// Returns every row that only the server has, or of which it has fields that the files do not mention, without what
/// `lobuctl.toml` ignores: what `--prune` marks, so that it is confirmed like the marks of a user.
fn drifted(workspace: &Workspace, options: &ReviewOptions) -> Result<BTreeSet<Address>, Failure> {
    let plan = target::restrict(workspace.plan(Prune::Nothing, options)?, &options.targets)?.plan;
    let drifted = plan
        .rows
        .into_iter()
        // A mark clears every drifted field of its row, so a row with an ignored one is left alone.
        .filter(|row| {
            row.has_drift() && !row.has_ignored_drift() && !has_ignored_parts(workspace, options, &row.address)
        });
    Ok(drifted.map(|row| row.address.clone()).collect())
}

/// Whether `lobuctl.toml` ignores settings or platforms of this agent, which have no rows of their own while the files do not
/// declare it, and would be deleted with it.
fn has_ignored_parts(workspace: &Workspace, options: &ReviewOptions, address: &Address) -> bool {
    let Address::Agent { id } = address else { return false };
    let mut entries = workspace.project.ignores.iter();
    !workspace.project.desired.agents.contains_key(&**id)
        && entries.any(|entry| !entry.has_ended(options.today) && entry.pattern.may_cover_parts_of(id))
}

//! The options of a review, from the command line. They do not change while a plan is looked at.

use std::path::PathBuf;
use std::sync::Arc;

use super::guard::Guards;
use super::saved_plan::{PlanChoices, SavedPlan};
use super::secret_memory::SecretMemory;
use super::undo_request::UndoRequest;
use crate::apply::ApplyOptions;
use jiff::civil::Date;

use crate::cli::{ApplyArgs, Common, PlanArgs};
use crate::config;
use crate::host::Host;
use crate::journal::UndoDraft;
use crate::plan::Target;
use crate::redact::Redactor;
use crate::remote::Clock;
use crate::resource::{Secret, State};
use crate::session::Flags;

/// Which entities and relationships are read and planned. Those of `--delete` always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataReading {
    /// Those that the files declare.
    Declared,
    /// None: those of the files are left out.
    Nothing,
    /// Those that the files declare, and of the others those that the targets cover.
    Targeted,
}

/// Everything that decides which plan is made, and how it is carried out.
#[derive(Debug, Clone)]
pub struct ReviewOptions {
    /// The project's `lobu.toml`; `None` to look for it from the current folder upwards.
    pub config: Option<PathBuf>,
    /// The files of `--env-file`; the first one that has a name wins.
    pub env_files: Vec<PathBuf>,
    /// Whether the project may read files outside its folder.
    pub allow_outside: bool,
    /// Which secrets must have a value.
    pub secrets_check: config::SecretsCheck,
    /// Who has the values of secrets.
    pub secrets_from: config::SecretsFrom,
    /// Which half of the organization is planned.
    pub only: config::Only,
    /// The flags that choose the server and the organization.
    pub flags: Flags,
    /// The maximum number of requests in flight.
    pub parallelism: usize,
    /// Whether hidden secrets are sent again.
    pub recheck: bool,
    /// The patterns of `--target`; empty for the whole plan.
    pub targets: Vec<String>,
    /// Whether everything that only the server has is deleted.
    pub prune: bool,
    /// The addresses of `--delete`: entities and relationships that no file declares.
    pub deletes: Vec<String>,
    /// Whether something that only the server has may be deleted: with `--prune`, or by a mark in the review.
    pub may_delete: bool,
    /// Whether what only the server has may be brought into the files, so that all of it is read.
    pub adopts: bool,
    /// Which entities and relationships are read.
    pub data: DataReading,
    /// The conditions under which nothing is applied.
    pub guards: Guards,
    /// How rows are carried out.
    pub apply: ApplyOptions,
    /// The run that is taken back; `None` where files are applied.
    pub undo: Option<Arc<UndoRequest>>,
    /// The saved plan that is applied: this one, or nothing. `None` where any plan may be.
    pub saved: Option<Arc<SavedPlan>>,
    /// Whether a run keeps a journal.
    pub keeps_journal: bool,
    /// The folder of the local state; `None` where there is no home folder.
    pub state_dir: Option<PathBuf>,
    /// The key of the fingerprints of sent secrets; `None` for the one that is kept in the local state.
    pub fingerprint_key: Option<Secret>,
    /// Strikes secrets out of the errors of requests.
    pub redactor: Redactor,
    /// The day on which it is decided which drift is still ignored, in UTC: the same one for everybody
    /// who has the files.
    pub today: Date,
}

impl ReviewOptions {
    /// Reads the options of `plan` and `apply`.
    pub fn new(host: &Host, common: &Common, arguments: &ApplyArgs) -> Self {
        let plan = &arguments.plan;
        Self {
            config: common.config.as_ref().map(|path| host.absolute(path)),
            env_files: common.env_file.iter().map(|path| host.absolute(path)).collect(),
            allow_outside: common.allow_outside,
            secrets_check: plan.secrets_check,
            secrets_from: plan.secrets,
            only: plan.only,
            flags: session_flags(common, arguments.writing.protect),
            parallelism: usize::from(plan.parallelism),
            recheck: !plan.no_recheck,
            targets: plan.target.clone(),
            prune: plan.prune,
            deletes: plan.delete.clone(),
            // Without a question there is no mark: then only `--prune` deletes.
            may_delete: plan.prune || !(arguments.writing.yes || arguments.writing.dry_run),
            adopts: false,
            data: DataReading::Declared,
            guards: Guards::new(&plan.guards),
            apply: apply_options(arguments),
            undo: None,
            saved: None,
            keeps_journal: !arguments.writing.no_journal,
            state_dir: host.state_dir(),
            fingerprint_key: fingerprint_key(host),
            redactor: host.redactor.clone(),
            today: host.today(),
        }
    }

    /// Returns what of the options decides which plan is made.
    pub(super) fn choices(&self) -> PlanChoices {
        PlanChoices {
            only: self.only,
            targets: self.targets.clone(),
            prune: self.prune,
            deletes: self.deletes.clone(),
            recheck: self.recheck,
            secrets: self.secrets_from,
        }
    }

    /// Returns the options with which a saved plan is made again, and nothing else than it is applied.
    #[must_use]
    pub fn applying(self, saved: SavedPlan) -> Self {
        let choices = saved.choices.clone();
        Self {
            only: choices.only,
            targets: choices.targets,
            prune: choices.prune,
            deletes: choices.deletes,
            // A mark would make another plan of it.
            may_delete: choices.prune,
            recheck: choices.recheck,
            secrets_from: choices.secrets,
            guards: self.guards.with_plan_id(&saved.plan.id),
            saved: Some(Arc::new(saved)),
            ..self
        }
    }

    /// Returns these options on another day: a review that stays open may be looked at after midnight.
    #[must_use]
    pub fn on(&self, today: Date) -> Self {
        Self { today, ..self.clone() }
    }

    /// Returns the last day on which drift is ignored when no other is given.
    pub fn default_ignore_end(&self) -> Date {
        self.today.saturating_add(jiff::Span::new().days(IGNORED_DAYS))
    }

    /// Returns the options of a command that reads the project and perhaps the server, and applies nothing.
    pub fn reading(host: &Host, common: &Common) -> Self {
        Self::new(host, common, &ApplyArgs::default())
    }

    /// Returns what takes the run back on a server that has this state. `None` where files are applied.
    pub(super) fn undo_draft(&self, remote: &State) -> Option<UndoDraft> {
        let request = self.undo.as_ref()?;
        Some(UndoDraft::of(&request.run, remote))
    }

    /// Returns what is known of the secrets that were sent from here to a target.
    pub(super) fn sent_secrets(&self, target: &Target) -> Option<SecretMemory> {
        SecretMemory::look_up(self.state_dir.as_deref(), self.fingerprint_key.as_ref(), target)
    }

    /// Returns the memory to which a run adds the secrets that it sends.
    pub(super) fn secret_memory(&self, target: &Target) -> Option<SecretMemory> {
        SecretMemory::keep_in(self.state_dir.as_deref(), self.fingerprint_key.as_ref(), target)
    }

    /// Whether an undo also puts back what somebody has changed since.
    pub(super) fn forces_undo(&self) -> bool {
        self.undo.as_ref().is_some_and(|request| request.force)
    }
}

/// The variable with the key of fingerprints, for machines that live as long as one job.
const FINGERPRINT_KEY: &str = "LOBUCTL_FINGERPRINT_KEY";

fn fingerprint_key(host: &Host) -> Option<Secret> {
    let key = host.environment.get(FINGERPRINT_KEY).filter(|key| !key.is_empty());
    let key = key.map(Secret::new);
    host.redactor.add(&key);
    key
}

/// The number of days for which drift is ignored when no day is given.
const IGNORED_DAYS: i64 = 90;

fn apply_options(arguments: &ApplyArgs) -> ApplyOptions {
    let PlanArgs { parallelism, .. } = arguments.plan;
    ApplyOptions {
        parallelism: usize::from(parallelism),
        keep_going: arguments.writing.keep_going,
        on_stale: arguments.on_stale,
        clock: Clock::system(),
    }
}

/// Returns the flags that choose the server and the organization.
fn session_flags(common: &Common, protect: bool) -> Flags {
    Flags {
        url: common.url.clone(),
        org: common.org.clone(),
        context: common.context.clone(),
        insecure_http: common.insecure_http,
        protect,
    }
}

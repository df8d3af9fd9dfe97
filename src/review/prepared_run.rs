//! An approved plan on its way to the server: first its journal, then its writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::sync::mpsc::UnboundedSender;

use super::options::ReviewOptions;
use super::run_recorder::{RunRecorder, SecretRecorder};
use crate::apply::Cancel;
use crate::apply::event::Event;
use crate::apply::{Observers, apply};
use crate::config::Project;
use crate::failure::Failure;
use crate::journal::{JournalFolder, JournalRecorder, RunHead, RunId, RunOrigin, VERSION};
use crate::plan::{PlanId, Schedule, Target, hexadecimal};
use crate::remote::Client;

/// An approved plan, ready to be carried out. Owns all it needs, so that a task of its own can run it.
pub struct PreparedRun {
    pub(super) schedule: Schedule,
    pub(super) target: Target,
    pub(super) plan: PlanId,
    pub(super) client: Client,
    pub(super) options: ReviewOptions,
    pub(super) project: ProjectFacts,
}

/// What a journal keeps of the project.
pub(super) struct ProjectFacts {
    root: PathBuf,
    file: PathBuf,
    files: BTreeSet<PathBuf>,
}

impl ProjectFacts {
    pub(super) fn of(project: &Project) -> Self {
        Self {
            root: project.root.clone(),
            file: project.file.clone(),
            files: project.files.clone(),
        }
    }

    /// Returns a digest of the names and texts of the files. `None` where there are none.
    fn digest(&self) -> Option<String> {
        if self.files.is_empty() {
            return None;
        }
        let mut digest = Sha256::new();
        for path in &self.files {
            // A file that has gone meanwhile counts as an empty one: another digest is all that it has to give.
            let text = fs::read(path).unwrap_or_default();
            let name = path.strip_prefix(&self.root).unwrap_or(path);
            for part in [name.as_os_str().as_encoded_bytes(), &text] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        Some(hexadecimal(&digest.finalize()))
    }
}

impl PreparedRun {
    /// Returns the folder of the project.
    pub fn folder(&self) -> &Path {
        &self.project.root
    }

    /// Begins the run with its journal. Nothing is sent yet.
    ///
    /// # Errors
    /// When the journal cannot be written. The run must not go on then.
    pub fn begin(self, origin: RunOrigin) -> Result<BegunRun, Failure> {
        if !self.options.keeps_journal {
            return Ok(BegunRun {
                run: self,
                journal: None,
            });
        }
        let Some(state_dir) = &self.options.state_dir else {
            let message = "there is no folder for the journal of this run; nothing was written";
            return Err(Failure::failed(message)
                .hint("set `XDG_STATE_HOME` or `HOME`")
                .hint(WITHOUT_JOURNAL));
        };
        let head = self.head(origin);
        let (id, began_ms) = (head.id.clone(), head.began_ms);
        let file = JournalFolder::below(state_dir).begin(head).map_err(|error| {
            Failure::failed("the journal of this run cannot be written; nothing was written to the server")
                .because(&error)
                .hint(WITHOUT_JOURNAL)
        })?;
        let recorder = JournalRecorder::new(file, self.options.redactor.clone(), began_ms);
        Ok(BegunRun {
            run: self,
            journal: Some((id, recorder)),
        })
    }

    fn head(&self, origin: RunOrigin) -> RunHead {
        let began_ms = self.options.apply.clock.now_ms();
        let began = jiff::Timestamp::from_millisecond(i64::try_from(began_ms).unwrap_or_default());
        let file = Some(self.project.file.display().to_string()).filter(|file| !file.is_empty());
        RunHead {
            version: VERSION,
            id: RunId::new(began.unwrap_or_default()),
            began_ms,
            lobuctl: env!("CARGO_PKG_VERSION").to_owned(),
            origin: RunOrigin { file, ..origin },
            target: self.target.clone(),
            plan: self.plan.clone(),
            config: self.project.digest(),
            undoes: self.options.undo.as_ref().map(|request| request.run.head.id.clone()),
            rows: self.schedule.steps.len(),
        }
    }
}

const WITHOUT_JOURNAL: &str = "`--no-journal` applies without a journal: such a run cannot be taken back";

/// A run whose journal has begun.
pub struct BegunRun {
    run: PreparedRun,
    journal: Option<(RunId, JournalRecorder)>,
}

impl BegunRun {
    /// Returns the id of the run. `None` where it has no journal.
    pub fn id(&self) -> Option<&RunId> {
        self.journal.as_ref().map(|(id, _)| id)
    }

    /// Writes the selected rows. Returns when the last request has ended; what happens arrives as events.
    pub async fn carry_out(self, cancel: Cancel, events: UnboundedSender<Event>) {
        let recorder = RunRecorder {
            journal: self.journal.map(|(_, recorder)| recorder),
            secrets: self
                .run
                .options
                .secret_memory(&self.run.target)
                .map(SecretRecorder::new),
        };
        let observers = Observers {
            events,
            recorder: recorder.shared(),
        };
        let PreparedRun {
            schedule,
            target,
            client,
            options,
            ..
        } = self.run;
        apply(schedule, target, &client, options.apply, cancel, observers).await;
    }
}

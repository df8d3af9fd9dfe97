//! Loading a plan for the screen: the steps that it shows meanwhile, and the lines of what went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use tokio::sync::mpsc::UnboundedSender;

use super::state::lock;
use crate::command::console::Console;
use crate::command::log::RequestLog;
use crate::config::{Diagnostic, LoadCache, LoadedProject, Project, SecretSummary};
use crate::failure::Failure;
use crate::remote::ReadProgress;
use crate::report::diagnostics::{DiagnosticStyle, render};
use crate::resource::Origin;
use crate::review::{
    AttemptObserver, FileWatch, LoadObserver, PlanReview, ProjectHint, PullOptions, PullReview, RetryNotice,
    ReviewOptions, SeenRows, SettledRun, choose_session, read_project_with,
};
use crate::session::Session;
use crate::show::pull::difference_lines;
use crate::show::secret::source_text;
use crate::show::undo::settled_text;
use crate::show::{Line, Role};
use crate::tui::{LoadRequest, LoadStep, LoadedPlan, LookedRows, PullFacts, SecretUsage, Title};

/// Why there is no plan: what the screen shows, and what is printed when it is left.
pub(super) struct Unloaded {
    pub(super) lines: Vec<Line>,
    pub(super) failure: Failure,
    /// Where the first problem of the files is.
    pub(super) origin: Option<Origin>,
}

impl From<Failure> for Unloaded {
    fn from(failure: Failure) -> Self {
        Self {
            lines: failure.lines(),
            failure,
            origin: None,
        }
    }
}

/// Files that could be read, without the project itself.
pub(super) struct OpenedProject {
    /// The server that they are compared with.
    pub(super) session: Session,
    /// When reading them began.
    start: jiff::Timestamp,
    secrets: Vec<SecretUsage>,
    title: Title,
    /// The warnings of the files and of the session.
    warnings: Vec<Line>,
}

/// The folders that were looked into when the files were read last.
pub(super) type ReadFolders = Arc<Mutex<Arc<BTreeSet<PathBuf>>>>;

pub(super) struct PlanLoader {
    console: Console,
    options: ReviewOptions,
    folders: ReadFolders,
    /// What earlier loads have read. `None` in a loader that reads everything each time.
    cache: Option<Arc<Mutex<LoadCache>>>,
    steps: UnboundedSender<LoadStep>,
}

impl PlanLoader {
    /// Creates a loader that reports its steps.
    pub(super) fn new(
        console: Console,
        options: ReviewOptions,
        folders: ReadFolders,
        steps: UnboundedSender<LoadStep>,
    ) -> Self {
        Self {
            console,
            options,
            folders,
            cache: None,
            steps,
        }
    }

    /// Returns this loader with a cache of the files. Call [`Self::forget_changed`] before each load.
    pub(super) fn caching(self) -> Self {
        Self {
            cache: Some(Arc::default()),
            ..self
        }
    }

    /// Drops from the cache what may have changed, so that the next load reads it.
    pub(super) fn forget_changed(&self, files: &mut FileWatch) {
        if let Some(cache) = &self.cache {
            files.forget_changed(&mut lock(cache));
        }
    }

    /// Returns the current day: the review may have been opened on an earlier one.
    pub(super) fn today(&self) -> Date {
        self.console.host.today()
    }

    /// Reads files and server, and plans.
    pub(super) async fn load(&self, request: &LoadRequest) -> Result<(LoadedPlan, PlanReview), Unloaded> {
        let (project, opened) = self.open().await?;
        let mut review = self.read_server(&opened.session, project).await?;
        if let Some(prune) = &request.prune {
            review.mark(prune.clone())?;
        }
        let looked = SeenRows::read(self.options.state_dir.as_deref(), &review.plan().target);
        let (seen, fresh) = looked.map(|looked| looked.compare(review.plan())).unwrap_or_default();
        let loaded = LoadedPlan {
            looked: LookedRows {
                seen,
                fresh,
                ..LookedRows::default()
            },
            ..self.loaded(&review, opened)
        };
        Ok((loaded, review))
    }

    /// Reads the files, and chooses the server that they are compared with.
    pub(super) async fn open(&self) -> Result<(Project, OpenedProject), Unloaded> {
        let start = self.console.host.now();
        let mut read = self.read_project().await?;
        let (diagnostics, organization) = (self.diagnostic_lines(&read), read.org.clone());
        *lock(&self.folders) = Arc::new(std::mem::take(&mut read.folders));
        let Some(project) = read.project else {
            return Err(Unloaded {
                origin: read.diagnostics.iter().find_map(origin),
                failure: Self::configuration_failure(&diagnostics),
                lines: diagnostics,
            });
        };
        let hint = ProjectHint {
            organization: organization.as_deref(),
            root: Some(&project.root),
        };
        let session = choose_session(&self.console.host, &self.options.flags, hint).await?;
        let warnings = session.warnings.iter().map(|it| Line::at(0).push(Role::Warning, it));
        let opened = OpenedProject {
            start,
            secrets: project.secrets.iter().map(secret_row).collect(),
            title: self.title(&session, &project.file),
            warnings: diagnostics.into_iter().chain(warnings).collect(),
            session,
        };
        Ok((project, opened))
    }

    /// Returns what the screen shows of a review.
    pub(super) fn loaded(&self, review: &PlanReview, opened: OpenedProject) -> LoadedPlan {
        let took = self.console.host.now().duration_since(opened.start).as_millis();
        let settled = review.settled_runs().iter().flat_map(settled_lines);
        LoadedPlan {
            plan: review.plan().clone(),
            marked: review.marked().clone(),
            left_out: review.conflicts_left_out(),
            secrets: opened.secrets,
            warnings: settled.chain(opened.warnings).collect(),
            title: opened.title,
            protected: opened.session.protected,
            took_ms: u64::try_from(took).unwrap_or(0),
            today: self.today(),
            ignore_until: self.options.on(self.today()).default_ignore_end(),
            looked: LookedRows::default(),
            pull: None,
            recorded: None,
        }
    }

    /// Turns a plan into the one of a pull, with the differences of the files.
    pub(super) async fn pull(
        &self,
        loaded: LoadedPlan,
        review: PlanReview,
        options: PullOptions,
    ) -> Result<(LoadedPlan, PlanReview, Option<PullReview>), Unloaded> {
        const WHAT: &str = "work out the changes to the files";
        self.send(LoadStep::began(WHAT));
        let root = &review.workspace().project.root;
        let folder = root
            .strip_prefix(&self.console.host.current_dir)
            .unwrap_or(root)
            .to_owned();
        let source = review.whole_pull(&options)?;
        let worked_out = tokio::task::spawn_blocking(move || source.work_out()).await;
        let pull =
            worked_out.map_err(|error| Failure::failed("the pull could not be worked out").because(&error))??;
        self.send(LoadStep::done(WHAT, ""));
        let files = pull.changes().files.iter();
        let files = files.map(|change| (folder.join(&change.path), difference_lines(change)));
        let loaded = LoadedPlan {
            plan: pull.plan(&folder),
            pull: Some(PullFacts { files: files.collect() }),
            ..loaded
        };
        Ok((loaded, review, Some(pull)))
    }

    fn send(&self, step: LoadStep) {
        // A screen that has closed does not listen.
        let _ = self.steps.send(step);
    }

    /// Returns the configuration's problems as a failure, to be printed when the screen has closed.
    fn configuration_failure(diagnostics: &[Line]) -> Failure {
        let mut failure = Failure::invalid("the configuration has errors; nothing was read from the server or written");
        failure.causes = vec![diagnostics.iter().map(Line::text).collect::<Vec<_>>().join("\n")];
        failure
    }

    async fn read_project(&self) -> Result<LoadedProject, Failure> {
        let what = match self.options.undo {
            Some(_) => "read the journal of the run",
            None => "read lobu.toml, agents and models",
        };
        self.send(LoadStep::began(what));
        let (host, options) = (self.console.host.clone(), self.options.clone());
        let cache = self.cache.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut cache = cache.as_deref().map(lock);
            read_project_with(&host, &options, cache.as_deref_mut())
        });
        let read = read
            .await
            .map_err(|error| Failure::failed("the project could not be read").because(&error))?;
        match &read {
            Ok(loaded) if loaded.project.is_some() => self.send(LoadStep::done(what, "")),
            _ => self.send(LoadStep::failed(what, "")),
        }
        read
    }

    /// Reads the server, and plans.
    pub(super) async fn read_server(&self, session: &Session, project: Project) -> Result<PlanReview, Failure> {
        // The log file is opened first: an apply that cannot be logged as asked does not begin.
        let observer = ScreenObserver {
            log: self.console.request_log()?,
            steps: self.steps.clone(),
            kinds: Mutex::default(),
        };
        let what = format!("read {}", session.url.value);
        self.send(LoadStep::began(&what));
        let review = PlanReview::load(project, session, self.options.on(self.today()), &observer).await;
        self.send(match &review {
            Ok(_) => LoadStep::done(&what, ""),
            Err(_) => LoadStep::failed(&what, ""),
        });
        review
    }

    fn title(&self, session: &Session, file: &std::path::Path) -> Title {
        let shown = file.strip_prefix(&self.console.host.current_dir).unwrap_or(file);
        Title {
            config: match &self.options.undo {
                Some(undo) => format!("undo of {}", undo.run.head.id),
                None => shown.display().to_string(),
            },
            organization: session.organization.value.clone(),
            host: session.url.value.host(),
            context: session.context.clone(),
            targets: self.options.targets.clone(),
        }
    }

    fn diagnostic_lines(&self, loaded: &LoadedProject) -> Vec<Line> {
        if loaded.diagnostics.is_empty() {
            return Vec::new();
        }
        let width = self.console.host.size.map_or(100, |size| usize::from(size.columns));
        let style = DiagnosticStyle {
            color: false,
            unicode: false,
            width,
        };
        render(&loaded.diagnostics, &loaded.sources, style)
            .lines()
            .map(|line| Line::at(0).plain(line))
            .collect()
    }
}

/// Turns what happens while loading into steps on the screen, and logs requests.
struct ScreenObserver {
    log: Option<RequestLog>,
    steps: UnboundedSender<LoadStep>,
    kinds: Mutex<BTreeMap<String, usize>>,
}

impl LoadObserver for ScreenObserver {
    /// Sends one step for each kind of resource, with the number of reads so far.
    fn reading(&self, reading: &ReadProgress) {
        // `settings of triage` and `settings of billing` are the same step; a step for each would fill the screen.
        let kind = reading.what.split(" of ").next().unwrap_or_default().to_owned();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let count = kinds.entry(kind.clone()).or_default();
        *count += 1;
        // A screen that has closed does not listen.
        let _ = self.steps.send(LoadStep::done(kind, format!("{count} read")));
    }

    fn attempts(&self) -> AttemptObserver {
        let (steps, log, notice) = (self.steps.clone(), self.log.clone(), RetryNotice::default());
        Box::new(move |attempt| {
            if let Some(log) = &log {
                log.attempt(attempt);
            }
            if let Some(message) = notice.message(attempt) {
                // The name is always the same, so that a later attempt replaces the message.
                let _ = steps.send(LoadStep::failed("waiting for the server", message));
            }
        })
    }
}

fn origin(diagnostic: &Diagnostic) -> Option<Origin> {
    Some(Origin {
        file: diagnostic.file.clone()?.into(),
        line: diagnostic.line.unwrap_or(1),
    })
}

/// Returns what became of an earlier run that was killed.
fn settled_lines(run: &SettledRun) -> Vec<Line> {
    let text = settled_text(run.id.as_str(), run.was_killed, &run.rows);
    text.lines().map(|line| Line::at(0).push(Role::Warning, line)).collect()
}

fn secret_row(secret: &SecretSummary) -> SecretUsage {
    let source = secret.source.as_ref().map(source_text);
    let location = |(origin, what): &(Origin, String)| format!("{}:{} {what}", origin.file.display(), origin.line);
    SecretUsage {
        name: secret.name.clone(),
        source,
        uses: secret.uses.iter().map(location).collect(),
        sent: secret.sent,
    }
}

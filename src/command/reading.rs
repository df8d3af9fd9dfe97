//! What `plan`, `apply` and `pull` do before there is a plan: the project, the session, and progress while the server is read.

use super::console::Console;
use super::log::RequestLog;
use super::signal::Interrupt;
use super::status::StatusStep;
use crate::config::{LoadedProject, Project};
use crate::failure::Failure;
use crate::remote::ReadProgress;
use crate::review::{
    AttemptObserver, LoadObserver, ProjectHint, RetryNotice, ReviewOptions, choose_session, read_project,
};
use crate::session::Session;

/// Reads the project beside the program's own thread: a signal ends the command however much there is to read and check.
///
/// # Errors
/// When there is no `lobu.toml`, or a signal stopped it.
pub(super) async fn read_files(
    console: &Console,
    options: &ReviewOptions,
    interrupt: &Interrupt,
) -> Result<LoadedProject, Failure> {
    let (host, options) = (console.host.clone(), options.clone());
    let reading = tokio::task::spawn_blocking(move || read_project(&host, &options));
    let read = async {
        let broken = |error: tokio::task::JoinError| Failure::failed("the project was not read").because(&error);
        reading.await.map_err(broken)?
    };
    interrupt.or(read).await
}

/// A project without errors.
pub(super) struct UsableProject {
    /// The project.
    pub(super) project: Project,
    /// The organization that its files name.
    organization: Option<String>,
}

impl UsableProject {
    /// Prints every problem of a project.
    ///
    /// # Errors
    /// When the project has errors.
    pub(super) fn check(console: &Console, loaded: LoadedProject) -> Result<Self, Failure> {
        console.diagnostics(&loaded.diagnostics, &loaded.sources);
        match loaded.project {
            Some(project) => Ok(Self {
                project,
                organization: loaded.org,
            }),
            None => Err(Failure::invalid(
                "the configuration has errors; nothing was read from the server or written",
            )),
        }
    }

    /// Chooses server, organization and token, and prints what is doubtful about them.
    ///
    /// # Errors
    /// When one of them is not known.
    pub(super) async fn session(&self, console: &Console, options: &ReviewOptions) -> Result<Session, Failure> {
        let hint = ProjectHint {
            organization: self.organization.as_deref(),
            root: Some(&self.project.root),
        };
        let session = choose_session(&console.host, &options.flags, hint).await?;
        session.warnings.iter().for_each(|warning| console.warning(warning));
        Ok(session)
    }
}

/// Logs requests, and reports on standard error how far the reading is and that the server is waited for.
pub(super) struct ConsoleObserver<'a> {
    console: &'a Console,
    log: Option<RequestLog>,
    step: StatusStep,
}

impl<'a> ConsoleObserver<'a> {
    /// Begins to report. The log file is opened first: a run that cannot be logged as asked does not begin.
    ///
    /// # Errors
    /// When the log file cannot be opened.
    pub(super) fn begin(console: &'a Console) -> Result<Self, Failure> {
        Ok(Self {
            log: console.request_log()?,
            console,
            step: console.status.begin("reading"),
        })
    }
}

impl LoadObserver for ConsoleObserver<'_> {
    fn reading(&self, reading: &ReadProgress) {
        self.step.set(reading.done, reading.total);
    }

    fn attempts(&self) -> AttemptObserver {
        let (console, log, notice) = (self.console.clone(), self.log.clone(), RetryNotice::default());
        Box::new(move |attempt| {
            if let Some(log) = &log {
                log.attempt(attempt);
            }
            if let Some(message) = notice.message(attempt) {
                console.progress(&format!("waiting for the server: {message}"));
            }
        })
    }
}

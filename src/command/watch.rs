//! `lobuctl watch`: the review that follows files and server, or one plan for each change where there is no screen.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::apply::{plan_view, show_plan};
use super::console::Console;
use super::reading::ConsoleObserver;
use super::screen;
use super::signal::Interrupt;
use crate::cli::{Common, Format, WatchArgs};
use crate::config::{Diagnostic, LoadCache, LoadedProject, Sources};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::review::{FileWatch, PlanReview, ProjectHint, ReviewOptions, choose_session, read_project_with};
use crate::show::watch::{BROKEN, planned_again_later_text};

/// Shows a plan for each change of files or server.
///
/// # Errors
/// What ends the review. Without a screen: a signal, or files, server or token that are not known at the start.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &WatchArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let options = ReviewOptions::new(&console.host, common, &arguments.apply());
    let every = Duration::from_secs(u64::from(arguments.every));
    if console.format == Format::Text && console.host.can_draw() && !arguments.once_clean {
        return screen::run_watching(console, options, every, interrupt).await;
    }
    let follower = PlanPrinter {
        console,
        arguments,
        options,
        every,
    };
    interrupt.or(Box::pin(follower.run())).await
}

/// Prints one plan for each change.
struct PlanPrinter<'a> {
    console: &'a Console,
    arguments: &'a WatchArgs,
    options: ReviewOptions,
    every: Duration,
}

/// What was planned and printed last.
#[derive(Default)]
struct Printed {
    /// The plan that the next one is made from; `None` until the server could be read.
    review: Option<PlanReview>,
    plan: Option<Plan>,
    /// Why there is no newer plan. It is printed once, not at every attempt.
    trouble: Option<String>,
    /// What was said to be doubtful about files and session. It is printed again when something is new.
    warnings: BTreeSet<String>,
    /// What has been read of the files.
    cache: LoadCache,
}

impl PlanPrinter<'_> {
    async fn run(&self) -> Result<Exit, Failure> {
        let mut files = FileWatch::new();
        let mut printed = Printed::default();
        let mut reads_server = true;
        let mut next_reading = Instant::now() + self.every;
        loop {
            let folders = self.step(&mut printed, reads_server).await?;
            if self.is_done(&printed) {
                return Ok(Exit::Done);
            }
            if reads_server {
                next_reading = Instant::now() + self.every;
            }
            reads_server = false;
            // Nothing reports what happened in a folder before it was watched.
            let is_new = files.watch(folders);
            files.forget_changed(&mut printed.cache);
            if is_new {
                continue;
            }
            if let Some(trouble) = files.trouble() {
                self.console.warning(&trouble);
            }
            tokio::select! {
                () = files.changed() => files.forget_changed(&mut printed.cache),
                () = tokio::time::sleep_until(next_reading) => reads_server = true,
            }
        }
    }

    fn is_done(&self, printed: &Printed) -> bool {
        let is_clean = printed.review.as_ref().is_some_and(|review| !review.writes());
        self.arguments.once_clean && printed.trouble.is_none() && is_clean
    }

    /// Reads the files, and the server where it is time to, and prints the plan if it is another one. Returns the folders of
    /// the files.
    async fn step(&self, printed: &mut Printed, reads_server: bool) -> Result<Arc<BTreeSet<PathBuf>>, Failure> {
        let mut read = read_project_with(&self.console.host, &self.options, Some(&mut printed.cache))?;
        let folders = Arc::new(std::mem::take(&mut read.folders));
        match self.plan(printed, read, reads_server).await {
            Ok(Some(review)) => {
                if printed.trouble.take().is_some() {
                    // Whoever read of the trouble has to read of its end too.
                    printed.plan = None;
                }
                self.print(printed, &review)?;
                printed.review = Some(review);
            }
            Ok(None) => self.report(printed, BROKEN.to_owned()),
            // At the start nothing says that the command line is right.
            Err(failure) if printed.review.is_none() => return Err(failure),
            Err(failure) => self.report(printed, planned_again_later_text(&failure.message, &failure.causes)),
        }
        Ok(folders)
    }

    /// Plans the files. Returns `None` where they have errors, which were printed.
    async fn plan(
        &self,
        printed: &mut Printed,
        read: LoadedProject,
        reads_server: bool,
    ) -> Result<Option<PlanReview>, Failure> {
        let Some(project) = read.project else {
            self.console.diagnostics(&read.diagnostics, &read.sources);
            return Ok(None);
        };
        let hint = ProjectHint {
            organization: read.org.as_deref(),
            root: Some(&project.root),
        };
        let session = choose_session(&self.console.host, &self.options.flags, hint).await?;
        self.warn(printed, (&read.diagnostics, &read.sources), &session.warnings);
        let basis = printed.review.as_ref().map(PlanReview::basis);
        let basis = basis.filter(|basis| !reads_server && basis.suits(&project, &session));
        if let Some(basis) = basis {
            return basis.on(self.console.host.today()).plan(project, &session).map(Some);
        }
        let observer = ConsoleObserver::begin(self.console)?;
        let options = self.options.on(self.console.host.today());
        let review = PlanReview::load(project, &session, options, &observer).await?;
        Ok(Some(review))
    }

    /// Prints what is doubtful about files and session, unless all of it was printed before.
    fn warn(&self, printed: &mut Printed, files: (&[Diagnostic], &Sources), session: &[String]) {
        let (diagnostics, sources) = files;
        // Without the line: it moves with every line that is added above it.
        let of_file = |it: &Diagnostic| format!("{:?} {}", it.file, it.message);
        let warnings: BTreeSet<String> = diagnostics.iter().map(of_file).chain(session.iter().cloned()).collect();
        if !warnings.is_subset(&printed.warnings) {
            self.console.diagnostics(diagnostics, sources);
            for warning in session {
                self.console.warning(warning);
            }
        }
        printed.warnings = warnings;
    }

    fn report(&self, printed: &mut Printed, trouble: String) {
        if printed.trouble.as_ref() != Some(&trouble) {
            self.console.warning(&trouble);
        }
        printed.trouble = Some(trouble);
    }

    /// Prints a plan unless it is the one that was printed last.
    fn print(&self, printed: &mut Printed, review: &PlanReview) -> Result<(), Failure> {
        if printed.plan.as_ref() == Some(review.plan()) {
            return Ok(());
        }
        if printed.plan.is_some() && self.console.format != Format::Json {
            self.console.text("\n")?;
        }
        show_plan(self.console, review.plan(), plan_view(&self.arguments.plan))?;
        if let Err(refusal) = review.check() {
            self.console.warning(&refusal.message);
        }
        printed.plan = Some(review.plan().clone());
        Ok(())
    }
}

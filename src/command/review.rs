//! The full-screen review: what the screen needs from files and server, and what is said after it has closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::applying::{exit_of, options, summarize};
use super::console::Console;
use super::plan::targeted;
use super::signal::Interrupt;
use super::workspace::{Settings, Waiting, Workspace, choose, connect, problems_failure, read_project};
use crate::apply::event::Event;
use crate::apply::{Cancel, apply};
use crate::cli::{ApplyArgs, Common};
use crate::config::{Loaded as LoadedProject, SecretSource, SecretUse};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::plan::{Draft, Plan, Prune, Selection, schedule};
use crate::remote::{Attempt, Reading};
use crate::report::diagnostics::{DiagnosticStyle, render};
use crate::resource::Address;
use crate::session::Session;
use crate::show::{Line, Role};
use crate::tui::{
    ApplyRequest, Background, ColorDepth, Ending, GlyphSet, LoadFailure, LoadRequest, LoadStep, Loaded, SecretRow,
    Title, TuiExit, TuiOptions, Workbench, run as run_screen,
};

/// Shows the review, and says on the normal screen what came of it.
///
/// # Errors
/// When the terminal cannot be used.
pub async fn run(
    console: &Console,
    common: &Common,
    arguments: &ApplyArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let settings = Settings::new(&console.host, common, &arguments.plan, arguments.protect);
    let bench = Bench {
        console: console.clone(),
        settings,
        arguments: arguments.clone(),
        current: Arc::default(),
    };
    let exit = run_screen(Arc::new(bench), screen_options(&console.host)).await;
    if let Some(refused) = &exit.refused {
        console.failure(&Failure::failed(format!("the run broke off: {refused}")));
    }
    if let Some(trouble) = &exit.trouble {
        console.failure(&Failure::failed(format!("the screen had to close: {trouble}")));
    }
    finish(console, &exit, interrupt)
}

/// What the terminal says of itself.
fn screen_options(host: &Host) -> TuiOptions {
    let environment = &host.environment;
    let term = environment.get("TERM").unwrap_or_default();
    let depth = match environment.get("COLORTERM") {
        _ if environment.get("NO_COLOR").is_some() => ColorDepth::None,
        Some("truecolor" | "24bit") => ColorDepth::True,
        _ if term.contains("256color") => ColorDepth::Many,
        _ => ColorDepth::Sixteen,
    };
    // `COLORFGBG` is `foreground;background`, both of the 16 colours.
    let background = environment
        .get("COLORFGBG")
        .and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
    TuiOptions {
        glyphs: if host.shows_unicode() {
            GlyphSet::Unicode
        } else {
            GlyphSet::Ascii
        },
        depth,
        background: match background {
            Some(7 | 15) => Background::Light,
            Some(0..=6 | 8) => Background::Dark,
            _ => Background::Unknown,
        },
        editor: environment
            .get("VISUAL")
            .or_else(|| environment.get("EDITOR"))
            .map(str::to_owned),
        mouse: !environment.switch("LOBUCTL_NO_MOUSE"),
    }
}

fn finish(console: &Console, exit: &TuiExit, interrupt: &Interrupt) -> Result<Exit, Failure> {
    for progress in &exit.runs {
        summarize(console, progress)?;
    }
    let of_run = exit.progress().map(|progress| exit_of(progress, interrupt));
    // An earlier run of the same review may have written what a later one could not finish.
    let of_run = of_run.map(|code| {
        if code == Exit::Failed && exit.wrote() {
            Exit::Partly
        } else {
            code
        }
    });
    Ok(match exit.ending {
        _ if exit.trouble.is_some() || exit.refused.is_some() => {
            of_run.filter(|code| *code != Exit::Done).unwrap_or(Exit::Failed)
        }
        Ending::Left | Ending::Applied => of_run.unwrap_or(Exit::Done),
        Ending::LoadFailed { .. } => Exit::Failed,
        Ending::Interrupted => of_run.filter(|code| *code == Exit::Done).unwrap_or(Exit::Interrupted),
        Ending::Terminated => of_run.filter(|code| *code == Exit::Done).unwrap_or(Exit::Terminated),
    })
}

/// Files and server, as the screen sees them.
struct Bench {
    console: Console,
    settings: Settings,
    arguments: ApplyArgs,
    current: Arc<Mutex<Option<Current>>>,
}

/// What was loaded last, and what was planned from it last.
struct Current {
    workspace: Arc<Workspace>,
    draft: Draft,
}

impl Workbench for Bench {
    fn load(
        &self,
        request: LoadRequest,
        steps: UnboundedSender<LoadStep>,
    ) -> BoxFuture<'static, Result<Loaded, LoadFailure>> {
        let (console, settings, arguments) = (self.console.clone(), self.settings.clone(), self.arguments.clone());
        let current = Arc::clone(&self.current);
        async move {
            let loading = Loading {
                console,
                settings,
                arguments,
                steps,
            };
            let (loaded, fresh) = loading.load(&request).await?;
            *current.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
            Ok(loaded)
        }
        .boxed()
    }

    fn replan(&self, prune: &BTreeSet<Address>) -> Option<Plan> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = current.as_mut()?;
        current.draft = draft(&current.workspace, &self.arguments, prune).ok()?;
        Some(current.draft.plan.clone())
    }

    fn apply(
        &self,
        request: ApplyRequest,
        cancel: Cancel,
        events: UnboundedSender<Event>,
    ) -> BoxFuture<'static, Result<(), String>> {
        let prepared = {
            let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.as_ref().map(|current| {
                let draft = draft(&current.workspace, &self.arguments, &request.prune);
                (
                    draft.unwrap_or_else(|_| current.draft.clone()),
                    Arc::clone(&current.workspace),
                )
            })
        };
        let (options, console) = (options(&self.arguments), self.console.clone());
        async move {
            let (draft, workspace) = prepared.ok_or_else(|| "there is no plan to apply".to_owned())?;
            let schedule = schedule(&draft, &Selection::of(&draft.plan, request.selection));
            let target = workspace.connection.target.clone();
            let log = console.request_log().map_err(|failure| failure.message)?;
            let Some(log) = log else {
                apply(schedule, target, &workspace.connection.client, options, cancel, events).await;
                return Ok(());
            };
            let (sender, mut receiver) = unbounded_channel();
            let pass_on = async {
                while let Some(event) = receiver.recv().await {
                    log.event(&event);
                    let _ = events.send(event);
                }
            };
            let work = apply(schedule, target, &workspace.connection.client, options, cancel, sender);
            tokio::join!(work, pass_on);
            Ok(())
        }
        .boxed()
    }
}

/// The plan with `--prune` and `--target` as the command line has them, and what was marked on the screen.
fn draft(workspace: &Workspace, arguments: &ApplyArgs, prune: &BTreeSet<Address>) -> Result<Draft, Failure> {
    let prune = if arguments.plan.prune {
        Prune::Everything
    } else {
        Prune::Only(prune.clone())
    };
    let mut draft = workspace.plan(prune).map_err(|problems| problems_failure(&problems))?;
    let (_, shown) = targeted(&draft, &arguments.plan.target)?;
    draft.plan = shown;
    Ok(draft)
}

struct Loading {
    console: Console,
    settings: Settings,
    arguments: ApplyArgs,
    steps: UnboundedSender<LoadStep>,
}

impl Loading {
    async fn load(&self, request: &LoadRequest) -> Result<(Loaded, Current), LoadFailure> {
        let start = self.console.host.now();
        let read = self.read_project().await.map_err(|failure| failed(&failure))?;
        let (diagnostics, organization) = (self.diagnostic_lines(&read), read.org.clone());
        let Some(project) = read.project else {
            return Err(LoadFailure {
                origin: read.diagnostics.iter().find_map(origin),
                lines: diagnostics,
                code: Exit::Failed.code(),
            });
        };
        let secrets = project.secrets.iter().map(secret_row).collect();
        let session = choose(&self.console.host, &self.settings.flags, organization.as_deref());
        let session = session.map_err(|failure| failed(&failure))?;
        let title = self.title(&session, &project.file);
        let workspace = self
            .read_server(&session, project)
            .await
            .map_err(|failure| failed(&failure))?;
        let draft = draft(&workspace, &self.arguments, &request.prune).map_err(|failure| failed(&failure))?;
        let warnings = session.warnings.iter().map(|it| Line::at(0).push(Role::Warning, it));
        let took = self.console.host.now().duration_since(start).as_millis();
        let loaded = Loaded {
            plan: draft.plan.clone(),
            secrets,
            warnings: diagnostics.into_iter().chain(warnings).collect(),
            title,
            protected: session.protected,
            took_ms: u64::try_from(took).unwrap_or(0),
        };
        Ok((
            loaded,
            Current {
                workspace: Arc::new(workspace),
                draft,
            },
        ))
    }

    fn tell(&self, step: LoadStep) {
        // A screen that has closed does not listen.
        let _ = self.steps.send(step);
    }

    async fn read_project(&self) -> Result<LoadedProject, Failure> {
        const WHAT: &str = "read lobu.toml, agents and models";
        self.tell(LoadStep::began(WHAT));
        let (host, settings) = (self.console.host.clone(), self.settings.clone());
        let read = tokio::task::spawn_blocking(move || read_project(&host, &settings)).await;
        let read = read.map_err(|error| Failure::failed("the project could not be read").because(&error))?;
        match &read {
            Ok(loaded) if loaded.project.is_some() => self.tell(LoadStep::done(WHAT, "")),
            _ => self.tell(LoadStep::failed(WHAT, "")),
        }
        read
    }

    async fn read_server(&self, session: &Session, project: crate::config::Project) -> Result<Workspace, Failure> {
        let log = self.console.request_log()?;
        let (steps, waiting) = (self.steps.clone(), Waiting::default());
        let tell_retry = move |attempt: &Attempt| {
            if let Some(words) = waiting.words(attempt) {
                // A screen that has closed does not listen.
                let _ = steps.send(LoadStep::failed("waiting for the server", words));
            }
        };
        let connection = connect(session, self.settings.parallelism)?.watched(log, tell_retry);
        let kinds: Mutex<BTreeMap<String, usize>> = Mutex::default();
        let what = format!("read {}", connection.target.url);
        self.tell(LoadStep::began(&what));
        let watch = |reading: Reading| self.tell_reading(&kinds, &reading);
        let workspace = Workspace::read(project, connection, &self.settings, &watch).await;
        match &workspace {
            Ok(_) => self.tell(LoadStep::done(&what, "")),
            Err(_) => self.tell(LoadStep::failed(&what, "")),
        }
        workspace
    }

    /// One step for each kind of thing that is read, with how many there were so far.
    fn tell_reading(&self, kinds: &Mutex<BTreeMap<String, usize>>, reading: &Reading) {
        let kind = reading.what.split(" of ").next().unwrap_or_default().to_owned();
        let mut kinds = kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let count = kinds.entry(kind.clone()).or_default();
        *count += 1;
        self.tell(LoadStep::done(kind, format!("{count} read")));
    }

    fn title(&self, session: &Session, file: &std::path::Path) -> Title {
        let shown = file.strip_prefix(&self.console.host.current_dir).unwrap_or(file);
        Title {
            config: shown.display().to_string(),
            organization: session.organization.value.clone(),
            host: session.url.value.host(),
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

fn failed(failure: &Failure) -> LoadFailure {
    let mut lines = vec![Line::at(0).push(Role::Error, "error: ").plain(&failure.message)];
    lines.extend(
        failure
            .causes
            .iter()
            .map(|it| Line::at(2).push(Role::Dim, "because: ").plain(it)),
    );
    lines.extend(
        failure
            .hints
            .iter()
            .map(|it| Line::at(2).push(Role::Strong, "hint: ").plain(it)),
    );
    LoadFailure {
        lines,
        code: failure.exit().code(),
        origin: None,
    }
}

/// Where a problem of the files is.
fn origin(diagnostic: &crate::config::Diagnostic) -> Option<crate::resource::Origin> {
    Some(crate::resource::Origin {
        file: diagnostic.file.clone()?,
        line: diagnostic.line.unwrap_or(1),
    })
}

/// Where a value came from.
pub fn source_words(source: &SecretSource) -> String {
    match source {
        SecretSource::Process => "process environment".to_owned(),
        SecretSource::File(path) => path.display().to_string(),
    }
}

fn secret_row(secret: &SecretUse) -> SecretRow {
    let source = secret.source.as_ref().map(source_words);
    let place = |(origin, what): &(crate::resource::Origin, String)| {
        format!("{}:{} {what}", origin.file.display(), origin.line)
    };
    SecretRow {
        name: secret.name.clone(),
        source,
        places: secret.places.iter().map(place).collect(),
        sent: secret.sent,
    }
}

//! `lobuctl plan` and `lobuctl apply`: read, compare, show, ask, write.

use serde_json::json;

use super::applying::{self, Run};
use super::console::Console;
use super::guard;
use super::linear::{Decision, Linear};
use super::review;
use super::signal::Interrupt;
use super::workspace::{Settings, Waiting, Workspace, choose, connect, problems_failure, read_project};
use crate::apply::Progress;
use crate::cli::{ApplyArgs, Common, Format};
use crate::config::Loaded;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::{Draft, Pattern, Plan, Prune, Row, Selection};
use crate::remote::Attempt;
use crate::report::markdown;
use crate::resource::Address;
use crate::show::change::Detail;
use crate::show::plan::{PlanView, plan_lines};

/// Runs the command.
///
/// # Errors
/// What ends it before anything is written.
pub async fn run(
    console: &Console,
    common: &Common,
    arguments: &ApplyArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let screen = wants_screen(console, arguments);
    if !arguments.dry_run && !arguments.yes && !screen && !console.host.can_ask() {
        return Err(no_terminal());
    }
    if screen {
        return review::run(console, common, arguments, interrupt).await;
    }
    loop {
        let desk = Desk::prepare(console, common, arguments, interrupt).await?;
        let (selection, shown) = targeted(&desk.draft, &arguments.plan.target)?;
        show_plan(console, &shown, arguments.plan.all)?;
        guard::check(&shown, arguments)?;
        if arguments.dry_run {
            return Ok(exit_of_plan(&shown, arguments.plan.detailed_exitcode));
        }
        let decision = desk.decide(shown, selection).await?;
        match decision {
            Decision::Reload => {}
            Decision::No => return declined(console),
            Decision::Apply(draft, selection) if selection.all().is_empty() => {
                drop(draft);
                console.progress("nothing to do");
                return nothing_to_do(console);
            }
            Decision::Apply(draft, selection) => {
                let connection = &desk.workspace.connection;
                let run = Run {
                    draft: &draft,
                    selection: &selection,
                    connection,
                    arguments,
                };
                return applying::run(console, &run, interrupt).await;
            }
        }
    }
}

/// A program that waits for a run's summary gets one, of no rows.
fn nothing_to_do(console: &Console) -> Result<Exit, Failure> {
    if console.format == Format::Json {
        applying::summarize(console, &Progress::default())?;
    }
    Ok(Exit::Done)
}

/// Everything that was read, and the plan made from it.
struct Desk<'a> {
    console: &'a Console,
    arguments: &'a ApplyArgs,
    interrupt: &'a Interrupt,
    workspace: Workspace,
    draft: Draft,
    /// The organisation's name where the target is protected.
    protected: Option<String>,
}

impl<'a> Desk<'a> {
    async fn prepare(
        console: &'a Console,
        common: &Common,
        arguments: &'a ApplyArgs,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Failure> {
        let settings = Settings::new(&console.host, common, &arguments.plan, arguments.protect);
        let (project, organization) = usable(console, read_project(&console.host, &settings)?)?;
        let session = choose(&console.host, &settings.flags, organization.as_deref())?;
        session.warnings.iter().for_each(|warning| console.warning(warning));
        let connection =
            connect(&session, settings.parallelism)?.watched(console.request_log()?, tell_retries(console));
        let workspace = interrupt
            .or(Workspace::read(project, connection, &settings, &|_| {}))
            .await?;
        let prune = if arguments.plan.prune {
            Prune::Everything
        } else {
            Prune::Nothing
        };
        let draft = workspace.plan(prune).map_err(|problems| problems_failure(&problems))?;
        let protected = session.protected.then(|| session.organization.value.clone());
        Ok(Self {
            console,
            arguments,
            interrupt,
            workspace,
            draft,
            protected,
        })
    }

    /// What `--yes` says, or the person.
    async fn decide(&self, shown: Plan, selection: Selection) -> Result<Decision, Failure> {
        let nothing = !shown.rows.iter().any(Row::writes);
        if !self.arguments.yes && !nothing {
            let (console, workspace) = (self.console, &self.workspace);
            let (arguments, interrupt, protected) = (self.arguments, self.interrupt, self.protected.as_deref());
            let linear = Linear {
                console,
                workspace,
                arguments,
                interrupt,
                protected,
            };
            return linear
                .decide(
                    Draft {
                        plan: shown,
                        ..self.draft.clone()
                    },
                    selection,
                )
                .await;
        }
        if let Some(organization) = self
            .protected
            .as_ref()
            .filter(|_| self.arguments.plan.plan_id.is_none() && !nothing)
        {
            let message = format!("`{organization}` is protected: `--yes` alone is not enough");
            let hint = format!("review the plan, then use `--plan-id {}`", shown.id);
            return Err(Failure::refused(message).hint(hint));
        }
        Ok(Decision::Apply(Box::new(self.draft.clone()), selection))
    }
}

fn tell_retries(console: &Console) -> impl Fn(&Attempt) + Send + Sync + 'static {
    let (said, waiting) = (console.clone(), Waiting::default());
    move |attempt| {
        if let Some(words) = waiting.words(attempt) {
            said.progress(&format!("waiting for the server: {words}"));
        }
    }
}

fn declined(console: &Console) -> Result<Exit, Failure> {
    if console.format == Format::Json {
        console.object("declined", &json!({}))?;
    }
    Err(Failure::failed("not applied; nothing was written"))
}

/// A person at a terminal that can show the review.
pub fn wants_screen(console: &Console, arguments: &ApplyArgs) -> bool {
    let asked_for_text = arguments.plain || arguments.yes || arguments.dry_run || console.format != Format::Text;
    !asked_for_text && console.host.can_draw()
}

fn no_terminal() -> Failure {
    Failure::failed("there is no terminal to ask at, and nothing was read or written")
        .hint("`--yes` applies without asking, `--dry-run` only shows the plan")
}

/// The project, or every problem with it on standard error.
///
/// # Errors
/// When the project has errors.
pub fn usable(console: &Console, loaded: Loaded) -> Result<(crate::config::Project, Option<String>), Failure> {
    console.diagnostics(&loaded.diagnostics, &loaded.sources);
    match loaded.project {
        Some(project) => Ok((project, loaded.org)),
        None => Err(Failure::invalid(
            "the configuration has errors; nothing was read from the server or written",
        )),
    }
}

/// Everything, or what `--target` names with what it needs.
///
/// # Errors
/// When a target is no address, or names nothing.
pub fn targeted(draft: &Draft, targets: &[String]) -> Result<(Selection, Plan), Failure> {
    if targets.is_empty() {
        return Ok((Selection::everything(&draft.plan), draft.plan.clone()));
    }
    let patterns: Result<Vec<Pattern>, _> = targets.iter().map(|target| Pattern::parse(target)).collect();
    let patterns = patterns.map_err(|error| Failure::usage(error.to_string()))?;
    let matched = |address: &Address| patterns.iter().any(|pattern| pattern.covers(address));
    for pattern in &patterns {
        if !draft.plan.rows.iter().any(|row| pattern.covers(&row.address)) {
            return Err(
                Failure::failed(format!("`--target {}` names nothing in this plan", pattern.as_str()))
                    .hint("`lobuctl plan --all` shows every row"),
            );
        }
    }
    let chosen = draft.plan.rows.iter().map(|row| row.address.clone()).filter(&matched);
    let selection = Selection::of(&draft.plan, chosen);
    let shown = draft
        .plan
        .restricted(|row| matched(&row.address) || selection.contains(&row.address));
    Ok((selection, shown))
}

fn show_plan(console: &Console, plan: &Plan, all: bool) -> Result<(), Failure> {
    console.job_summary(&markdown::plan(plan));
    match console.format {
        Format::Text => {
            console.lines(&plan_lines(
                plan,
                PlanView {
                    all,
                    detail: Detail::PLAN,
                },
            ))?;
            if plan.rows.iter().any(Row::writes) {
                console.progress(&format!("plan id {}", plan.id));
            }
            Ok(())
        }
        Format::Json => console.object("plan", plan),
        Format::Markdown => console.text(&markdown::plan(plan)),
    }
}

fn exit_of_plan(plan: &Plan, detailed: bool) -> Exit {
    let writes = plan.counts.changes() > 0;
    match (detailed, writes, plan.counts.has_drift()) {
        (true, true, _) => Exit::Changes,
        (true, false, true) => Exit::Drift,
        _ => Exit::Done,
    }
}

//! `lobuctl plan` and `lobuctl apply`: choose a face, show the plan, and carry out what was approved.

use super::console::Console;
use super::plain::{Decision, PlainReview};
use super::reading::{ConsoleObserver, UsableProject, read_files};
use super::run::{carry_out, declined, summary_value};
use super::screen;
use super::signal::Interrupt;
use crate::apply::Progress;
use crate::cli::{ApplyArgs, ApplyCommandArgs, Common, Format, GuardArgs, PlanArgs, PlanCommandArgs, WritingArgs};
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use crate::plan::{Plan, Row};
use crate::report::{html, markdown};
use crate::review::{Consent, PlanReview, ReviewOptions, SavedPlan, SavedPlanError};
use crate::show::change::Detail;
use crate::show::outcome::APPLY_COMPLETE;
use crate::show::plan::{PlanView, saved_text, summary_line};
use crate::show::undo::{left_alone_text, settled_text};

/// How it is decided whether the plan is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// Not at all: the plan is only shown.
    PlanOnly,
    /// By `--yes`, before there is a plan.
    Unattended,
    /// By a user who answers questions.
    Plain,
    /// By a user at the full screen.
    Screen,
}

/// Plans, and applies what is approved on the face that flags and terminal allow.
///
/// # Errors
/// What ends it before anything is written.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &ApplyArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let options = ReviewOptions::new(&console.host, common, arguments);
    review(console, options, arguments, interrupt).await
}

/// Applies a saved plan, or else the project as [`run`] does.
///
/// # Errors
/// As [`run`], and a file that is no saved plan.
pub(super) async fn run_command(
    console: &Console,
    common: &Common,
    arguments: &ApplyCommandArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let ApplyCommandArgs { file, apply } = arguments;
    let Some(file) = file else {
        return run(console, common, apply, interrupt).await;
    };
    check_no_choices(&apply.plan)?;
    let saved = SavedPlan::read(&console.host.absolute(file)).map_err(|error| unusable(&error))?;
    let options = ReviewOptions::new(&console.host, common, apply).applying(saved);
    review(console, options, apply, interrupt).await
}

/// Plans, and saves the plan where that is asked for.
///
/// # Errors
/// What ends it without a plan, and a file that cannot be written.
pub(super) async fn plan(
    console: &Console,
    common: &Common,
    arguments: &PlanCommandArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    // A plan is an apply that ends before anything is asked.
    let applied = ApplyArgs {
        plan: arguments.plan.clone(),
        writing: WritingArgs {
            dry_run: true,
            ..WritingArgs::default()
        },
        ..ApplyArgs::default()
    };
    let options = ReviewOptions::new(&console.host, common, &applied);
    let file = arguments.out.as_ref().map(|file| console.host.absolute(file));
    if let Some(file) = &file {
        // Before the server is read: a plan that cannot be kept need not be made.
        SavedPlan::check_place(file).map_err(|error| unsaved(&error))?;
    }
    let review = load(console, &options, interrupt).await?;
    show(console, &review, &arguments.plan)?;
    if let (Some(file), Some(given)) = (file, &arguments.out) {
        let saved = review.saved(console.host.now());
        saved.write(&file).map_err(|error| unsaved(&error))?;
        console.progress(&saved_text(given));
    }
    Ok(exit_of_plan(review.plan(), arguments.plan.detailed_exitcode))
}

/// Checks that nothing asks for another plan than the saved one.
fn check_no_choices(arguments: &PlanArgs) -> Result<(), Failure> {
    // Each field by its name: with a new flag this does not compile until somebody decides whether it makes another plan.
    let PlanArgs {
        only,
        target,
        prune,
        delete,
        parallelism: _,
        all: _,
        full: _,
        detailed_exitcode: _,
        no_recheck,
        secrets_check: _,
        secrets,
        guards,
    } = arguments;
    let GuardArgs {
        fail_on: _,
        max_restarts: _,
        plan_id,
    } = guards;
    let plain = PlanArgs::default();
    let choices = [
        ("--only", *only != plain.only),
        ("--target", !target.is_empty()),
        ("--prune", *prune),
        ("--delete", !delete.is_empty()),
        ("--no-recheck", *no_recheck),
        ("--secrets", *secrets != plain.secrets),
        ("--plan-id", plan_id.is_some()),
    ];
    match choices.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(Failure::usage(format!(
            "`{flag}` does not go with a saved plan, which is applied as it is"
        ))
        .hint(format!("save another one: `lobuctl plan {flag} … --out FILE`"))),
    }
}

fn unusable(error: &SavedPlanError) -> Failure {
    let failure = Failure::failed(format!("{error}; nothing was read from the server or written"));
    match error {
        SavedPlanError::Newer { .. } => failure.hint("apply it with that release, or plan again"),
        _ => failure.hint("`lobuctl plan --out FILE` saves a plan"),
    }
}

fn unsaved(error: &SavedPlanError) -> Failure {
    let failure = Failure::failed("the plan is not saved").because(error);
    match error {
        SavedPlanError::WouldReplace(_) => failure.hint("`--out` replaces only plans that it has saved"),
        _ => failure,
    }
}

/// Plans, and applies what is approved on the face that flags and terminal allow, with these options.
///
/// # Errors
/// What ends it before anything is written.
pub(super) async fn review(
    console: &Console,
    options: ReviewOptions,
    arguments: &ApplyArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let face = face(console, arguments)?;
    let exit = match face {
        Face::Screen => screen::run(console, options, interrupt).await?,
        _ => Box::pin(run_as_text(console, options, arguments, interrupt, face)).await?,
    };
    let complete = exit == Exit::Done && face != Face::PlanOnly;
    if complete && arguments.compat && console.format == Format::Text {
        console.text(&format!("{APPLY_COMPLETE}\n"))?;
    }
    Ok(exit)
}

/// Plans, and applies what is approved, on a face without a screen.
async fn run_as_text(
    console: &Console,
    options: ReviewOptions,
    arguments: &ApplyArgs,
    interrupt: &Interrupt,
    face: Face,
) -> Result<Exit, Failure> {
    loop {
        let mut review = load(console, &options, interrupt).await?;
        show(console, &review, &arguments.plan)?;
        if face == Face::PlanOnly {
            return Ok(exit_of_plan(review.plan(), arguments.plan.detailed_exitcode));
        }
        let conflicts = review.conflicts_left_out().len();
        if face == Face::Unattended && conflicts > 0 && review.selection().all().is_empty() {
            return Err(Failure::new(FailureKind::Stale, left_alone_text(conflicts, false)).hint(FORCE));
        }
        if !review.writes() {
            return nothing_to_do(console);
        }
        let confirmation = match decide(console, arguments, interrupt, face, &mut review).await? {
            Decision::Reload => continue,
            Decision::No => return Err(declined()),
            Decision::Apply(confirmation) => confirmation,
        };
        let approved = review.approve(&confirmation)?;
        // The run has all that it needs: what was read for the plan need not be kept while it writes.
        drop(review);
        let exit = carry_out(console, approved, interrupt).await?;
        if face == Face::Unattended && conflicts > 0 && exit == Exit::Done {
            return Err(Failure::new(FailureKind::Partial, left_alone_text(conflicts, true)).hint(FORCE));
        }
        return Ok(exit);
    }
}

/// Shows a plan, and what became of earlier runs, and asks the guards.
fn show(console: &Console, review: &PlanReview, arguments: &PlanArgs) -> Result<(), Failure> {
    for run in review.settled_runs() {
        console.warning(&settled_text(run.id.as_str(), run.was_killed, &run.rows));
    }
    show_plan(console, review.plan(), plan_view(arguments))?;
    // After the plan is shown: a refusal cannot be understood without it.
    review.check()
}

async fn decide(
    console: &Console,
    arguments: &ApplyArgs,
    interrupt: &Interrupt,
    face: Face,
    review: &mut PlanReview,
) -> Result<Decision, Failure> {
    if face == Face::Unattended {
        return Ok(Decision::Apply(Consent::Unattended));
    }
    let plain = PlainReview {
        console,
        interrupt,
        all_rows: arguments.plan.all,
    };
    plain.decide(review).await
}

/// What to do about conflicts.
const FORCE: &str = "`--force` puts them back too";

/// Chooses the face that the flags, the format and the terminal allow.
fn face(console: &Console, arguments: &ApplyArgs) -> Result<Face, Failure> {
    match arguments.writing {
        WritingArgs { dry_run: true, .. } => Ok(Face::PlanOnly),
        WritingArgs { yes: true, .. } => Ok(Face::Unattended),
        // A program reads the result: a question between two objects would hang it.
        _ if console.format != Format::Text => Err(cannot_ask("this output is for programs, which answer no question")),
        WritingArgs { plain: false, .. } if console.host.can_draw() => Ok(Face::Screen),
        _ if console.host.can_ask() => Ok(Face::Plain),
        _ => Err(cannot_ask("there is no terminal to prompt on")),
    }
}

fn cannot_ask(why: &str) -> Failure {
    Failure::failed(format!("{why}; nothing was read or written"))
        .hint("`--yes` applies without asking, `--dry-run` only shows the plan")
}

/// Ends a command whose plan has nothing to write. A program that waits for a run's summary gets one without rows.
fn nothing_to_do(console: &Console) -> Result<Exit, Failure> {
    console.progress("nothing to do");
    let summary = summary_value(&Progress::default(), None);
    console.object("summary", &summary)?;
    Ok(Exit::Done)
}

async fn load(console: &Console, options: &ReviewOptions, interrupt: &Interrupt) -> Result<PlanReview, Failure> {
    let read = UsableProject::check(console, read_files(console, options, interrupt).await?)?;
    let session = read.session(console, options).await?;
    let observer = ConsoleObserver::begin(console)?;
    interrupt
        .or(PlanReview::load(read.project, &session, options.clone(), &observer))
        .await
}

pub(super) fn plan_view(arguments: &PlanArgs) -> PlanView {
    plan_view_of(arguments.all, arguments.full)
}

/// Returns how much of a plan is shown with `--all` and with `--full`.
pub(super) fn plan_view_of(all: bool, full: bool) -> PlanView {
    let detail = if full { Detail::FULL } else { Detail::PLAN };
    PlanView { all, detail }
}

pub(super) fn show_plan(console: &Console, plan: &Plan, view: PlanView) -> Result<(), Failure> {
    console.plan(plan)?;
    match console.format {
        Format::Text => print_plan(console, plan, view),
        // The findings are printed at the end, together with the problems of the files.
        Format::Json | Format::Sarif | Format::Junit => Ok(()),
        Format::Markdown => console.text(&markdown::plan(plan)),
        Format::Html => console.text(&html::plan(plan)),
    }
}

/// Prints a plan as text, and its id.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn print_plan(console: &Console, plan: &Plan, view: PlanView) -> Result<(), Failure> {
    if console.quiet {
        console.lines(&[summary_line(&plan.counts)])?;
    } else {
        console.plan_lines(plan, view)?;
    }
    if plan.rows.iter().any(Row::writes) {
        console.text(&format!("Plan id: {}\n", plan.id))?;
    }
    Ok(())
}

/// Returns the exit code of a plan that is only shown. Rows that are only sent again are no changes.
fn exit_of_plan(plan: &Plan, detailed: bool) -> Exit {
    let writes = plan.counts.changes() > 0;
    match (detailed, writes, plan.counts.has_drift()) {
        (true, true, _) => Exit::Changes,
        (true, false, true) => Exit::Drift,
        _ => Exit::Done,
    }
}

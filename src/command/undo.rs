//! `lobuctl undo`: takes a run back, through the same review as an apply.

use std::sync::Arc;

use super::apply;
use super::console::Console;
use super::runs::{find, folder};
use super::signal::Interrupt;
use crate::cli::{Common, UndoArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::journal::RecordedRun;
use crate::plan::Target;
use crate::review::{ProjectHint, ReviewOptions, UndoRequest, choose_session};

/// Plans what takes the run back, and applies what is approved.
///
/// # Errors
/// What ends it before anything is written.
pub(super) async fn run(
    console: &Console,
    common: &Common,
    arguments: &UndoArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let applied = arguments.apply();
    let options = ReviewOptions::new(&console.host, common, &applied);
    let run = match &arguments.run {
        Some(text) => find(&console.host, text)?,
        None => last(console, &options).await?,
    };
    let request = UndoRequest {
        run,
        force: arguments.force,
    };
    console.progress(&format!("taking back run {}", request.run.head.id));
    let options = ReviewOptions {
        undo: Some(Arc::new(request)),
        may_delete: true,
        ..options
    };
    apply::review(console, options, &applied, interrupt).await
}

/// Returns the last run on the chosen target that wrote anything.
async fn last(console: &Console, options: &ReviewOptions) -> Result<RecordedRun, Failure> {
    let wrote = |run: &RecordedRun| run.possible_writes().next().is_some();
    let runs: Vec<RecordedRun> = folder(&console.host)?.runs().filter(wrote).collect();
    let nothing = || Failure::failed("no run on this machine wrote anything that could be taken back");
    let latest = runs.first().ok_or_else(nothing)?;
    // Where nothing else names an organization, it is that of the last run.
    let organization = latest.head.target.organization.as_str();
    let hint = ProjectHint {
        organization: Some(organization),
        ..ProjectHint::default()
    };
    let session = choose_session(&console.host, &options.flags, hint).await?;
    let target = Target {
        organization: session.organization.value.clone(),
        url: session.url.value.to_string(),
    };
    let on_target = runs.into_iter().find(|run| run.head.target == target);
    on_target.ok_or_else(|| {
        Failure::failed(format!(
            "no run on this machine wrote to `{}` at {}",
            target.organization, target.url
        ))
        .hint("`lobuctl runs` lists every run on this machine")
    })
}

//! Messages from outside: the clock, a plan, the events of a run, the end of an editor.

use std::collections::BTreeSet;

use super::{announce, process};
use crate::apply::event::Event;
use crate::plan::Plan;
use crate::resource::Address;
use crate::show::progress::run_message;
use crate::show::selection::{former_scope_line, nothing_text};
use crate::show::watch::SAVED_SINCE;
use crate::show::{Line, Role};
use crate::tui::board::Board;
use crate::tui::detail::{BodyLine, BodyStyle};
use crate::tui::message::{Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{AfterLoading, Failed, Overlay, Review, RunScreen, RunState, Screen};
use crate::tui::watch::Watch;
use crate::tui::workbench::{LoadFailure, LoadStep, LoadedPlan, RecordedFacts, Refusal};

pub(super) fn clock(model: &mut Model, now_ms: u64) {
    // A replayed run may send an older time; the clock of the screen does not go back.
    model.now_ms = model.now_ms.max(now_ms);
}

pub(super) fn resize(model: &mut Model, width: u16, height: u16) {
    model.size = (width, height);
}

pub(super) fn load_step(model: &mut Model, step: LoadStep) {
    if let Screen::Loading(loading) = &mut model.screen {
        loading.take(step);
    }
}

pub(super) fn loaded(model: &mut Model, result: Result<LoadedPlan, LoadFailure>) -> Effects {
    let Screen::Loading(loading) = &mut model.screen else {
        return Effects::new();
    };
    let after = std::mem::take(&mut loading.after);
    model.loaded_ms = model.now_ms;
    if let Some(watch) = &mut model.watch {
        *watch = Watch {
            server_read_ms: model.now_ms,
            ..Watch::default()
        };
    }
    match result {
        Ok(loaded) => {
            model.planned_scope = model.scope.clone();
            review(model, loaded, after)
        }
        Err(mut failure) => {
            if model.scope != model.planned_scope {
                failure.lines.push(former_scope_line());
            }
            model.screen = Screen::Failed(Box::new(Failed::new(failure, after)));
            Effects::new()
        }
    }
}

fn review(model: &mut Model, loaded: LoadedPlan, after: AfterLoading) -> Effects {
    model.notice = match &after {
        AfterLoading::Again {
            message: Some(message), ..
        } => Some(message.clone()),
        AfterLoading::Again { .. } => load_notice(&loaded).or_else(|| Some(notice(Role::Plain, "planned again"))),
        AfterLoading::First | AfterLoading::Retry { .. } => load_notice(&loaded),
    };
    if let Some(recorded) = loaded.recorded.clone() {
        return show_recorded(model, loaded, recorded);
    }
    let left_out = loaded.left_out.clone();
    let mut board = Board::of(loaded, after.board());
    if after.board().is_none() && model.look.side_by_side {
        board.detail.toggle_side();
    }
    let (review, asks) = match after {
        AfterLoading::First => (Review::without(board, &left_out), false),
        AfterLoading::Again { without, .. } => (Review::without(board, &without), false),
        AfterLoading::Retry { not_applied, .. } => (Review::only(board, &not_applied), true),
    };
    let anything = !review.selection.is_empty();
    model.screen = Screen::Review(Box::new(review));
    if asks && anything {
        return super::dialog::ask(model);
    }
    if asks {
        model.notice = Some(notice(Role::Success, "nothing is left to do"));
    }
    Effects::new()
}

/// Shows a plan that was read from a record: the run where it was applied, else the plan.
fn show_recorded(model: &mut Model, loaded: LoadedPlan, recorded: RecordedFacts) -> Effects {
    let RecordedFacts { reason, events } = recorded;
    model.notice = Some(notice(Role::Plain, reason));
    let board = Board::of(loaded, None);
    model.screen = if events.is_empty() {
        Screen::Review(Box::new(Review::without(board, &BTreeSet::new())))
    } else {
        Screen::Run(Box::new(RunScreen::recorded(board, events)))
    };
    Effects::new()
}

/// Handles the answer of the guards. It is about the confirmation that asked, so it is dropped when that is closed.
pub(super) fn checked(model: &mut Model, refusal: Option<Refusal>) {
    if let (Some(Overlay::Confirm(confirm)), Some(refusal)) = (&mut model.overlay, refusal) {
        confirm.refuse(refusal);
    }
}

/// Returns the message when a plan appears: the first warning, or that there is nothing to do.
fn load_notice(loaded: &LoadedPlan) -> Option<Line> {
    let of_loading = loaded.warnings.iter().map(Line::text);
    let warnings: Vec<String> = loaded.plan.warnings.iter().cloned().chain(of_loading).collect();
    let counts = &loaded.plan.counts;
    match warnings.as_slice() {
        [] if counts.changes() + counts.recheck == 0 => {
            Some(notice(Role::Success, nothing_text(&loaded.title.targets)))
        }
        [] => None,
        [only] => Some(notice(Role::Warning, format!("⚠ {only}"))),
        [first, rest @ ..] => {
            let more = rest.len();
            Some(notice(
                Role::Warning,
                format!("⚠ {first} ({more} more, see the headings)"),
            ))
        }
    }
}

pub(super) fn replanned(model: &mut Model, plan: Option<Plan>) {
    // Without a plan the marks could not be planned; the old plan stays on the screen.
    if let (Screen::Review(review), Some(plan)) = (&mut model.screen, plan) {
        review.replan(plan);
    }
}

pub(super) fn run_event(model: &mut Model, event: Event) {
    if let Screen::Run(run) = &mut model.screen {
        run.take(event);
    }
}

pub(super) fn run_ended(model: &mut Model, result: Result<(), String>) -> Effects {
    let now = model.now_ms;
    let Screen::Run(run) = &mut model.screen else {
        return Effects::new();
    };
    let leaving = match run.state {
        RunState::Leaving(ending) => Some(ending),
        _ => None,
    };
    run.end(result, now);
    let ended = end_notice(run);
    // The question whether to leave the run has no meaning any more.
    if matches!(model.overlay, Some(Overlay::Leave)) {
        model.overlay = None;
    }
    model.notice = Some(match &model.watch {
        Some(watch) if watch.saved_since => ended.plain(format!("; {SAVED_SINCE}")),
        _ => ended,
    });
    let mut effects: Effects = announce::end(model).into_iter().collect();
    effects.extend(leaving.into_iter().flat_map(|ending| process::leave_as(model, ending)));
    effects
}

/// Returns what came of a run that has ended, and the keys that go on from there.
fn end_notice(run: &RunScreen) -> Line {
    let failure = match &run.state {
        RunState::Ended(reason) => reason.as_deref(),
        _ => None,
    };
    let (role, text) = run_message(&run.progress, failure);
    let keys = match failure {
        Some(_) => "",
        None if run.not_applied().is_empty() => "; `q` quits",
        None if run.has_failures() => ": `r` retries, `w` finds the failure",
        None => ": `r` retries",
    };
    notice(role, format!("{text}{keys}"))
}

pub(super) fn compared(model: &mut Model, address: Address, style: BodyStyle, lines: Vec<BodyLine>) {
    if let Some(board) = model.board_mut() {
        board.detail.compared(address, style, lines);
    }
}

/// Plans again after the editor was closed, because it may have changed the files.
pub(super) fn edited(model: &mut Model, result: Result<(), String>) -> Effects {
    match result {
        // The files are followed: what was saved arrives by itself.
        Ok(()) if model.watch.is_some() && matches!(model.screen, Screen::Review(_)) => Effects::new(),
        Ok(()) => super::task::replan_with(model, None),
        Err(message) => {
            let line = notice(Role::Error, message);
            model.notice = Some(line.clone());
            // It may have saved before it ended like that.
            match model.screen {
                Screen::Review(_) if model.watch.is_none() => super::task::replan_with(model, Some(line)),
                Screen::Failed(_) => super::task::replan_with(model, Some(line)),
                _ => Effects::new(),
            }
        }
    }
}

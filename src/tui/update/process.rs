//! Leaving, stopping, suspending. A run is never left during a write without an answer to a question, or a second Ctrl-C.

use crate::show::Role;
use crate::show::announce::leaving_text;
use crate::show::progress::STOPPING;
use crate::tui::action::Process;
use crate::tui::exit::{AwaitedEnd, ExitReason, TuiExit};
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{Overlay, RunState, Screen};

pub(super) fn handle(model: &mut Model, action: Process) -> Effects {
    match action {
        Process::Quit => quit(model),
        Process::Interrupt => interrupt(model),
        Process::Suspend => vec![Effect::Suspend],
        Process::Redraw => vec![Effect::Redraw],
    }
}

fn quit(model: &mut Model) -> Effects {
    match &model.screen {
        Screen::Run(run) if !run.has_ended() => {
            model.overlay = Some(Overlay::Leave);
            Effects::new()
        }
        _ => leave(model),
    }
}

/// Leaves for the reason that the screen gives.
pub(super) fn leave(model: &mut Model) -> Effects {
    let ending = match &model.screen {
        Screen::Run(run) if run.cancel.is_stopping() => ExitReason::Interrupted,
        Screen::Run(_) => ExitReason::Applied,
        Screen::Failed(_) => ExitReason::LoadFailed,
        _ if model.runs.is_empty() => ExitReason::Left,
        // A review after a run ends as that run did.
        _ => ExitReason::Applied,
    };
    leave_as(model, ending)
}

pub(super) fn leave_as(model: &mut Model, ending: ExitReason) -> Effects {
    vec![Effect::Quit(exit(model, ending))]
}

/// Returns the result of the screen: every run, the current one as far as it has come.
pub(super) fn exit(model: &Model, ending: ExitReason) -> TuiExit {
    let mut runs = model.runs.clone();
    let mut run_failure = None;
    if let Screen::Run(run) = &model.screen {
        if let RunState::Ended(Some(message)) = &run.state {
            run_failure = Some(message.clone());
        }
        runs.extend(run.record());
    }
    TuiExit {
        ending,
        seen: model.board().map(|board| board.looked.seen.clone()),
        runs,
        awaited: model.awaits().map(AwaitedEnd::Unknown),
        run_failure,
        screen_failure: None,
    }
}

/// Handles Ctrl-C. During a run the first one stops it gently and the second one leaves at once.
fn interrupt(model: &mut Model) -> Effects {
    if model.awaits().is_some() {
        let second = model.leaving.is_some();
        return leave_once_answered(model, ExitReason::Interrupted, second);
    }
    let Screen::Run(run) = &mut model.screen else {
        return leave_as(model, ExitReason::Interrupted);
    };
    if run.has_ended() {
        return leave(model);
    }
    // Asked first, because `interrupt` makes it true.
    let second = run.cancel.is_stopping();
    run.cancel.interrupt();
    if second {
        return leave_as(model, ExitReason::Interrupted);
    }
    model.notice = Some(notice(Role::Warning, STOPPING));
    Effects::new()
}

/// Leaves once the page has its answer, or at once the second time: what is being sent cannot be taken back.
fn leave_once_answered(model: &mut Model, ending: ExitReason, second: bool) -> Effects {
    model.leaving = Some(ending);
    if second {
        return leave_as(model, ending);
    }
    let text = leaving_text(ending == ExitReason::Terminated);
    model.notice = Some(notice(Role::Warning, text));
    Effects::new()
}

/// Leaves with the answer that a page has waited for.
pub(super) fn leave_answered(model: &mut Model, ending: ExitReason, result: Result<String, String>) -> Effects {
    model.overlay = None;
    let exit = TuiExit {
        awaited: Some(AwaitedEnd::Answered(result)),
        ..exit(model, ending)
    };
    vec![Effect::Quit(exit)]
}

/// Handles SIGTERM and SIGHUP: stops the run as Ctrl-C does, and leaves when it has ended, or at once the second time.
pub(super) fn terminate(model: &mut Model) -> Effects {
    if model.awaits().is_some() {
        let second = model.leaving == Some(ExitReason::Terminated);
        return leave_once_answered(model, ExitReason::Terminated, second);
    }
    if let Screen::Run(run) = &mut model.screen
        && !run.has_ended()
        && !run.cancel.is_abandoned()
    {
        let second = run.state == RunState::Leaving(ExitReason::Terminated);
        run.cancel.interrupt();
        run.state = RunState::Leaving(ExitReason::Terminated);
        if !second {
            model.notice = Some(notice(
                Role::Warning,
                "terminated: leaving when what is in flight has ended",
            ));
            return Effects::new();
        }
    }
    leave_as(model, ExitReason::Terminated)
}

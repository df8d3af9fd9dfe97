//! Follows files and server: shows their newer plans, and what stands in the way of one.

use crate::plan::{Plan, Row};
use crate::show::watch::{
    BROKEN, CHANGED_MEANWHILE, MENDED, SAVED_SINCE, UNWATCHED, WATCH_ENDED, WATCHING, changed_text, server_lost_text,
};
use crate::show::{Line, Role};
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{Overlay, Screen};
use crate::tui::watch::{PendingPlan, Watch};
use crate::tui::workbench::{LoadFailure, LoadedPlan, WatchCause, WatchNews};

/// The age of the server's side, in milliseconds, from which on coming back to the terminal reads it again.
const FRESH: u64 = 3_000;

/// Begins to follow files and server, or ends it.
pub(super) fn toggle(model: &mut Model) -> Effects {
    if model.watch.take().is_some() {
        model.notice = Some(notice(Role::Plain, WATCH_ENDED));
        forget_detail(model);
        return vec![Effect::Watch(false)];
    }
    model.watch = Some(Watch {
        server_read_ms: model.loaded_ms,
        ..Watch::default()
    });
    model.notice = Some(notice(Role::Plain, WATCHING));
    vec![Effect::Watch(true)]
}

/// Takes in what the workbench reports.
pub(super) fn news(model: &mut Model, news: WatchNews) -> Effects {
    // What was sent before the user ended it is of no interest any more.
    if model.watch.is_none() {
        return Effects::new();
    }
    match news {
        WatchNews::Plan { number, loaded, cause } => planned(model, number, loaded, cause),
        WatchNews::Broken(failure) => broken(model, failure),
        WatchNews::ServerLost(reason) => lost(model, reason),
        WatchNews::Unwatched(reason) => {
            model.notice = Some(notice(Role::Warning, format!("{UNWATCHED}: {reason}")));
            with_watch(model, |watch| watch.unwatched = Some(reason));
        }
        WatchNews::Outdated => return outdated(model),
    }
    Effects::new()
}

fn with_watch(model: &mut Model, change: impl FnOnce(&mut Watch)) {
    if let Some(watch) = &mut model.watch {
        change(watch);
    }
}

fn planned(model: &mut Model, number: u64, loaded: Box<LoadedPlan>, cause: WatchCause) {
    let (now, was_broken) = (model.now_ms, is_broken(model));
    let reviews = matches!(model.screen, Screen::Review(_));
    let asks = blocks(model);
    with_watch(model, |watch| {
        watch.broken = None;
        if cause == WatchCause::Server {
            watch.server_read_ms = now;
            watch.lost = None;
        }
        let asked = false;
        // The plan of a run stays: this one was made from the server before it. The next load reads everything again.
        watch.saved_since |= !reviews && cause == WatchCause::Files;
        watch.pending = reviews.then_some(PendingPlan {
            number,
            loaded,
            cause,
            asked,
        });
    });
    if was_broken {
        forget_detail(model);
        model.notice = Some(notice(Role::Plain, MENDED));
    }
    if asks && cause == WatchCause::Files {
        warn_page(model, CHANGED_MEANWHILE);
    }
    let has_ended = matches!(&model.screen, Screen::Run(run) if run.has_ended());
    let is_told = |line: &Line| line.text().contains(SAVED_SINCE);
    if cause == WatchCause::Files && has_ended && !model.notice.as_ref().is_some_and(is_told) {
        model.notice = Some(notice(Role::Warning, SAVED_SINCE));
    }
}

fn broken(model: &mut Model, failure: LoadFailure) {
    if let Screen::Review(review) = &mut model.screen
        && model.watch.as_ref().is_some_and(|watch| watch.broken.is_none())
    {
        review.board.detail.forget();
    }
    let is_news = model
        .watch
        .as_ref()
        .is_some_and(|watch| watch.broken.as_ref() != Some(&failure));
    if is_news {
        model.notice = Some(notice(Role::Error, BROKEN));
        warn_page(model, BROKEN);
    }
    with_watch(model, |watch| watch.broken = Some(failure));
}

/// Says on the page what has happened to the files since its plan. A confirmation keeps it: a message would be gone with the
/// next key, which may be the one that confirms.
fn warn_page(model: &mut Model, text: &'static str) {
    if let Some(Overlay::Confirm(confirm)) = &mut model.overlay {
        confirm.warn(text);
    } else if blocks(model) {
        model.notice = Some(notice(Role::Warning, text));
    }
}

/// Notes, where a run begins, that files were saved since its plan: what waits is not shown any more.
pub(super) fn note_saved(model: &mut Model) {
    with_watch(model, |watch| {
        let pending = watch.pending.take();
        let is_saved = pending.is_some_and(|pending| pending.cause == WatchCause::Files);
        watch.saved_since |= is_saved || watch.broken.is_some();
    });
}

fn lost(model: &mut Model, reason: String) {
    let is_news = model
        .watch
        .as_ref()
        .is_some_and(|watch| watch.lost.as_ref() != Some(&reason));
    if is_news {
        model.notice = Some(notice(Role::Warning, server_lost_text(&reason)));
    }
    with_watch(model, |watch| watch.lost = Some(reason));
}

/// Loads from the start, unless the user is in the middle of something that a new plan would end.
fn outdated(model: &mut Model) -> Effects {
    let waits = matches!(model.screen, Screen::Failed(_) | Screen::Review(_));
    if waits && !blocks(model) {
        return super::task::replan_with(model, None);
    }
    Effects::new()
}

/// Returns the effect that has a newer plan used, once nothing on the screen depends on the present one.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    let free = matches!(model.screen, Screen::Review(_)) && !blocks(model);
    let pending = model.watch.as_mut()?.pending.as_mut()?;
    if !free || pending.asked {
        return None;
    }
    pending.asked = true;
    Some(Effect::TakePlan(pending.number))
}

/// Whether a dialog is open that says what happens to the present plan.
fn blocks(model: &Model) -> bool {
    matches!(
        model.overlay,
        Some(Overlay::Confirm(_) | Overlay::Adopt(_) | Overlay::Push(_) | Overlay::Ignore(_))
    )
}

/// Shows the pending plan, now that the workbench uses it.
pub(super) fn taken(model: &mut Model, number: u64, taken: bool) {
    let Some(watch) = &mut model.watch else { return };
    let Some(pending) = watch.pending.take_if(|pending| pending.number == number) else {
        return;
    };
    let Screen::Review(review) = &mut model.screen else {
        return;
    };
    // The workbench has a newer one already, which is about to arrive.
    if !taken {
        return;
    }
    let different = differences(&review.board.plan, &pending.loaded.plan);
    let took = pending.loaded.took_ms;
    if review.show(*pending.loaded) && (different > 0 || pending.cause == WatchCause::Files) {
        let text = changed_text(pending.cause == WatchCause::Server, different, took);
        model.notice = Some(notice(Role::Plain, text));
    }
}

/// Returns the number of rows that are in one of the plans only, or are not the same in both.
fn differences(before: &Plan, after: &Plan) -> usize {
    let is_same = |(row, known): &(&Row, Option<&Row>)| known.is_some_and(|known| known.does_the_same(row));
    let same = after.rows_since(before).filter(is_same).count();
    before.rows.len().max(after.rows.len()) - same
}

/// Has the server read again when the user comes back to the terminal.
pub(super) fn focused(model: &mut Model) -> Effects {
    let now = model.now_ms;
    match &model.watch {
        Some(watch) if watch.server_age(now) >= FRESH => vec![Effect::ReadServer],
        _ => Effects::new(),
    }
}

/// Whether the files are broken, so that the plan on the screen is not theirs.
pub(super) fn is_broken(model: &Model) -> bool {
    model.watch.as_ref().is_some_and(|watch| watch.broken.is_some())
}

/// Lays the detail out again, where diagnostics were in its place.
fn forget_detail(model: &mut Model) {
    if let Some(board) = model.board_mut() {
        board.detail.forget();
    }
}

//! What the terminal is told beside the frames: its title, and a notice when a long run has ended.

use crate::show::announce::{end_notice, run_title_text, title_text};
use crate::tui::message::Effect;
use crate::tui::model::Model;
use crate::tui::screen::{RunScreen, Screen};

/// The time in milliseconds from which on a run is long: somebody may have looked away.
const LONG_MS: u64 = 10_000;

/// Returns what to tell the terminal, if it is another title than before.
pub(super) fn title(model: &mut Model) -> Option<Effect> {
    if !model.look.announces {
        return None;
    }
    let title = match &model.screen {
        Screen::Run(run) if run.has_ended() => run_title_text(run.has_trouble(), &target(run)),
        Screen::Run(run) => {
            let tally = run.progress.tally();
            title_text((tally.ended() * 100).checked_div(tally.total), &target(run))
        }
        _ => title_text(None, &model.board()?.facts.title.organization),
    };
    if model.announced_title.as_ref() == Some(&title) {
        return None;
    }
    model.announced_title = Some(title.clone());
    Some(Effect::Title(title))
}

/// Returns the notice that a run has ended, if it took long.
pub(super) fn end(model: &Model) -> Option<Effect> {
    let Screen::Run(run) = &model.screen else { return None };
    let is_long = run.elapsed(model.now_ms) >= LONG_MS;
    (model.look.announces && is_long).then(|| Effect::Announce(end_notice(&run.progress, &target(run))))
}

fn target(run: &RunScreen) -> String {
    run.board.facts.title.organization.clone()
}

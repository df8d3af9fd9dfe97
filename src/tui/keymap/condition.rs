//! Whether an action does something now: its key is named in the footer only then.

use crate::plan::{Row, Verb};
use crate::tui::board::{Board, Focus};
use crate::tui::model::Model;
use crate::tui::screen::{Overlay, Screen};

pub(super) fn has_rows(model: &Model) -> bool {
    model.board().is_some_and(|board| !board.plan.rows.is_empty())
}

pub(super) fn has_warning(model: &Model) -> bool {
    model
        .board()
        .is_some_and(|board| board.plan.rows.iter().any(Row::needs_attention))
}

pub(super) fn has_failures(model: &Model) -> bool {
    matches!(&model.screen, Screen::Run(run) if run.has_failures())
}

pub(super) fn on_row(model: &Model) -> bool {
    model.board().is_some_and(|board| board.row().is_some())
}

pub(super) fn can_edit(model: &Model) -> bool {
    if let Some(failure) = model.watch.as_ref().and_then(|watch| watch.broken.as_ref()) {
        return failure.origin.is_some();
    }
    match &model.screen {
        Screen::Failed(failed) => failed.origin.is_some(),
        screen => {
            let row = screen.board().and_then(|board| board.row());
            row.is_some_and(|row| row.origin.is_some())
        }
    }
}

/// Whether the row, or one of a marked range, can be marked for deletion, or is. What is below the row does not count: a
/// deletion cannot be restored from files.
pub(super) fn on_drift(model: &Model) -> bool {
    let Some(board) = model.board() else { return false };
    let is_drift = |row: &Row| {
        let only_there = matches!(row.verb, Verb::Drift | Verb::Delete) || row.has_field_drift();
        only_there || board.prune.contains(&row.address)
    };
    if board.range_from.is_some() {
        return chosen_rows(model).any(is_drift);
    }
    board.row().is_some_and(is_drift)
}

/// Whether the row, or one that the cursor covers, is anything that the server has and the files have not.
pub(super) fn on_any_drift(model: &Model) -> bool {
    chosen_rows(model).any(Row::has_drift)
}

/// Whether the row, or one that the cursor covers, is anything that the files could take over from the server.
pub(super) fn on_difference(model: &Model) -> bool {
    chosen_rows(model).any(Row::differs_on_server)
}

fn chosen_rows(model: &Model) -> impl Iterator<Item = &Row> {
    let rows = |board: &Board| board.chosen_rows().into_iter().collect::<Vec<_>>();
    let board = model.board();
    let indices = board.map(rows).unwrap_or_default();
    indices.into_iter().filter_map(move |index| board?.plan.rows.get(index))
}

/// Whether there is anything to apply.
pub(super) fn has_choice(model: &Model) -> bool {
    model
        .board()
        .is_some_and(|board| board.plan.rows.iter().any(Row::writes))
}

/// Whether the key that selects does something: on drift it shows how to select it for deletion.
pub(super) fn can_select(model: &Model) -> bool {
    has_choice(model) || on_drift(model)
}

/// Whether secrets can be pushed: the review of a plan whose files use some.
pub(super) fn can_push(model: &Model) -> bool {
    let reviews = matches!(model.screen, Screen::Review(_));
    let has_secrets = |board: &Board| board.facts.pull.is_none() && !board.facts.secrets.is_empty();
    reviews && model.board().is_some_and(has_secrets)
}

/// Whether what was asked for last is not what was planned last.
pub(super) fn has_former_scope(model: &Model) -> bool {
    model.scope != model.planned_scope
}

/// Whether the page can be closed: not while it waits for what it cannot take back.
pub(super) fn can_close(model: &Model) -> bool {
    model.awaits().is_none()
}

pub(super) fn push_creates(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Push(page)) if page.creates())
}

pub(super) fn push_replaces(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Push(page)) if page.can_replace())
}

pub(super) fn can_go_back(model: &Model) -> bool {
    model.board().is_some_and(|board| {
        let filters = !board.outline.filters().query.is_empty();
        board.focus == Focus::Detail || board.zoom || filters || board.range_from.is_some()
    })
}

//! Changes what is shown: filters of the tree, folds, the layout of the panes.

use tui_input::Input;

use crate::show::Role;
use crate::show::pane::{context_text, equal_rows_text};
use crate::tui::action::ViewOption;
use crate::tui::board::{Board, Focus};
use crate::tui::message::notice;
use crate::tui::model::Model;
use crate::tui::outline::RowKind;
use crate::tui::screen::{Overlay, RunScreen, Screen};
use crate::tui::tree::{Arrangement, NodeId};

pub(super) fn handle(model: &mut Model, action: ViewOption) {
    match action {
        ViewOption::Log => on_run(model, toggle_log),
        ViewOption::Follow => on_run(model, |run| run.follow = !run.follow),
        ViewOption::ChangesOnly => changes_only(model),
        ViewOption::Kind(kind) => toggle_kind(model, kind),
        ViewOption::Filter => open_line(model),
        ViewOption::MoreContext => change_context(model, true),
        ViewOption::LessContext => change_context(model, false),
        ViewOption::LineNumbers => line_numbers(model),
        ViewOption::EqualChanges => equal_changes(model),
        _ => {
            if let Some(board) = model.board_mut() {
                on_board(board, action);
            }
        }
    }
}

fn on_board(board: &mut Board, action: ViewOption) {
    match action {
        ViewOption::UnfoldAll => board.outline.fold_all(&board.plan, false),
        ViewOption::FoldAll => board.outline.fold_all(&board.plan, true),
        ViewOption::SideBySide => board.detail.toggle_side(),
        ViewOption::Zoom => zoom(board),
        _ => {}
    }
}

/// Opens the line of the pane that has the keys: the filter of the tree, or the search of the detail.
fn open_line(model: &mut Model) {
    let shows_log = matches!(&model.screen, Screen::Run(run) if run.log_open);
    let Some(board) = model.board_mut() else { return };
    if board.focus == Focus::Detail && !shows_log {
        // What was searched for before stays until something else is typed.
        board.search = Some(Input::default());
    } else {
        board.focus = Focus::Tree;
        board.filter = Some(Input::new(board.outline.filters().query.clone()));
    }
}

/// Switches the zoom. From the tree it shows the detail alone.
fn zoom(board: &mut Board) {
    board.zoom = !board.zoom;
    if board.zoom {
        board.focus = Focus::Detail;
    }
}

fn on_run(model: &mut Model, change: impl FnOnce(&mut RunScreen)) {
    if let Screen::Run(run) = &mut model.screen {
        change(run);
    }
}

fn toggle_log(run: &mut RunScreen) {
    run.log_open = !run.log_open;
    // The log opens at its newest entry.
    run.log_back = 0;
    // The log is scrolled with the keys of the pane that it replaces.
    run.board.focus = if run.log_open { Focus::Detail } else { Focus::Tree };
}

fn changes_only(model: &mut Model) {
    let Some(board) = model.board_mut() else { return };
    board
        .outline
        .change_filters(&board.plan, |filters| filters.changes_only = !filters.changes_only);
    let text = if board.outline.filters().changes_only {
        "changes only"
    } else {
        "everything"
    };
    model.notice = Some(notice(Role::Dim, text));
}

fn toggle_kind(model: &mut Model, kind: RowKind) {
    let Some(board) = model.board_mut() else { return };
    board.outline.change_filters(&board.plan, |filters| {
        if !filters.hidden.remove(&kind) {
            filters.hidden.insert(kind);
        }
    });
    let is_hidden = board.outline.filters().hidden.contains(&kind);
    let state = if is_hidden { "hidden" } else { "shown" };
    model.notice = Some(notice(Role::Dim, format!("{}: {state}", kind.word())));
}

fn change_context(model: &mut Model, more: bool) {
    let Some(board) = model.board_mut() else { return };
    board.detail.change_context(more);
    let text = context_text(board.detail.style().context_lines());
    model.notice = Some(notice(Role::Dim, text));
}

/// Switches between the usual arrangement of rows and the one by equal changes.
fn equal_changes(model: &mut Model) {
    let Some(board) = model.board_mut() else { return };
    let usual = Arrangement::of(board.facts.pull.is_some());
    let is_usual = board.outline.tree().arrangement() == usual;
    let next = if is_usual { Arrangement::ByChange } else { usual };
    board.range_from = None;
    board.outline = board.outline.arranged(&board.plan, next);
    let text = if is_usual {
        equal_rows_text(equal_rows(board))
    } else {
        "rows are where they belong".to_owned()
    };
    model.notice = Some(notice(Role::Dim, text));
}

/// Returns the number of rows in groups of equal changes.
fn equal_rows(board: &Board) -> usize {
    let tree = board.outline.tree();
    let groups = (0..tree.nodes().len()).filter(|index| matches!(tree.nodes()[*index].id, NodeId::Same(_)));
    groups.map(|index| tree.rows(index).count()).sum()
}

fn line_numbers(model: &mut Model) {
    let Some(board) = model.board_mut() else { return };
    let text = if board.detail.toggle_numbers() {
        "line numbers: shown"
    } else {
        "line numbers: hidden"
    };
    model.notice = Some(notice(Role::Dim, text));
}

/// Applies what is being typed: the list of the palette, the filter of the tree, or the search of the detail.
pub(super) fn apply_typed(model: &mut Model) {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        return palette.narrow();
    }
    let height = model.detail_rows();
    let Some(board) = model.board_mut() else { return };
    match &board.search {
        Some(input) if board.filter.is_none() => {
            let query = input.value().to_owned();
            board.detail.search(&query, height);
        }
        _ => apply_filter(board),
    }
}

fn apply_filter(board: &mut Board) {
    let Some(input) = &board.filter else { return };
    let query = input.value().to_owned();
    board
        .outline
        .change_filters(&board.plan, |filters| filters.query = query);
    board.outline.go_to_match();
}

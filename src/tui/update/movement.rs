//! Moves through the tree, the detail, the log and the lists of dialogs.

use crate::plan::Row;
use crate::resource::Address;
use crate::show::Role;
use crate::show::pane::found_text;
use crate::tui::action::Movement;
use crate::tui::board::{Board, Focus};
use crate::tui::layout::Layout;
use crate::tui::message::notice;
use crate::tui::model::Model;
use crate::tui::screen::{Overlay, Page, RunScreen, Screen};

pub(super) fn handle(model: &mut Model, action: Movement) {
    let height = page_rows(model);
    if let Some(by) = distance(action, height) {
        return move_by(model, by);
    }
    if jumps_in_detail(model, action) {
        return jump(model, action);
    }
    stop_following(model);
    match action {
        Movement::NextChange => seek(model, false, "no row changes", |row| row.verb.changes()),
        Movement::PreviousChange => seek(model, true, "no row changes", |row| row.verb.changes()),
        Movement::NextWarning => next_warning(model),
        Movement::NextUnseen => next_unseen(model),
        _ => {
            if let Some(board) = model.board_mut() {
                move_in_board(board, action);
            }
        }
    }
}

/// Whether an action goes to a place within the detail. `n` and `N` do while the detail has the keys and is searched.
fn jumps_in_detail(model: &Model, action: Movement) -> bool {
    let searches = |board: &Board| board.focus == Focus::Detail && !board.detail.query().is_empty();
    match action {
        Movement::NextHit | Movement::PreviousHit | Movement::NextHunk | Movement::PreviousHunk => true,
        Movement::NextChange | Movement::PreviousChange => model.board().is_some_and(searches),
        _ => false,
    }
}

fn jump(model: &mut Model, action: Movement) {
    let height = model.detail_rows();
    let Some(board) = model.board_mut() else { return };
    let back = matches!(
        action,
        Movement::PreviousHit | Movement::PreviousHunk | Movement::PreviousChange
    );
    let text = match action {
        Movement::NextHunk | Movement::PreviousHunk if board.detail.next_hunk(back, height) => return,
        Movement::NextHunk => "no further hunk".to_owned(),
        Movement::PreviousHunk => "no hunk before this one".to_owned(),
        _ => {
            let current = board.detail.next_hit(back, height);
            found_text(current, board.detail.hits().len())
        }
    };
    model.notice = Some(notice(Role::Dim, text));
}

/// Returns the number of lines of one page. The last line of a page is the first one of the next, so that the eye does not
/// lose the context; without a frame it is covered by the number of lines that follow.
fn page_rows(model: &Model) -> isize {
    let layout = model.layout();
    if let Some(page) = model.page() {
        let list = layout.page(page.head_rows(layout.header.width)).list;
        return isize::try_from(list.height.max(2) - 1).unwrap_or(1);
    }
    let focus = model.board().map_or(Focus::Tree, |board| board.focus);
    let pane = match focus {
        Focus::Tree => layout.tree,
        Focus::Detail => layout.detail,
    };
    isize::try_from(pane.unwrap_or(layout.body).height.max(2) - 1).unwrap_or(1)
}

fn distance(action: Movement, page: isize) -> Option<isize> {
    match action {
        Movement::Up => Some(-1),
        Movement::Down => Some(1),
        Movement::PageUp => Some(-page),
        Movement::PageDown => Some(page),
        Movement::First => Some(isize::MIN / 2),
        Movement::Last => Some(isize::MAX / 2),
        _ => None,
    }
}

pub(super) fn move_by(model: &mut Model, by: isize) {
    let layout = model.layout();
    match (&mut model.overlay, &mut model.screen) {
        (Some(Overlay::Palette(palette)), _) => palette.step(by),
        (Some(Overlay::Secrets(sheet)), _) => {
            let (columns, rows) = layout.list_size();
            sheet.scroll_by(by, columns, rows);
        }
        (Some(Overlay::Confirm(page)), _) => scroll_page(page.as_mut(), &layout, by),
        (Some(Overlay::Adopt(page)), _) => scroll_page(page.as_mut(), &layout, by),
        (Some(Overlay::Push(page)), _) => scroll_page(page.as_mut(), &layout, by),
        (Some(Overlay::Leave | Overlay::Ignore(_)), _) | (None, Screen::Loading(_)) => {}
        (None, Screen::Failed(failed)) => {
            failed.diagnostics.scroll_by(by, layout.body.width, layout.body.height);
        }
        (None, Screen::Run(run)) if run.log_open && run.board.focus == Focus::Detail => scroll_log(run, by),
        (None, _) => move_board_by(model, by),
    }
}

fn scroll_page(page: &mut dyn Page, layout: &Layout, by: isize) {
    let list = layout.page(page.head_rows(layout.header.width)).list;
    page.list_mut().scroll_by(by, list.width, list.height);
}

/// Scrolls the log. Its position is counted from the end, because it grows there.
pub(super) fn scroll_log(run: &mut RunScreen, by: isize) {
    let last = run.log.len().saturating_sub(1);
    run.log_back = run.log_back.saturating_add_signed(by.saturating_neg()).min(last);
}

fn move_board_by(model: &mut Model, by: isize) {
    stop_following(model);
    let layout = model.layout();
    let Some(board) = model.board_mut() else { return };
    match board.focus {
        Focus::Tree => board.outline.step(by),
        Focus::Detail => {
            let height = layout.detail.unwrap_or(layout.body).height;
            board.detail.scroll_by(by, usize::from(height));
        }
    }
}

/// Lets the cursor stay where the user moves it, instead of jumping to the row that is applied next.
fn stop_following(model: &mut Model) {
    if let Screen::Run(run) = &mut model.screen
        && run.board.focus == Focus::Tree
    {
        run.follow = false;
    }
}

fn move_in_board(board: &mut Board, action: Movement) {
    match action {
        Movement::Left => left(board),
        Movement::Right => right(board),
        Movement::Open => open(board),
        Movement::OtherPane => {
            board.focus = match board.focus {
                Focus::Tree => Focus::Detail,
                Focus::Detail => Focus::Tree,
            };
        }
        Movement::Back => back(board),
        _ => {}
    }
}

/// Returns whether the node at the cursor has children, and whether it hides them.
fn current(board: &Board) -> (bool, bool) {
    let index = board.outline.current_index().unwrap_or(0);
    (board.outline.tree().has_children(index), board.outline.is_folded(index))
}

fn left(board: &mut Board) {
    let (has_children, folded) = current(board);
    if board.focus == Focus::Detail {
        board.focus = Focus::Tree;
    } else if has_children && !folded {
        board.outline.set_fold(&board.plan, true);
    } else {
        board.outline.ascend();
    }
}

fn right(board: &mut Board) {
    match current(board) {
        (true, true) => board.outline.set_fold(&board.plan, false),
        (true, false) => board.outline.step(1),
        (false, _) => board.focus = Focus::Detail,
    }
}

fn open(board: &mut Board) {
    match (board.focus, current(board)) {
        (Focus::Tree, (true, folded)) => board.outline.set_fold(&board.plan, !folded),
        (Focus::Tree, (false, _)) => board.focus = Focus::Detail,
        (Focus::Detail, _) => board.focus = Focus::Tree,
    }
}

/// Leaves one thing at a time: the marked range, the search, the zoom, the detail, the filter.
fn back(board: &mut Board) {
    if board.focus == Focus::Tree && board.range_from.take().is_some() {
        return;
    }
    if board.focus == Focus::Detail && !board.detail.query().is_empty() {
        board.detail.search("", 0);
    } else if board.zoom {
        board.zoom = false;
    } else if board.focus == Focus::Detail {
        board.focus = Focus::Tree;
    } else {
        board
            .outline
            .change_filters(&board.plan, |filters| filters.query.clear());
    }
}

fn seek(model: &mut Model, back: bool, otherwise: &str, wanted: impl Fn(&Row) -> bool) {
    let found = model.board_mut().is_some_and(|board| {
        // With only one pane on the screen, the pane that the user looks at stays.
        board.focus = if board.zoom { board.focus } else { Focus::Tree };
        board.outline.seek(&board.plan, back, wanted)
    });
    if !found {
        model.notice = Some(notice(Role::Dim, otherwise));
    }
}

/// Moves to the next row that is new since the user has looked, else to the next one that was not looked at.
fn next_unseen(model: &mut Model) {
    let Some(board) = model.board() else { return };
    let looked = board.looked.clone();
    if looked.fresh.is_empty() {
        seek(model, false, "every row was looked at", |row| looked.misses(row));
    } else {
        seek(model, false, "nothing is new", |row| {
            looked.fresh.contains(&row.address)
        });
    }
}

/// Moves to the next failure of a run, else to the next warning.
fn next_warning(model: &mut Model) {
    let failed: Vec<Address> = match &model.screen {
        Screen::Run(run) => run.failures().cloned().collect(),
        _ => Vec::new(),
    };
    if failed.is_empty() {
        seek(model, false, "no warnings", Row::needs_attention);
    } else {
        seek(model, false, "no failures", |row| failed.contains(&row.address));
    }
}

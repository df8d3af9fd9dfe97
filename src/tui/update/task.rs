//! Actions that need something outside the screen: planning again, retrying, the editor, the clipboard.

use std::collections::BTreeSet;

use crate::plan::{Change, Row};
use crate::resource::{Address, Origin};
use crate::show::{Line, Role};
use crate::tui::action::Task;
use crate::tui::board::{Board, Focus};
use crate::tui::message::{EditRequest, Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{AfterLoading, LoadingScreen, RunScreen, Screen};
use crate::tui::workbench::LoadRequest;

pub(super) fn handle(model: &mut Model, action: Task) -> Effects {
    match action {
        Task::Replan => replan_with(model, None),
        Task::Retry => retry(model),
        Task::FormerScope => {
            model.scope = model.planned_scope.clone();
            replan_in_scope(model)
        }
        Task::Edit => edit(model),
        Task::Copy => copy(model),
        Task::CopyText => copy_text(model),
    }
}

/// Reads and plans again. Folds, filters, cursor and deselected rows stay. The message is shown with the new plan.
pub(super) fn replan_with(model: &mut Model, message: Option<Line>) -> Effects {
    let after = match model.take_screen() {
        Screen::Review(review) => AfterLoading::Again {
            without: review.left_out(),
            board: Box::new(review.board),
            keeps_marks: true,
            message,
        },
        Screen::Run(run) => {
            model.runs.extend(run.record());
            AfterLoading::Again {
                board: Box::new(run.board),
                without: BTreeSet::new(),
                // They were made for the run that has ended.
                keeps_marks: false,
                message,
            }
        }
        Screen::Failed(failed) => failed.after.saying(message),
        // The files are being read already.
        Screen::Loading(loading) => {
            model.screen = Screen::Loading(loading);
            return Effects::new();
        }
    };
    load(model, after)
}

/// Reads and plans again with the scope of the model. Marks for deletion were made for another plan.
pub(super) fn replan_in_scope(model: &mut Model) -> Effects {
    let mut effects = replan_with(model, None);
    if let Screen::Loading(loading) = &mut model.screen
        && let AfterLoading::Again { keeps_marks, .. } = &mut loading.after
    {
        *keeps_marks = false;
    }
    for effect in &mut effects {
        if let Effect::Load(request) = effect {
            request.prune = None;
        }
    }
    // Whoever follows files and server has to follow others now.
    if model.watch.is_some() {
        effects.push(Effect::Watch(true));
    }
    effects
}

/// Plans again, because the run has changed the server, and selects only the rows that were not applied.
fn retry(model: &mut Model) -> Effects {
    match model.take_screen() {
        Screen::Run(run) => {
            let not_applied = not_applied(&run);
            model.runs.extend(run.record());
            let board = Box::new(run.board);
            load(model, AfterLoading::Retry { board, not_applied })
        }
        other => {
            model.screen = other;
            Effects::new()
        }
    }
}

/// Returns the rows that were not applied: all of the plan when the run could not begin.
fn not_applied(run: &RunScreen) -> BTreeSet<Address> {
    if run.progress.rows.is_empty() {
        return run.board.plan.rows.iter().map(|row| row.address.clone()).collect();
    }
    run.not_applied()
}

/// Opens the file of the row, in the tree at its declaration, in the detail at the field on the screen.
fn edit(model: &mut Model) -> Effects {
    if let Screen::Failed(failed) = &model.screen {
        // Without a plan, the secrets of the previous one are the only ones that are known.
        let board = failed.after.board();
        let request = |origin| EditRequest {
            origin,
            hidden_variables: board.map(secret_names).unwrap_or_default(),
        };
        return failed
            .origin
            .clone()
            .map(|origin| Effect::Edit(request(origin)))
            .into_iter()
            .collect();
    }
    let Some(board) = model.board() else {
        return Effects::new();
    };
    if let Some(failure) = model.watch.as_ref().and_then(|watch| watch.broken.as_ref()) {
        let origin = failure.origin.clone();
        let request = origin.map(|origin| EditRequest {
            origin,
            hidden_variables: secret_names(board),
        });
        return request.map(Effect::Edit).into_iter().collect();
    }
    let Some(row) = board.row() else {
        return Effects::new();
    };
    let field = board.detail.field_in_view().filter(|_| board.focus == Focus::Detail);
    let change = field.and_then(|field| row.changes.iter().find(|change| change.path.to_string() == field));
    let origin = change.and_then(|change| origin_in_view(board, row, change));
    let Some(origin) = origin.or_else(|| row.origin.clone()) else {
        return Effects::new();
    };
    vec![Effect::Edit(EditRequest {
        origin,
        hidden_variables: secret_names(board),
    })]
}

fn secret_names(board: &Board) -> Vec<String> {
    board.facts.secrets.iter().map(|secret| secret.name.clone()).collect()
}

/// Returns the location of a change: in a text file of its own the line on the screen, else the key in the config file.
fn origin_in_view(board: &Board, row: &Row, change: &Change) -> Option<Origin> {
    let mut origin = change.origin.clone()?;
    let has_own_file = row.origin.as_ref().is_none_or(|row| row.file != origin.file);
    let is_text = change.after.as_ref().is_some_and(|after| after.as_str().is_some());
    if has_own_file && is_text {
        // The origin of such a text is the first line of its file.
        let line = board.detail.file_line_in_view(&change.path.to_string());
        origin.line += line.map_or(0, |line| line.saturating_sub(1));
    }
    Some(origin)
}

fn copy(model: &mut Model) -> Effects {
    let Some(address) = model
        .board()
        .and_then(|board| board.row())
        .map(|row| row.address.to_string())
    else {
        return Effects::new();
    };
    model.notice = Some(notice(Role::Dim, format!("copied {address}")));
    vec![Effect::Copy(address)]
}

fn copy_text(model: &mut Model) -> Effects {
    let Some(board) = model.board() else {
        return Effects::new();
    };
    let text = board.detail.text();
    let lines = text.lines().count();
    model.notice = Some(notice(Role::Dim, format!("copied {lines} lines")));
    vec![Effect::Copy(text)]
}

/// Switches to the loading screen. The caller decides what happens with the plan.
fn load(model: &mut Model, after: AfterLoading) -> Effects {
    let request = LoadRequest {
        scope: model.scope.clone(),
        ..after.request()
    };
    model.overlay = None;
    model.screen = Screen::Loading(Box::new(LoadingScreen::new(model.now_ms, after)));
    vec![Effect::Load(request)]
}

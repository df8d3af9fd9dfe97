//! Selects rows to apply, and marks drift for deletion.

use std::collections::BTreeSet;

use crate::plan::{Mark, Row, Verb};
use crate::resource::Address;
use crate::show::Role;
use crate::show::row::row_name;
use crate::show::selection::{implied_text, more_implied_text, selected_text};
use crate::show::word::plural;
use crate::tui::action::Select;
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{Review, Screen};

pub(super) fn handle(model: &mut Model, action: Select) -> Effects {
    let Screen::Review(review) = &mut model.screen else {
        return Effects::new();
    };
    let (text, effects) = match action {
        Select::Toggle => (toggle(review), Effects::new()),
        Select::ToggleAll => (Some(toggle_all(review)), Effects::new()),
        Select::Delete => delete(review),
        Select::Range => (Some(range(review)), Effects::new()),
        Select::Invert => (Some(invert(review)), Effects::new()),
        Select::WithoutRestarts => (Some(without_restarts(review)), Effects::new()),
        Select::Undo => (Some(undo(review)), Effects::new()),
        Select::Redo => (Some(redo(review)), Effects::new()),
    };
    model.notice = text.map(|text| notice(Role::Plain, text));
    effects
}

fn toggle(review: &mut Review) -> Option<String> {
    let here = review.board.chosen_rows();
    review.board.range_from = None;
    if here.iter().all(|row| review.mark(*row) == Mark::Nothing) {
        return Some(nothing_to_select(review));
    }
    let before = review.selection.implied.len();
    let plan = &review.board.plan;
    let rows: Vec<Row> = here.iter().filter_map(|row| plan.rows.get(*row)).cloned().collect();
    review.toggle(&rows);
    // A row that was deselected is still written when a selected one needs it.
    match rows.iter().find(|row| review.selection.mark(row) == Mark::Implied) {
        Some(row) => Some(stays_because(review, row)),
        None => added_rows(review, before),
    }
}

/// Returns why a row that was deselected is applied all the same.
fn stays_because(review: &Review, row: &Row) -> String {
    let needed_by = review.selection.needed_by(&review.board.plan, &row.address);
    implied_text(&row.address, &needed_by.unwrap_or(row).address)
}

/// Returns which rows were added because selected ones need them; `before` is the number of such rows before the change.
fn added_rows(review: &Review, before: usize) -> Option<String> {
    let implied = review.selection.implied.len();
    let mut rows = review.board.plan.rows.iter();
    let first = rows.find(|row| review.selection.mark(row) == Mark::Implied)?;
    match implied.saturating_sub(before) {
        0 => None,
        // Only when it is the only one is `first` the row that was added.
        1 if implied == 1 => Some(stays_because(review, first)),
        more => Some(more_implied_text(more)),
    }
}

fn name(row: &Row) -> String {
    row_name(&row.address)
}

fn nothing_to_select(review: &Review) -> String {
    match review.board.row() {
        Some(row) if row.verb == Verb::Drift => {
            format!(
                "{} is only on the server and left alone; `u` adopts it, `i` ignores it, `D` selects it for deletion",
                name(row)
            )
        }
        Some(row) if row.has_field_drift() => {
            "fields that only the server has are left alone; `u` adopts, `i` ignores, `D` clears them".to_owned()
        }
        Some(row) => format!("{} is unchanged: nothing to apply", name(row)),
        None => "nothing to apply here".to_owned(),
    }
}

fn toggle_all(review: &mut Review) -> String {
    let rows = filtered(review);
    let is_part = rows.len() < review.board.plan.rows.iter().filter(|row| row.writes()).count();
    let selects = review.toggle(&rows);
    let rows = plural(rows.len(), "row", "rows");
    match (selects, is_part) {
        (true, false) => format!("all {} selected", review.selection.selected.len()),
        (false, false) => "nothing selected".to_owned(),
        (true, true) => format!("{rows} that the filter leaves selected"),
        (false, true) => format!("{rows} that the filter leaves deselected"),
    }
}

/// Returns the rows that write and that the filters leave.
fn filtered(review: &Review) -> Vec<Row> {
    let board = &review.board;
    let rows = board.plan.rows.iter().enumerate();
    let rows = rows.filter(|(index, row)| row.writes() && board.outline.passes(&board.plan, *index));
    rows.map(|(_, row)| row.clone()).collect()
}

/// Selects what is not selected of what the filters leave, and deselects the rest of it.
fn invert(review: &mut Review) -> String {
    let rows = filtered(review);
    let addresses: BTreeSet<Address> = rows.into_iter().map(|row| row.address).collect();
    let selected = review
        .selection
        .selected
        .symmetric_difference(&addresses)
        .cloned()
        .collect();
    review.select(selected);
    count_text(review)
}

/// Selects these rows, and nothing else.
pub(super) fn select_only(model: &mut Model, rows: BTreeSet<Address>) {
    change(model, |_| rows);
}

/// Deselects these rows.
pub(super) fn leave_out(model: &mut Model, rows: &BTreeSet<Address>) {
    change(model, |selected| selected.difference(rows).cloned().collect());
}

fn change(model: &mut Model, next: impl FnOnce(&BTreeSet<Address>) -> BTreeSet<Address>) {
    let Screen::Review(review) = &mut model.screen else {
        return;
    };
    let selected = next(&review.selection.selected);
    review.select(selected);
    model.notice = Some(notice(Role::Plain, count_text(review)));
}

/// Deselects what restarts a platform. One that another selected row needs is applied all the same.
fn without_restarts(review: &mut Review) -> String {
    let rows = review.board.plan.rows.iter();
    let calm = rows
        .filter(|row| !row.restarts() && !row.may_restart())
        .map(|row| row.address.clone());
    let calm: BTreeSet<Address> = calm.collect();
    let selected = review.selection.selected.intersection(&calm).cloned().collect();
    review.select(selected);
    format!("nothing that restarts: {}", count_text(review))
}

fn undo(review: &mut Review) -> String {
    if review.undo() {
        format!("taken back: {}", count_text(review))
    } else if review.board.prune.is_empty() {
        "there is nothing to take back".to_owned()
    } else {
        "there is nothing to take back; `D` on a row takes its mark for deletion back".to_owned()
    }
}

fn redo(review: &mut Review) -> String {
    if review.redo() {
        format!("made again: {}", count_text(review))
    } else {
        "nothing was taken back".to_owned()
    }
}

fn count_text(review: &Review) -> String {
    selected_text(review.selection.counts(&review.board.plan))
}

/// Begins a range at the cursor, or ends it.
fn range(review: &mut Review) -> String {
    let board = &mut review.board;
    board.range_from = match board.range_from.take() {
        Some(_) => None,
        None => board.outline.current().map(|node| node.id.clone()),
    };
    match board.range_from {
        Some(_) => "a range begins here: move, then `space`, `D`, `u` or `i`; esc ends it".to_owned(),
        None => "no range is marked".to_owned(),
    }
}

/// Marks all drift of a range for deletion, or takes the marks back where all of it is marked.
fn delete_range(review: &mut Review) -> (Option<String>, Effects) {
    let board = &mut review.board;
    let rows = board.chosen_rows().into_iter().map(|index| &board.plan.rows[index]);
    let (marked, rows): (Vec<&Row>, Vec<&Row>) = rows.partition(|row| board.prune.contains(&row.address));
    let drift = rows.into_iter().filter(|row| row.has_drift());
    let drift: Vec<Address> = drift.map(|row| row.address.clone()).collect();
    let marked: Vec<Address> = marked.into_iter().map(|row| row.address.clone()).collect();
    board.range_from = None;
    if drift.is_empty() {
        let text = match marked.len() {
            0 => "nothing in the range is only on the server".to_owned(),
            1 => "1 row is left alone".to_owned(),
            rows => format!("{rows} rows are left alone"),
        };
        board.prune.retain(|address| !marked.contains(address));
        let effects = if marked.is_empty() {
            Effects::new()
        } else {
            vec![Effect::Replan(board.prune.clone())]
        };
        return (Some(text), effects);
    }
    let text = format!(
        "what only the server has in {} is deleted when you apply; `D` on a row leaves it alone",
        plural(drift.len(), "row", "rows")
    );
    review.wanted.extend(drift.iter().cloned());
    review.board.prune.extend(drift);
    (Some(text), vec![Effect::Replan(review.board.prune.clone())])
}

/// Marks one row for deletion, or those of a range, never a heading or a whole tree: what only the server has cannot be
/// restored from files.
fn delete(review: &mut Review) -> (Option<String>, Effects) {
    if review.board.range_from.is_some() {
        return delete_range(review);
    }
    let Some(row) = review.board.row() else {
        return (None, Effects::new());
    };
    let (address, name, what) = (row.address.clone(), name(row), deletes(row));
    let is_drift = row.has_drift();
    let text = if review.board.prune.remove(&address) {
        format!("{name} is left alone")
    } else if is_drift {
        review.board.prune.insert(address.clone());
        review.wanted.insert(address.clone());
        format!("{what} when you apply; `D` again leaves it alone")
    } else {
        return (Some(nothing_to_delete(&address, &name)), Effects::new());
    };
    (Some(text), vec![Effect::Replan(review.board.prune.clone())])
}

/// Returns what applying deletes once the row is marked.
fn deletes(row: &Row) -> String {
    if row.verb == Verb::Drift {
        format!("{} is deleted", name(row))
    } else {
        format!("what only the server has in {} is cleared", name(row))
    }
}

/// Returns why a deletion that the user did not mark cannot be taken back here.
fn nothing_to_delete(address: &Address, name: &str) -> String {
    match address.parent() {
        Some(_) => format!("{name} is deleted with its agent"),
        None => format!("{name} is deleted because of `--prune`; `space` leaves it out"),
    }
}

//! Selects rows to apply, and marks drift for deletion.

use crate::plan::{Row, Verb};
use crate::resource::Address;
use crate::show::Role;
use crate::show::row::row_name;
use crate::show::selection::{implied_text, more_implied_text};
use crate::tui::action::Select;
use crate::tui::choice::Mark;
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
    };
    model.notice = text.map(|text| notice(Role::Plain, text));
    effects
}

fn toggle(review: &mut Review) -> Option<String> {
    let rows = review.board.rows_here();
    if rows.iter().all(|row| review.choice.mark(*row) == Mark::Nothing) {
        return Some(nothing_to_select(review));
    }
    let (_, before, _) = review.choice.numbers();
    review.choice.toggle(rows.iter().copied());
    let stays = rows.iter().find(|row| review.choice.mark(**row) == Mark::Implied);
    match stays {
        Some(row) => Some(stays_because(review, *row)),
        None => implied_notice(review, before),
    }
}

/// Returns why a row stays selected that was just deselected.
fn stays_because(review: &Review, row: usize) -> String {
    let address = |row: usize| &review.board.plan.rows[row].address;
    let needed_by = review.choice.needed_by(row).map_or(row, |needed_by| needed_by);
    implied_text(address(row), address(needed_by))
}

fn implied_notice(review: &Review, before: usize) -> Option<String> {
    let (_, along, _) = review.choice.numbers();
    let more = along.saturating_sub(before);
    let first = (0..review.board.plan.rows.len()).find(|row| review.choice.mark(*row) == Mark::Implied)?;
    match more {
        0 => None,
        1 if along == 1 => Some(stays_because(review, first)),
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
                "{} is only on the server and left alone; `D` selects it for deletion",
                name(row)
            )
        }
        Some(row) if row.has_field_drift() => {
            "fields that only the server has are left alone; `D` selects them for deletion".to_owned()
        }
        Some(row) => format!("{} is unchanged: nothing to apply", name(row)),
        None => "nothing to apply here".to_owned(),
    }
}

fn toggle_all(review: &mut Review) -> String {
    let rows = 0..review.board.plan.rows.len();
    let selected = review.choice.toggle(rows);
    let (chosen, ..) = review.choice.numbers();
    if selected {
        format!("all {chosen} selected")
    } else {
        "nothing selected".to_owned()
    }
}

/// Marks one row for deletion, never a heading or a whole tree: what only the server has cannot be restored from files.
fn delete(review: &mut Review) -> (Option<String>, Effects) {
    let Some(row) = review.board.row() else {
        return (None, Effects::new());
    };
    let (address, name, what) = (row.address.clone(), name(row), deletes(row));
    let is_drift = row.verb == Verb::Drift || row.has_field_drift();
    let text = if review.board.prune.remove(&address) {
        format!("{name} is left alone")
    } else if is_drift {
        review.board.prune.insert(address.clone());
        review.wanted = Some(address.clone());
        format!("{what} when you apply; `D` again leaves it alone")
    } else {
        return (Some(nothing_to_delete(&address, &name)), Effects::new());
    };
    (Some(text), vec![Effect::Replan(review.board.prune.clone())])
}

fn deletes(row: &Row) -> String {
    if row.verb == Verb::Drift {
        format!("{} is deleted", name(row))
    } else {
        format!("what only the server has in {} is cleared", name(row))
    }
}

fn nothing_to_delete(address: &Address, name: &str) -> String {
    match address.parent() {
        Some(_) => format!("{name} is deleted with its agent"),
        None => format!("{name} is deleted because of `--prune`; `space` leaves it out"),
    }
}

//! Decides about drift: adopts it into the files, or ignores it for some time.

use std::collections::BTreeSet;

use crate::plan::{Change, Plan, Row, Verb};
use crate::resource::{Address, FieldPath};
use crate::show::Role;
use crate::tui::action::Desk;
use crate::tui::board::{Board, Focus};
use crate::tui::message::{Effect, Effects, notice};
use crate::tui::model::Model;
use crate::tui::screen::{AdoptPage, IgnorePage, Overlay, Screen};
use crate::tui::workbench::{AdoptRequest, Adoption, IgnoreRequest};

pub(super) fn handle(model: &mut Model, action: Desk) -> Effects {
    match action {
        Desk::Adopt => adopt(model),
        Desk::Ignore => ignore(model),
    }
}

/// Adopts what is chosen, after a page that shows it.
fn adopt(model: &mut Model) -> Effects {
    let Some((rows, field)) = chosen(model, Row::differs_on_server) else {
        let text = "nothing here differs from the server in a way that the files could take over";
        model.notice = Some(notice(Role::Plain, text));
        return Effects::new();
    };
    open(model, AdoptRequest { rows, field })
}

/// Opens the page of an adoption, and has its changes worked out.
pub(super) fn open(model: &mut Model, request: AdoptRequest) -> Effects {
    model.overlay = Some(Overlay::Adopt(Box::new(AdoptPage::new(request.clone()))));
    vec![Effect::Adopt(request)]
}

/// Opens the question why drift is ignored, or ends that it is.
fn ignore(model: &mut Model) -> Effects {
    let Some((rows, field)) = chosen(model, Row::has_drift) else {
        let text = "only what the server alone has, and `D` has not marked, can be ignored";
        model.notice = Some(notice(Role::Plain, text));
        return Effects::new();
    };
    let Some(board) = model.board() else {
        return Effects::new();
    };
    let is_open = |row: &Row| match &field {
        Some(field) => {
            let fields = row.changes.iter().filter(|change| change.path.starts_with(field));
            fields.into_iter().any(Change::is_open_drift)
        }
        None => row.is_open_drift() || row.has_open_field_drift(),
    };
    let is_ignored = !rows.iter().filter_map(|address| board.plan.row(address)).any(is_open);
    if is_ignored {
        let because = None;
        return vec![Effect::Ignore(IgnoreRequest { rows, field, because })];
    }
    let page = IgnorePage::new(rows, field, board.facts.ignore_until);
    model.overlay = Some(Overlay::Ignore(Box::new(page)));
    Effects::new()
}

/// Returns the rows that a key is about, as far as they are `wanted`: in the detail the row and the field on the screen, else
/// the marked range, or the row with what is below it. `None` when there are none.
fn chosen(model: &Model, wanted: impl Fn(&Row) -> bool) -> Option<(BTreeSet<Address>, Option<FieldPath>)> {
    let board = model.board()?;
    if board.focus == Focus::Detail {
        let row = board.row().filter(|row| wanted(row))?;
        return Some((BTreeSet::from([row.address.clone()]), field_in_view(board, row)));
    }
    let rows = board.chosen_rows().into_iter().map(|index| &board.plan.rows[index]);
    let rows: BTreeSet<Address> = rows.filter(|row| wanted(row)).map(|row| row.address.clone()).collect();
    (!rows.is_empty()).then_some((rows, None))
}

/// Returns the field on the screen. A row that only the server has is taken as a whole.
fn field_in_view(board: &Board, row: &Row) -> Option<FieldPath> {
    let is_whole = matches!(row.verb, Verb::Drift | Verb::Delete);
    let field = board.detail.field_in_view().filter(|_| !is_whole)?;
    Some(FieldPath::parse(field))
}

/// Shows what an adoption writes, unless its page was closed meanwhile, or another one was opened.
pub(super) fn adoption(model: &mut Model, request: &AdoptRequest, result: Result<Adoption, String>) {
    let Some(Overlay::Adopt(page)) = &mut model.overlay else {
        return;
    };
    if page.request() != request {
        return;
    }
    match result {
        Ok(adoption) => page.show(adoption),
        Err(message) => {
            model.overlay = None;
            model.notice = Some(notice(Role::Error, message));
        }
    }
}

/// Begins to write the adoption on the page.
pub(super) fn write(model: &mut Model) -> Effects {
    if let Some(Overlay::Adopt(page)) = &mut model.overlay
        && page.begin()
    {
        return vec![Effect::WriteAdopted(page.request().clone())];
    }
    Effects::new()
}

/// Plans again, because the files have changed, even where not all of them could be written.
pub(super) fn adopted(model: &mut Model, result: Result<String, String>) -> Effects {
    if let Some(ending) = model.leaving {
        return super::process::leave_answered(model, ending, result);
    }
    let line = match result {
        Ok(text) => notice(Role::Success, text),
        Err(message) => notice(Role::Error, message),
    };
    super::task::replan_with(model, Some(line))
}

/// Takes over the typed reason and day.
pub(super) fn because(model: &mut Model) -> Effects {
    let today = model.board().map(|board| board.facts.today).unwrap_or_default();
    let Some(Overlay::Ignore(page)) = &mut model.overlay else {
        return Effects::new();
    };
    match page.request(today) {
        Ok(request) => {
            model.overlay = None;
            vec![Effect::Ignore(request)]
        }
        Err(message) => {
            model.notice = Some(notice(Role::Warning, message));
            Effects::new()
        }
    }
}

/// Shows the plan in which other drift is ignored.
pub(super) fn ignored(model: &mut Model, result: Result<Plan, String>) {
    let Screen::Review(review) = &mut model.screen else {
        return;
    };
    match result {
        Ok(plan) => {
            let text = format!("{} ignored, as lobuctl.toml says", plan.counts.ignored);
            review.board.range_from = None;
            review.replan(plan);
            model.notice = Some(notice(Role::Success, text));
        }
        Err(message) => model.notice = Some(notice(Role::Error, message)),
    }
}

//! Plans what takes a run back: what was there before it, in the place of the files.

use super::target::keep_rows;
use crate::journal::UndoDraft;
use crate::plan::{Draft, KnownSecrets, PlanOptions, Problem, Prune, Row, Target, plan};
use crate::resource::{Origins, State};
use crate::show::undo::{conflicts_text, undo_warning_text};

/// Plans what takes a run back.
///
/// # Errors
/// What the server is known to refuse.
pub(super) fn plan_undo(undo: &UndoDraft, remote: &State, target: Target, force: bool) -> Result<Draft, Vec<Problem>> {
    let options = PlanOptions {
        // What the undo does not declare is what the run has added.
        prune: Prune::Only(undo.rows.clone()),
        recheck: false,
        secrets: KnownSecrets::default(),
    };
    let mut draft = plan(&undo.desired, remote, &Origins::default(), target, &options)?;
    for row in &mut draft.plan.rows {
        let warnings = undo.warnings.get(&row.address).into_iter().flatten();
        row.warnings
            .extend(warnings.map(|warning| undo_warning_text(warning, force)));
        row.is_undo = true;
    }
    // No file says what is an agent's own here.
    draft.plan.undeclared_entities = 0;
    // After the warnings: the id of the plan covers them.
    let mut draft = keep_rows(draft, |address| undo.rows.contains(address));
    let lost = undo
        .warnings
        .iter()
        .filter(|(address, _)| !undo.rows.contains(*address));
    let lost = lost.flat_map(|(address, warnings)| warnings.iter().map(move |it| (address, it)));
    let lost = lost.map(|(address, warning)| format!("{address}: {}", undo_warning_text(warning, force)));
    draft.plan.warnings.extend(lost);
    let is_conflict = |row: &&Row| row.writes() && undo.conflicts.contains(&row.address);
    let conflicts = draft.plan.rows.iter().filter(is_conflict).count();
    if conflicts > 0 && !force {
        draft.plan.warnings.push(conflicts_text(conflicts));
    }
    Ok(draft)
}

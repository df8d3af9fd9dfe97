//! What is pulled of a plan, and which room writes it into the texts.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Conflict, PullPlan, Unit};
use super::project_files::ProjectFiles;
use super::{agent, memory, platform, settings};
use crate::plan::{Change, ChangeKind, Plan, Row, Verb};
use crate::resource::{Address, FieldPath, Shown, State, field};

/// Returns the changes to the files that make them say what the server has, without the units in `conflicts`.
pub(super) fn propose(
    files: &ProjectFiles,
    plan: &Plan,
    desired: &State,
    remote: &State,
    mut conflicts: BTreeMap<Unit, String>,
) -> PullPlan {
    let mut edited = files.clone();
    let mut pulled = Vec::new();
    for row in &plan.rows {
        for (unit, changes) in units(row) {
            if conflicts.contains_key(&unit) {
                continue;
            }
            match edited.attempt(|files| pull_unit(files, row, &changes, desired, remote)) {
                Ok(()) => pulled.push(unit),
                Err(reason) => drop(conflicts.insert(unit, reason)),
            }
        }
    }
    let names: BTreeSet<String> = edited
        .secret_names()
        .difference(&files.secret_names())
        .cloned()
        .collect();
    edited.add_secret_names(&names);
    PullPlan {
        files: edited.changes(files),
        pulled,
        conflicts: conflicts
            .into_iter()
            .map(|(unit, reason)| Conflict { unit, reason })
            .collect(),
        new_secrets: names.into_iter().collect(),
        only_in_files: plan
            .rows
            .iter()
            .filter(|row| has_only_files(row))
            .map(|row| row.address.clone())
            .collect(),
    }
}

/// Returns what is to be pulled of a row, each with its differences. What only the files have does not count, and neither
/// does a secret that both sides have, because its value is never pulled.
fn units(row: &Row) -> BTreeMap<Unit, Vec<Change>> {
    let unit = |field| Unit {
        address: row.address.clone(),
        field,
    };
    if row.verb == Verb::Drift {
        return BTreeMap::from([(unit(None), Vec::new())]);
    }
    let mut units: BTreeMap<Unit, Vec<Change>> = BTreeMap::new();
    // A hidden value of settings that differs is reported. Whether one of a platform differs is not known: the values of its
    // `$NAME`s are not read.
    let is_settings = matches!(row.address, Address::Settings { .. });
    let is_hidden = |change: &Change| is_settings && change.kind == ChangeKind::Changed && is_secret(change);
    for change in row
        .changes
        .iter()
        .filter(|change| is_pulled(change) || is_hidden(change))
    {
        units
            .entry(unit(Some(field_of(&change.path))))
            .or_default()
            .push(change.clone());
    }
    units
}

/// Returns the part of a path that one key of a file expresses.
pub(super) fn field_of(path: &FieldPath) -> FieldPath {
    let depth = match path.top() {
        field::NETWORK | field::EGRESS | field::TOOLS | field::NIX | field::MCP_SERVERS | "config" => 2,
        field::SKILLS => 3,
        _ => 1,
    };
    FieldPath::of(path.segments().iter().take(depth).cloned())
}

/// Whether the server has a value that the files can take over.
pub(super) fn is_pulled(change: &Change) -> bool {
    match change.kind {
        ChangeKind::Drift => true,
        ChangeKind::Changed | ChangeKind::Removed => !is_secret(change),
        ChangeKind::Added | ChangeKind::SecretUnchanged | ChangeKind::SecretNotComparable => false,
    }
}

/// Whether a difference is one of secrets, whose values are not compared.
fn is_secret(change: &Change) -> bool {
    [&change.before, &change.after]
        .into_iter()
        .any(|side| *side == Some(Shown::Secret))
}

fn has_only_files(row: &Row) -> bool {
    row.verb == Verb::Create || row.changes.iter().any(|change| change.kind == ChangeKind::Added)
}

fn pull_unit(
    files: &mut ProjectFiles,
    row: &Row,
    changes: &[Change],
    desired: &State,
    remote: &State,
) -> Result<(), String> {
    match &row.address {
        Address::Agent { id } if row.verb == Verb::Drift => agent::add(files, id, remote),
        Address::Agent { id } => agent::update(files, id, changes, remote),
        Address::Settings { agent } => settings::update(files, agent, changes, desired, remote),
        Address::Platform { .. } => platform::pull(files, row, changes, desired, remote),
        Address::EntityType { .. } | Address::RelationshipType { .. } => memory::pull(files, row, changes, remote),
    }
}

//! What is pulled of a plan, and which room writes it into the texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::change::{Conflict, PullPlan, Unit};
use super::data_files::DataFiles;
use super::model_file::ModelFiles;
use super::project_files::ProjectFiles;
use super::units::{skill_of, units};
use super::{agent, data, memory, platform, settings, watcher};
use crate::plan::{Change, ChangeKind, Plan, Row, Verb};
use crate::resource::{Address, State};

/// Returns the changes to the files that make them say what the server has, without the units in `conflicts`.
pub(super) fn propose(
    files: &ProjectFiles,
    plan: &Plan,
    desired: &State,
    remote: &State,
    mut conflicts: BTreeMap<Unit, String>,
) -> PullPlan {
    let mut edited = files.clone();
    let models = ModelFiles::new(files);
    let data = DataFiles::new(files);
    let mut pulled = Vec::new();
    let mut locations: BTreeMap<Address, BTreeSet<PathBuf>> = BTreeMap::new();
    for row in &plan.rows {
        // The skills that this row has as on the server.
        let mut skills = BTreeSet::new();
        for (unit, changes) in units(row) {
            if conflicts.contains_key(&unit) {
                continue;
            }
            let mut taken = skills.clone();
            taken.extend(skill_of(&unit).map(str::to_owned));
            match edited.attempt(|files| pull_unit(files, (&models, &data), row, &changes, (desired, remote), &taken)) {
                Ok(()) => {
                    skills = taken;
                    locations
                        .entry(unit.address.clone())
                        .or_default()
                        .extend(edited.touched());
                    pulled.push(unit);
                }
                Err(reason) => drop(conflicts.insert(unit, reason)),
            }
        }
        if !skills.is_empty() {
            settings::settle(&mut edited, row, (desired, remote), &skills);
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
        locations,
        without_file: without_file(plan, remote),
        rewritten: edited.rewritten(),
        conflicts: conflicts
            .into_iter()
            .map(|(unit, reason)| Conflict { unit, reason })
            .collect(),
        new_secrets: names.into_iter().collect(),
        ignored: plan.counts.ignored,
        only_in_files: plan
            .rows
            .iter()
            .filter(|row| has_only_files(row))
            .map(|row| row.address.clone())
            .collect(),
    }
}

/// Returns the settings of the plan's agents that have no place in files.
fn without_file(plan: &Plan, remote: &State) -> BTreeMap<String, BTreeSet<String>> {
    let all = remote.facts.without_file.iter();
    let is_planned = |agent: &str| plan.rows.iter().any(|row| row.address.agent_id() == Some(agent));
    all.filter(|(agent, _)| is_planned(agent))
        .map(|(agent, names)| (agent.clone(), names.clone()))
        .collect()
}

fn has_only_files(row: &Row) -> bool {
    row.verb == Verb::Create || row.changes.iter().any(|change| change.kind == ChangeKind::Added)
}

fn pull_unit(
    files: &mut ProjectFiles,
    (models, data): (&ModelFiles, &DataFiles),
    row: &Row,
    changes: &[Change],
    (desired, remote): (&State, &State),
    skills: &BTreeSet<String>,
) -> Result<(), String> {
    match &row.address {
        Address::Agent { id } if row.verb == Verb::Drift => agent::add(files, id, remote),
        Address::Agent { id } => agent::update(files, id, changes, remote),
        Address::Settings { .. } => settings::update(files, row, changes, (desired, remote), skills),
        Address::Platform { .. } => platform::pull(files, row, changes, desired, remote),
        Address::EntityType { .. } | Address::RelationshipType { .. } => {
            memory::pull(files, models, row, changes, remote)
        }
        Address::Entity { .. } | Address::Relationship { .. } => data::pull(files, data, row, changes, remote),
        Address::Watcher { .. } => watcher::pull(files, models, row, changes, remote),
    }
}

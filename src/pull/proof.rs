//! The proof of a pull: the edited files are loaded from a temporary folder and planned again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::change::{PullPlan, Unit};
use super::project_files::{LOBU_TOML, ProjectFiles, inside, is_below};
use super::proposal::propose;
use super::units::{file_field, is_pulled, skill_of};
use crate::config::{LoadOptions, Only, SecretsCheck, load};
use crate::plan::{Plan, PlanOptions, RowList, Target, Verb, plan};
use crate::resource::{Address, State};

/// The error when the changes cannot be proved. Nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The temporary folder cannot be used.
    #[error("no temporary folder can be used: {0}")]
    Folder(#[from] io::Error),
    /// The edited files would not load, or the server would refuse what they declare. Holds the reasons.
    #[error("the edited files would not load")]
    WouldNotLoad(Vec<String>),
}

/// Returns the changes to the files that make them say what the server has, as far as a plan of the edited files shows that
/// they do. Everything else is a conflict.
///
/// # Errors
/// When the edited files cannot be loaded and planned.
pub fn proved(
    files: &ProjectFiles,
    plan: &Plan,
    desired: &State,
    remote: &State,
    only: Only,
) -> Result<PullPlan, ProofError> {
    let mut conflicts: BTreeMap<Unit, String> = BTreeMap::new();
    loop {
        let changes = propose(files, plan, desired, remote, conflicts.clone());
        let differ = if changes.pulled.is_empty() {
            BTreeMap::new()
        } else {
            still_differ(files, &changes, desired, remote, only)?
        };
        if differ.is_empty() {
            return Ok(changes);
        }
        // Each round has fewer units, so this ends.
        let reason = |fields: String| format!("the files cannot say what the server has in {fields}");
        conflicts.extend(differ.into_iter().map(|(unit, fields)| (unit, reason(fields))));
    }
}

/// Loads the edited files and compares them with the server. Returns what was pulled and still differs, with the names of
/// the fields.
fn still_differ(
    files: &ProjectFiles,
    changes: &PullPlan,
    desired: &State,
    remote: &State,
    only: Only,
) -> Result<BTreeMap<Unit, String>, ProofError> {
    let mut edited = files.clone();
    for change in &changes.files {
        edited.replace(&change.path, &change.after);
    }
    let folder = tempfile::tempdir()?;
    stage(&edited, folder.path())?;
    // No secret is read: the values are not compared, and `.env` files stay where they are.
    let environment = BTreeMap::new();
    let options = LoadOptions {
        environment: &environment,
        env_files: &[],
        secrets_check: SecretsCheck::Off,
        only,
        allow_outside: false,
        display_root: folder.path(),
    };
    let loaded = load(&folder.path().join(LOBU_TOML), &options);
    let Some(project) = loaded.project else {
        let errors = loaded.diagnostics.iter().filter(|it| it.is_error());
        return Err(ProofError::WouldNotLoad(errors.map(|it| it.message.clone()).collect()));
    };
    let planned = plan(
        &project.desired,
        remote,
        &project.origins,
        Target::default(),
        &PlanOptions::default(),
    );
    match planned {
        Ok(draft) => Ok(judge(&draft.plan.rows, changes, desired)),
        Err(problems) => Err(ProofError::WouldNotLoad(
            problems.into_iter().map(|it| it.message).collect(),
        )),
    }
}

fn judge(rows: &RowList, changes: &PullPlan, desired: &State) -> BTreeMap<Unit, String> {
    let pulled: BTreeSet<&Unit> = changes.pulled.iter().collect();
    let known: BTreeSet<&Unit> = changes.conflicts.iter().map(|conflict| &conflict.unit).collect();
    let mut still: BTreeMap<Unit, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let new_agent = row
            .address
            .agent_id()
            .filter(|id| !desired.agents.contains_key(*id))
            .map(Address::agent);
        let as_whole = new_agent.or_else(|| desired.get(&row.address).is_none().then(|| row.address.clone()));
        let mut blame = |unit: Unit, field: String| {
            if pulled.contains(&unit) {
                still.entry(unit).or_default().insert(field);
            } else if !known.contains(&unit) {
                // What did not differ before does so because of what a skill adds now.
                let at_once = pulled
                    .iter()
                    .filter(|other| other.address == unit.address && skill_of(other).is_some());
                for skill in at_once {
                    still.entry((*skill).clone()).or_default().insert(field.clone());
                }
            }
        };
        if let Some(address) = as_whole {
            // What was pulled as a whole has to be equal as a whole.
            let fields = row
                .changes
                .iter()
                .filter(|change| is_pulled(change))
                .map(|change| change.path.to_string());
            let fields: Vec<String> = fields.collect();
            if !fields.is_empty() || matches!(row.verb, Verb::Create | Verb::Drift) {
                blame(Unit { address, field: None }, fields.join(", "));
            }
            continue;
        }
        for change in row.changes.iter().filter(|change| is_pulled(change)) {
            let unit = Unit {
                address: row.address.clone(),
                field: Some(file_field(&change.path)),
            };
            blame(unit, change.path.to_string());
        }
    }
    let joined = |fields: BTreeSet<String>| fields.into_iter().collect::<Vec<_>>().join(", ");
    still.into_iter().map(|(unit, fields)| (unit, joined(fields))).collect()
}

/// Writes the files below a folder, and creates the folders that `lobu.toml` names.
fn stage(files: &ProjectFiles, root: &Path) -> io::Result<()> {
    for (path, text) in files.texts() {
        if !is_below(&path) {
            return Err(io::Error::from(io::ErrorKind::InvalidFilename));
        }
        let path = root.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
    }
    folders(files)
        .iter()
        .try_for_each(|folder| fs::create_dir_all(root.join(folder)))
}

/// Returns the folders of agents and models, which may be empty.
fn folders(files: &ProjectFiles) -> Vec<PathBuf> {
    let agents = files.agents();
    let mut folders: Vec<PathBuf> = agents.filter_map(|agent| files.agent_folder(agent).ok()).collect();
    let memory = files.get(&["memory".into()]).unwrap_or_default();
    for table in [&memory, &memory["owletto"]] {
        for key in ["models", "data"] {
            folders.extend(table[key].as_str().and_then(inside));
        }
    }
    folders
}

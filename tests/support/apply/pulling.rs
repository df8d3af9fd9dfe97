//! Pulling from a server in this process into a project in a temporary folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lobuctl::config::{Only, SecretsCheck};
use lobuctl::plan::Prune;
use lobuctl::pull::{ProjectFiles, PullPlan, proved, write};

use crate::support::apply::test_server::{TestServer, expect_valid, plan_states};
use crate::support::project::TempProject;

/// Works out a pull into the files of a project, and writes it.
pub async fn pull(server: &TestServer, project: &mut TempProject) -> PullPlan {
    let changes = work_out(server, project).await;
    for change in &changes.files {
        write(project.path(), change).unwrap();
    }
    changes
}

/// Works out a pull into the files of a project.
pub async fn work_out(server: &TestServer, project: &mut TempProject) -> PullPlan {
    project.secrets_check = SecretsCheck::Off;
    let loaded = expect_valid(project.load());
    let remote = server.read(&loaded).await;
    let plan = plan_states(&loaded.desired, &remote, Prune::Nothing).plan;
    let mut texts = BTreeMap::new();
    collect(project.path(), project.path(), &mut texts);
    let files = ProjectFiles::new(texts).unwrap();
    proved(&files, &plan, &loaded.desired, &remote, Only::All).unwrap()
}

/// Works out a pull from a server that has what the files `after` declare into the files `before`. Returns it, and the texts
/// of the files after it by path.
pub fn between(before: &[(String, String)], after: &[(String, String)]) -> (PullPlan, BTreeMap<String, String>) {
    let state = |files: &[(String, String)]| {
        let mut project = TempProject::new(files);
        project.secrets_check = SecretsCheck::Off;
        expect_valid(project.load()).desired
    };
    let (desired, mut remote) = (state(before), state(after));
    remote.facts.watchers.are_known = true;
    remote.facts.data.are_known = true;
    let entities = remote.entities.iter();
    remote.facts.data.types = entities
        .map(|(path, entity)| (path.clone(), entity.entity_type.clone()))
        .collect();
    let plan = plan_states(&desired, &remote, Prune::Nothing).plan;
    let mut texts: BTreeMap<String, String> = before.iter().cloned().collect();
    let files = texts.iter().map(|(path, text)| (path.into(), text.clone()));
    let files = ProjectFiles::new(files.collect()).unwrap();
    let changes = proved(&files, &plan, &desired, &remote, Only::All).unwrap();
    for change in &changes.files {
        texts.insert(change.path.display().to_string(), change.after.clone());
    }
    (changes, texts)
}

/// Returns the reasons of the conflicts of a pull that changes no file.
pub fn reasons(changes: &PullPlan) -> Vec<&str> {
    assert_eq!(changes.files, vec![], "{:?}", changes.conflicts);
    let conflicts = changes.conflicts.iter();
    conflicts.map(|conflict| conflict.reason.as_str()).collect()
}

/// Returns the text of every file of a project by path.
pub fn texts(project: &TempProject) -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    collect(project.path(), project.path(), &mut texts);
    texts
}

fn collect(root: &Path, folder: &Path, texts: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, texts);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            texts.insert(path.strip_prefix(root).unwrap().to_owned(), text);
        }
    }
}

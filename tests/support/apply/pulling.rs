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

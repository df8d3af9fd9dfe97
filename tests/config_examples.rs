//! Real projects load.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lobuctl::config::{LoadOptions, Loaded, Only, SecretsCheck, load};

use crate::support::project::report;

fn loaded(root: &Path, environment: &BTreeMap<String, String>) -> Loaded {
    let options = LoadOptions {
        environment,
        env_files: &[],
        secrets_check: SecretsCheck::All,
        only: Only::All,
        display_root: root,
    };
    load(&root.join("lobu.toml"), &options)
}

#[test]
fn the_real_projects_load() {
    let folder = Path::new("../shared/examples");
    if !folder.is_dir() {
        println!("skipped: ../shared/examples is not here");
        return;
    }
    let environment = BTreeMap::from([("ANTHROPIC_API_KEY".to_owned(), "x".to_owned())]);
    let mut projects: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    projects.retain(|path| path.is_dir());
    projects.sort();
    assert_eq!(projects.len(), 6);
    for project in projects {
        let loaded = loaded(&project, &environment);
        let text = report(&loaded);
        println!("== {}\n{text}", project.display());
        let project = loaded.project.unwrap_or_else(|| panic!("{text}"));
        assert!(!project.desired.agents.is_empty());
        assert!(!project.desired.entity_types.is_empty());
        assert!(
            loaded
                .diagnostics
                .iter()
                .all(|diagnostic| diagnostic.code != "toml-syntax")
        );
    }
}

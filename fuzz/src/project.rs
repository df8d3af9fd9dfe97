//! A project in a temporary folder, of which one file changes from input to input.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lobuctl::config::{LoadOptions, LoadedProject, Only, SecretsCheck, load};
use lobuctl::plan::Prune;
use lobuctl::report::diagnostics::{DiagnosticStyle, render};
use lobuctl::resource::State;
use tempfile::TempDir;

use crate::output::{assert_outputs, assert_unchanged, plan_of};

/// A value that the folder's `.env` holds and no output may repeat.
pub const SECRET: &str = "7hGz-secret-9QxV";

/// A folder with a project.
pub struct Project(TempDir);

impl Project {
    /// Creates a folder with these files, each a path and its content.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let project = Self(tempfile::tempdir().expect("a temporary folder can be created"));
        for (path, content) in files {
            project.write(path, content.as_bytes());
        }
        project
    }

    /// Writes one file.
    pub fn write(&self, path: &str, content: &[u8]) {
        let path = self.0.path().join(path);
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).expect("the folder can be created");
        fs::write(path, content).expect("the file can be written");
    }

    /// Loads the project and checks everything that has to hold of the result: the diagnostics can be drawn, the secret is
    /// in none of them, and a project that is valid can be planned and shown.
    pub fn check(&self) {
        let environment = BTreeMap::new();
        let options = LoadOptions {
            environment: &environment,
            env_files: &[],
            secrets_check: SecretsCheck::All,
            only: Only::All,
            allow_outside: false,
            display_root: self.0.path(),
        };
        let loaded = load(&self.0.path().join("lobu.toml"), &options);
        let style = DiagnosticStyle {
            color: false,
            unicode: true,
            width: 80,
        };
        let drawn = render(&loaded.diagnostics, &loaded.sources, style);
        assert!(!drawn.contains(SECRET), "{drawn}");
        assert_eq!(
            loaded.project.is_none(),
            loaded.diagnostics.iter().any(|it| it.is_error()),
            "{drawn}"
        );
        check_plans(loaded);
    }
}

fn check_plans(loaded: LoadedProject) {
    let Some(project) = loaded.project else { return };
    assert_unchanged(&project.desired);
    let empty = State::default();
    for (desired, remote) in [(&project.desired, &empty), (&empty, &project.desired)] {
        if let Some(draft) = plan_of(desired, remote, Prune::Everything) {
            assert_outputs(&draft.plan);
            let shown = serde_json::to_string(&draft.plan).expect("a plan is JSON");
            assert!(!shown.contains(SECRET), "{shown}");
        }
    }
}

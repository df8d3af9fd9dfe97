//! A project that is loaded again and again, with a cache and without one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use lobuctl::config::{LoadCache, LoadOptions, LoadedProject, Only, SecretsCheck, load_changes};

use crate::support::project::TempProject;

/// A project, and the cache of what was read of it.
pub struct CachedProject {
    pub project: TempProject,
    pub cache: LoadCache,
}

impl CachedProject {
    /// Loads a project for the first time.
    pub fn new(project: TempProject) -> Self {
        let cache = LoadCache::default();
        let mut cached = Self { project, cache };
        cached.check(&[]);
        cached
    }

    /// Returns the path of a file or folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.project.path().join(path)
    }

    /// Writes a file, and its folder where there is none. Nothing is loaded.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    /// Forgets what these files and folders have changed.
    pub fn forget(&mut self, changed: &[&str]) {
        let changed: BTreeSet<PathBuf> = changed.iter().map(|path| self.path(path)).collect();
        self.cache.forget(&changed);
    }

    /// Loads what these files and folders have changed, and compares that with a load of everything. Returns it.
    pub fn check(&mut self, changed: &[&str]) -> LoadedProject {
        self.forget(changed);
        let loaded = self.load();
        assert_eq!(said(&loaded), said(&self.project.load()), "after {changed:?}");
        // A load that has nothing to read says the same again.
        assert_eq!(said(&self.load()), said(&loaded), "after {changed:?} and nothing else");
        loaded
    }

    /// Saves a file, and checks what that leads to.
    pub fn save(&mut self, path: &str, text: impl AsRef<[u8]>) -> LoadedProject {
        self.write(path, text);
        self.check(&[path])
    }

    /// Removes a file, and checks what that leads to.
    pub fn remove(&mut self, path: &str) -> LoadedProject {
        fs::remove_file(self.path(path)).unwrap();
        self.check(&[path])
    }

    /// Renames a file or folder, and checks what that leads to.
    pub fn rename(&mut self, from: &str, to: &str) -> LoadedProject {
        fs::rename(self.path(from), self.path(to)).unwrap();
        self.check(&[from, to])
    }

    /// Loads with the cache.
    pub fn load(&mut self) -> LoadedProject {
        let environment = BTreeMap::new();
        let options = LoadOptions {
            environment: &environment,
            env_files: &[],
            allow_outside: false,
            secrets_check: SecretsCheck::All,
            only: Only::All,
            display_root: self.project.path(),
        };
        load_changes(&self.project.path().join("lobu.toml"), &options, &mut self.cache)
    }
}

/// Returns everything that a load says.
pub fn said(loaded: &LoadedProject) -> String {
    let project = loaded.project.as_ref();
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
        project.map(|it| &it.desired),
        project.map(|it| &it.origins),
        project.map(|it| &it.files),
        loaded.folders,
        loaded.diagnostics,
        loaded.sources.paths().collect::<Vec<_>>(),
    )
}

/// Returns the codes of what is wrong, each once.
pub fn codes(loaded: &LoadedProject) -> Vec<&'static str> {
    let codes: BTreeSet<&str> = loaded.diagnostics.iter().map(|it| it.code).collect();
    codes.into_iter().collect()
}

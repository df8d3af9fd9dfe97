//! Projects in temporary folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lobuctl::config::{LoadOptions, LoadedProject, Only, SecretsCheck, load};
use lobuctl::report::diagnostics::{DiagnosticStyle, render};

/// A project in a temporary folder, deleted on drop.
pub struct TempProject {
    folder: tempfile::TempDir,
    /// The environment that the project is loaded with.
    pub environment: BTreeMap<String, String>,
    /// The files of `--env-file`.
    pub env_files: Vec<PathBuf>,
    /// Whether it may read files outside its folder.
    pub allow_outside: bool,
    /// Which secrets must have a value.
    pub secrets_check: SecretsCheck,
    /// Which parts are loaded.
    pub only: Only,
}

impl TempProject {
    /// Creates a project of these files.
    pub fn new<P: AsRef<Path>, C: AsRef<[u8]>>(files: &[(P, C)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Self {
            folder,
            environment: BTreeMap::new(),
            env_files: Vec::new(),
            allow_outside: false,
            secrets_check: SecretsCheck::All,
            only: Only::All,
        }
    }

    /// Adds a variable to the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Loads `lobu.toml`.
    pub fn load(&self) -> LoadedProject {
        self.load_file(&self.path().join("lobu.toml"))
    }

    /// Loads another file of the folder.
    pub fn load_file(&self, file: &Path) -> LoadedProject {
        let options = LoadOptions {
            environment: &self.environment,
            env_files: &self.env_files,
            allow_outside: self.allow_outside,
            secrets_check: self.secrets_check,
            only: self.only,
            display_root: self.path(),
        };
        load(file, &options)
    }
}

/// Renders the diagnostics as text, without color.
pub fn report(loaded: &LoadedProject) -> String {
    let style = DiagnosticStyle {
        color: false,
        unicode: false,
        width: 120,
    };
    render(&loaded.diagnostics, &loaded.sources, style)
}

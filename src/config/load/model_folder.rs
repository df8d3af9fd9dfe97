//! The folders of the model files and of the data files.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Loader;
use super::disk::{absolute, missing_folder, unreadable};
use crate::config::data::{self, DataDrafts, DeclaredData};
use crate::config::diagnostic::{Diagnostic, Severity, tick};
use crate::config::draft::MemoryDraft;
use crate::config::mask;
use crate::config::model::{self, Models, WatcherDraft};
use crate::config::source::{Source, Text};

/// The maximum depth of folders within the model folder.
const MAX_DEPTH: usize = 16;

/// The maximum number of files and folders that are looked at. A path such as `/` must not walk the whole disk.
const MAX_ENTRIES: usize = 20_000;

/// A walk through a folder.
#[derive(Default)]
struct Walk {
    /// The real paths of the folders visited so far. Without them, a link to a parent would be followed again and again.
    visited: BTreeSet<PathBuf>,
    /// The YAML files found so far.
    files: Vec<PathBuf>,
    /// The number of entries looked at.
    entries: usize,
}

impl Loader<'_> {
    /// Reads the files in the folders that the memory table names: the models, then the data.
    pub(super) fn read_memory(&mut self, source: &Source, memory: &MemoryDraft) -> (Models, DeclaredData) {
        self.warn_not_synced(source, memory);
        let mut models = Models::default();
        for file in self.yaml_files(source, memory.models.as_ref(), "models") {
            let read = self.read_once(&file, |cache| &mut cache.models, |loader| loader.read_models(&file));
            models.extend(&read.content);
        }
        let data = memory.data.as_ref().filter(|data| self.has_data(source, data));
        let files = self.yaml_files(source, data, "data").into_iter();
        let files: Vec<_> = files
            .map(|file| self.read_once(&file, |cache| &mut cache.data, |loader| loader.read_data(&file)))
            .collect();
        let drafts: Vec<&DataDrafts> = files.iter().map(|file| &file.content).collect();
        let data = data::resolve(&drafts, &models, &mut self.facts.findings);
        (models, data)
    }

    fn read_models(&mut self, file: &Path) -> Models {
        let Some(source) = self.read_yaml(file) else {
            return Models::default();
        };
        let mut models = model::read(&source, &mut self.facts.findings);
        self.read_scripts(file, &mut models);
        models
    }

    fn read_data(&mut self, file: &Path) -> DataDrafts {
        let source = self.read_yaml(file);
        source.map_or_else(DataDrafts::default, |source| {
            data::read(&source, &mut self.facts.findings)
        })
    }

    fn read_yaml(&mut self, file: &Path) -> Option<Arc<Source>> {
        // Also where it cannot be read: then it may be another time.
        self.facts.related.insert(file.to_owned());
        let source = self.read_source(file, mask::yaml)?;
        self.check_text(&source);
        Some(Arc::new(source))
    }

    /// Whether the folder of data exists. It is looked into, so that a watch notices when it appears.
    ///
    /// Many projects name one and have none, because it holds what belongs to one installation: that is a warning only.
    fn has_data(&mut self, source: &Source, folder: &Text) -> bool {
        let path = absolute(&self.root.join(folder.value.trim()));
        self.look_into(&path);
        let exists = path.exists() || path.is_symlink();
        if !exists && self.options.only.has_data() {
            let missing = missing_folder(source, folder, &path);
            self.facts.findings.push(Diagnostic {
                severity: Severity::Warning,
                ..missing
            });
        }
        exists
    }

    /// Returns the YAML files of a folder that the memory table names under `key`.
    fn yaml_files(&mut self, source: &Source, folder: Option<&Text>, key: &str) -> Vec<PathBuf> {
        let Some(folder) = folder.and_then(|folder| self.resolve_folder(source, folder)) else {
            return Vec::new();
        };
        let mut walk = Walk::default();
        self.collect_files(&folder, MAX_DEPTH, &mut walk);
        if walk.entries > MAX_ENTRIES {
            let message = format!("the folder has more than {MAX_ENTRIES} files and folders");
            let problem = Diagnostic::error("too-many-files", message).in_file(self.shown_path(&folder));
            let help = format!("`{key}` must name the folder that holds its files alone");
            self.facts.findings.push(problem.help(help));
            return Vec::new();
        }
        walk.files
    }

    /// Reads the scripts that the watchers of a file name.
    fn read_scripts(&mut self, file: &Path, models: &mut Models) {
        let folder = file.parent().unwrap_or(&self.root).to_owned();
        for WatcherDraft { watcher, script } in &mut models.watchers {
            let Some(script) = script else { continue };
            let path = absolute(&folder.join(script.value.trim()));
            if !path.is_file() {
                let message = format!("the script {} does not exist", tick(&script.value));
                let problem = Diagnostic::error("missing-script", message).at(&watcher.source, script.span.clone());
                self.facts
                    .findings
                    .push(problem.help("name a file by its path from this file, such as `./react.ts`"));
                // So that a watch notices when it is there.
                self.facts.folders.extend(path.parent().map(Path::to_owned));
                self.facts.related.insert(path);
                continue;
            }
            if let Some(text) = self.read_source(&path, mask::covered) {
                self.check_text(&text);
                watcher.resource.reaction_script = Some(text.text);
            }
        }
    }

    fn warn_not_synced(&mut self, source: &Source, memory: &MemoryDraft) {
        if memory.models.is_none() && self.root.join("models").is_dir() {
            let message = "the folder `models` is not synced: `lobu.toml` does not name it";
            let warning = Diagnostic::warning("not-synced", message).at(source, memory.span.clone());
            self.facts
                .findings
                .push(warning.help("add `models = \"./models\"` here"));
        }
    }

    /// Finds the YAML files of a folder and, as later releases do, of the folders in it.
    fn collect_files(&mut self, folder: &Path, depth: usize, walk: &mut Walk) {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        if depth == 0 || walk.entries > MAX_ENTRIES || !walk.visited.insert(real) {
            return;
        }
        for entry in self.list_entries(folder) {
            walk.entries += 1;
            match fs::metadata(&entry) {
                Ok(found) if found.is_dir() => self.collect_files(&entry, depth - 1, walk),
                Ok(_) if is_yaml(&entry) => walk.files.push(entry),
                Ok(_) => {}
                Err(error) => {
                    let shown = self.shown_path(&entry);
                    self.facts.findings.push(unreadable(&error).in_file(shown));
                }
            }
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| extension == "yaml" || extension == "yml")
}

//! The folder of the model files.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::disk::unreadable;
use super::{Loader, prompt};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::draft::MemoryDraft;
use crate::config::mask;
use crate::config::model::{self, Models};
use crate::config::source::Source;

/// The maximum depth of folders within the model folder.
const MAX_DEPTH: usize = 16;

/// The maximum number of files and folders that are looked at. A path such as `/` must not walk the whole disk.
const MAX_ENTRIES: usize = 20_000;

/// A walk through the model folder.
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
    /// Reads the model files in the folder that the memory table names. A declared type has the index of its source.
    pub(super) fn read_models(&mut self, source: &Source, memory: &MemoryDraft) -> (Models, Vec<Source>) {
        self.warn_not_synced(source, memory);
        let mut models = Models::default();
        let mut sources = Vec::new();
        let Some(folder) = memory
            .models
            .as_ref()
            .and_then(|models| self.resolve_folder(source, models))
        else {
            return (models, sources);
        };
        let mut walk = Walk::default();
        self.collect_files(&folder, MAX_DEPTH, &mut walk);
        if walk.entries > MAX_ENTRIES {
            let message = format!("the folder has more than {MAX_ENTRIES} files and folders");
            let problem = Diagnostic::error("too-many-files", message).in_file(self.shown_path(&folder));
            self.findings
                .push(problem.help("`models` must name the folder that holds the model files alone"));
            return (models, sources);
        }
        for file in walk.files {
            if let Some(source) = self.read_source(&file, mask::yaml) {
                prompt::check(&source, &self.values, &mut self.findings);
                model::read(&source, sources.len(), &mut models, &mut self.findings);
                sources.push(source);
            }
        }
        (models, sources)
    }

    fn warn_not_synced(&mut self, source: &Source, memory: &MemoryDraft) {
        if let Some(data) = &memory.data
            && self.root.join(data.value.trim()).exists()
        {
            let message = format!("the folder {} is not synced", tick(&data.value));
            let warning = Diagnostic::warning("not-synced", message).at(source, data.span.clone());
            self.findings.push(warning.help("load its files with `lobu memory`"));
        }
        if memory.models.is_none() && self.root.join("models").is_dir() {
            let message = "the folder `models` is not synced: `lobu.toml` does not name it";
            let warning = Diagnostic::warning("not-synced", message).at(source, memory.span.clone());
            self.findings.push(warning.help("add `models = \"./models\"` here"));
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
                    self.findings.push(unreadable(&error).in_file(shown));
                }
            }
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| extension == "yaml" || extension == "yml")
}

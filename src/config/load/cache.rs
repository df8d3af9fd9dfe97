//! What earlier loads have read of the folders of agents, for a load that reads only what has changed since.
//!
//! A project's `lobu.toml`, its models and its data are few files, which every load reads. The folders of its agents can be
//! ten thousand.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::boundary::SERVER_FILES;
use crate::config::finding::Findings;
use crate::config::secret::Values;
use crate::config::skill::Skill;
use crate::config::source::Sources;
use crate::resource::{Origin, Secret};

/// The folders of agents that earlier loads have read. Call [`LoadCache::forget`] for every change: the owner of a cache has to
/// watch all folders that a load looks into.
#[derive(Debug, Default)]
pub struct LoadCache {
    folders: HashMap<PathBuf, Arc<ReadFolder>>,
    /// The values that the texts were searched for.
    values: BTreeMap<String, Secret>,
}

impl LoadCache {
    /// Forgets what these files and folders may have changed: whatever was read of them, or of a folder that they are in.
    pub fn forget(&mut self, changed: &BTreeSet<PathBuf>) {
        // With such a file its folder becomes one that no project may read.
        if changed.iter().any(|path| names_server_file(path)) {
            return self.forget_all();
        }
        let parents = changed.iter().filter_map(|path| path.parent());
        let touched: BTreeSet<&Path> = changed.iter().map(PathBuf::as_path).chain(parents).collect();
        self.folders.retain(|_, folder| !folder.looks_into(&touched));
    }

    /// Forgets everything.
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Returns the number of folders that it knows.
    pub fn count(&self) -> usize {
        self.folders.len()
    }

    /// Returns what was read of a folder.
    pub(super) fn get(&self, folder: &Path) -> Option<Arc<ReadFolder>> {
        self.folders.get(folder).map(Arc::clone)
    }

    pub(super) fn insert(&mut self, folder: PathBuf, read: Arc<ReadFolder>) {
        self.folders.insert(folder, read);
    }

    /// Forgets everything when the texts would be searched for other values.
    pub(super) fn search_for(&mut self, values: &Values) {
        let same = values.iter().map(|(name, value)| (name, value.expose()));
        if !same.eq(self.values.iter().map(|(name, value)| (name.as_str(), value.expose()))) {
            self.forget_all();
            self.values = values
                .iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect();
        }
    }
}

/// What reading the folder of an agent led to.
#[derive(Debug, Default)]
pub(super) struct ReadFolder {
    /// The wire name, trimmed text and origin of each text that is not blank.
    pub(super) texts: Vec<(&'static str, String, Origin)>,
    /// The skills of the agent itself.
    pub(super) skills: Vec<(Skill, Origin)>,
    /// The files that were read.
    pub(super) files: BTreeSet<PathBuf>,
    /// The folders that were looked into, with those above them.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The folders that were looked into.
    pub(super) looked_into: BTreeSet<PathBuf>,
    pub(super) sources: Sources,
    pub(super) findings: Findings,
}

impl ReadFolder {
    fn looks_into(&self, touched: &BTreeSet<&Path>) -> bool {
        let mut own = self.looked_into.iter().chain(&self.files);
        own.any(|path| touched.contains(path.as_path()))
    }
}

fn names_server_file(path: &Path) -> bool {
    let name = path.file_name();
    SERVER_FILES.iter().any(|file| name == Some(file.as_ref()))
}

//! What earlier loads have read, for a load that reads only what has changed since.
//!
//! `lobu.toml` and what is beside it are few files, which every load reads. The folders of agents can be ten thousand, and
//! the files of models and data can declare as many rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::boundary::SERVER_FILES;
use crate::config::data::DataDrafts;
use crate::config::finding::Findings;
use crate::config::model::Models;
use crate::config::secret::Values;
use crate::config::skill::Skill;
use crate::config::source::Sources;
use crate::resource::{Origin, Secret};

/// What earlier loads have read. Call [`LoadCache::forget`] for every change: the owner of a cache has to watch all folders
/// that a load looks into.
#[derive(Debug, Default)]
pub struct LoadCache {
    /// The folders of agents.
    pub(super) folders: CachedReads<FolderTexts>,
    /// The files of models.
    pub(super) models: CachedReads<Models>,
    /// The files of data.
    pub(super) data: CachedReads<DataDrafts>,
    /// The values that the texts were searched for.
    values: BTreeMap<String, Secret>,
}

/// What was read of files or folders, by their absolute paths.
pub(super) type CachedReads<T> = HashMap<PathBuf, Arc<CachedRead<T>>>;

/// What reading a file or a folder led to.
#[derive(Debug)]
pub(super) struct CachedRead<T> {
    pub(super) content: T,
    pub(super) facts: ReadFacts,
}

/// What a reading led to beside its content.
#[derive(Debug, Default)]
pub(super) struct ReadFacts {
    /// The files that were read.
    pub(super) files: BTreeSet<PathBuf>,
    /// The files that links have led to, and those that were missing.
    pub(super) related: BTreeSet<PathBuf>,
    /// The folders that were looked into, with those above them, or would have been if they existed.
    pub(super) folders: BTreeSet<PathBuf>,
    /// Those in which each entry counts.
    pub(super) listed: BTreeSet<PathBuf>,
    pub(super) sources: Sources,
    pub(super) findings: Findings,
    /// What is wrong because a text holds the value of a secret.
    pub(super) secrets: Findings,
}

/// The texts in the folder of an agent.
#[derive(Debug, Default)]
pub(super) struct FolderTexts {
    /// The wire name, trimmed text and origin of each text that is not blank.
    pub(super) texts: Vec<(&'static str, String, Origin)>,
    /// The skills of the agent itself.
    pub(super) skills: Vec<(Skill, Origin)>,
}

impl LoadCache {
    /// Forgets what these files and folders may have changed: what was read of them, of a file below them, and of a folder
    /// that they are in.
    pub fn forget(&mut self, changed: &BTreeSet<PathBuf>) {
        // With such a file its folder becomes one that no project may read.
        if changed.iter().any(|path| names_server_file(path)) {
            return self.forget_all();
        }
        let changes = Changes::of(changed);
        self.folders.retain(|_, read| !changes.concern(&read.facts));
        self.models.retain(|_, read| !changes.concern(&read.facts));
        self.data.retain(|_, read| !changes.concern(&read.facts));
    }

    /// Forgets everything.
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Returns the number of folders and files that it knows.
    pub fn count(&self) -> usize {
        self.folders.len() + self.models.len() + self.data.len()
    }

    /// Searches the texts again when other values are searched for. `search` adds to the findings what a file holds.
    pub(super) fn search_for(&mut self, values: &Values, search: impl Fn(&Path, &mut Findings)) {
        let same = values.iter().map(|(name, value)| (name, value.expose()));
        if same.eq(self.values.iter().map(|(name, value)| (name.as_str(), value.expose()))) {
            return;
        }
        let owned = values.iter().map(|(name, value)| (name.to_owned(), value.clone()));
        self.values = owned.collect();
        search_again(&mut self.folders, &search);
        search_again(&mut self.models, &search);
        search_again(&mut self.data, &search);
    }
}

fn search_again<T>(reads: &mut CachedReads<T>, search: &impl Fn(&Path, &mut Findings)) {
    // A load that is still under way shares what it has read. Such a reading is forgotten, so that the next load reads it again.
    reads.retain(|_, read| {
        let Some(read) = Arc::get_mut(read) else { return false };
        read.facts.secrets = Findings::default();
        for file in &read.facts.files {
            search(file, &mut read.facts.secrets);
        }
        true
    });
}

impl ReadFacts {
    /// Adds what another reading led to.
    pub(super) fn extend(&mut self, other: &Self) {
        self.files.extend(other.files.iter().cloned());
        self.folders.extend(other.folders.iter().cloned());
        self.sources.extend(&other.sources);
        self.findings.extend(&other.findings);
        self.secrets.extend(&other.secrets);
    }
}

/// Files and folders that have changed.
struct Changes<'a> {
    /// Those that are below no other one.
    topmost: BTreeSet<&'a Path>,
    /// All of them, and the folders that they are in.
    touched: HashSet<&'a Path>,
}

impl<'a> Changes<'a> {
    fn of(changed: &'a BTreeSet<PathBuf>) -> Self {
        let mut topmost: Vec<&Path> = Vec::new();
        // Sorted, so that what is below a folder follows it.
        for path in changed {
            if !topmost.last().is_some_and(|above| path.starts_with(above)) {
                topmost.push(path);
            }
        }
        let parents = changed.iter().filter_map(|path| path.parent());
        Self {
            topmost: topmost.into_iter().collect(),
            touched: changed.iter().map(PathBuf::as_path).chain(parents).collect(),
        }
    }

    /// Whether a reading may lead to something else now.
    fn concern(&self, facts: &ReadFacts) -> bool {
        let has_new_entry = |folder: &PathBuf| self.touched.contains(folder.as_path());
        let mut paths = facts.files.iter().chain(&facts.related).chain(&facts.listed);
        facts.listed.iter().any(has_new_entry) || paths.any(|path| self.reach(path))
    }

    /// Whether a path has changed, or a folder above it.
    fn reach(&self, path: &Path) -> bool {
        // None of them is below another, so that only the last one before the path can be above it.
        let mut before = self.topmost.range::<Path, _>((Bound::Unbounded, Bound::Included(path)));
        before.next_back().is_some_and(|above| path.starts_with(above))
    }
}

fn names_server_file(path: &Path) -> bool {
    let name = path.file_name();
    SERVER_FILES.iter().any(|file| name == Some(file.as_ref()))
}

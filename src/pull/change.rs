//! What a pull would change, in a form that faces can show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::resource::{Address, FieldPath};

/// A row, or one field of it, that is pulled as a whole or not at all. A row that only the server has is one unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unit {
    /// The row.
    pub address: Address,
    /// The field, as deep as a key of a file goes. `None` for a whole row.
    pub field: Option<FieldPath>,
}

/// Everything that a pull would do.
#[derive(Debug, Clone, Default)]
pub struct PullPlan {
    /// The files that change, by path.
    pub files: Vec<FileChange>,
    /// What the changes express.
    pub pulled: Vec<Unit>,
    /// What cannot be pulled, with reasons.
    pub conflicts: Vec<Conflict>,
    /// The names of secrets that come into the files. They need values before the next plan.
    pub new_secrets: Vec<String>,
    /// The number of rows and fields that are not pulled because `lobuctl.toml` ignores them.
    pub ignored: usize,
    /// The files in which the changes of each row are, relative to the project's folder.
    pub locations: BTreeMap<Address, BTreeSet<PathBuf>>,
    /// The files that are written anew, because they cannot be changed in place. Their comments are lost.
    pub rewritten: BTreeSet<PathBuf>,
    /// The names of settings of agents that differ from their defaults on the server and have no place in files, by agent.
    pub without_file: BTreeMap<String, BTreeSet<String>>,
    /// The rows of which the files have something that the server has not. It stays.
    pub only_in_files: Vec<Address>,
}

/// A file that a pull writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path, relative to the project's folder.
    pub path: PathBuf,
    /// The text that was read. `None` for a new file.
    pub before: Option<String>,
    /// The text that is written.
    pub after: String,
}

/// Something that cannot be pulled. Nothing is written for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The row, or the field of it.
    #[serde(flatten)]
    pub unit: Unit,
    /// The reason, for people.
    pub reason: String,
}

//! The texts of a project's files while they are edited in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::change::FileChange;
use super::toml_array::Order;
use super::toml_text::TomlText;
use super::toml_tree::TomlKey;

use crate::config::referenced_secret;

/// The name of the project's file.
pub const LOBU_TOML: &str = "lobu.toml";

/// The name of the file with the names of a project's secrets.
pub const ENV_EXAMPLE: &str = ".env.example";

/// The texts of the files that a project was loaded from, by path relative to its folder.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    texts: BTreeMap<PathBuf, String>,
    toml: TomlText,
    /// The agents of `lobu.toml` as it was read, by folder.
    folders: BTreeMap<PathBuf, Vec<String>>,
    /// The texts that changed since the last attempt, in order, as they were before. `None` for a new file.
    replaced: Vec<(PathBuf, Option<String>)>,
    /// The model files that were written anew; `None` when that is not allowed.
    rewritten: Option<BTreeSet<PathBuf>>,
}

impl ProjectFiles {
    /// Takes the texts of all files that the project was loaded from, by path relative to the folder of `lobu.toml`.
    /// `None` when that file is missing or does not parse.
    pub fn new(mut texts: BTreeMap<PathBuf, String>) -> Option<Self> {
        let toml = TomlText::parse(texts.get(Path::new(LOBU_TOML))?)?;
        texts.remove(Path::new(LOBU_TOML));
        let mut files = Self {
            texts,
            toml,
            folders: BTreeMap::new(),
            replaced: Vec::new(),
            rewritten: None,
        };
        let mut folders: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for agent in files.agents() {
            if let Ok(folder) = files.agent_folder(agent) {
                folders.entry(folder).or_default().push(agent.to_owned());
            }
        }
        files.folders = folders;
        Some(files)
    }

    /// Returns every text by path, as edited.
    pub fn texts(&self) -> BTreeMap<PathBuf, String> {
        let mut texts = self.texts.clone();
        texts.insert(PathBuf::from(LOBU_TOML), self.toml.text());
        texts
    }

    /// Allows model files to be written anew where they cannot be changed in place. Their comments are lost then.
    #[must_use]
    pub fn with_rewriting(self) -> Self {
        Self {
            rewritten: Some(BTreeSet::new()),
            ..self
        }
    }

    /// Whether model files may be written anew.
    pub(super) fn may_rewrite(&self) -> bool {
        self.rewritten.is_some()
    }

    /// Writes a file anew.
    pub(super) fn rewrite(&mut self, path: PathBuf, text: String) {
        self.rewritten.get_or_insert_default().insert(path.clone());
        self.set_text(path, text);
    }

    /// Returns the files that were written anew.
    pub(super) fn rewritten(&self) -> BTreeSet<PathBuf> {
        self.rewritten.clone().unwrap_or_default()
    }

    /// Returns the folders of the files.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let lobu_toml = Path::new(LOBU_TOML);
        let paths = self.texts.keys().map(PathBuf::as_path).chain([lobu_toml]);
        paths.filter_map(|path| path.parent().map(Path::to_owned)).collect()
    }

    /// Returns the files that differ from those of `before`.
    pub(super) fn changes(&self, before: &Self) -> Vec<FileChange> {
        let old = before.texts();
        let changed = self
            .texts()
            .into_iter()
            .filter(|(path, text)| old.get(path) != Some(text));
        changed
            .map(|(path, after)| FileChange {
                before: old.get(&path).cloned(),
                path,
                after,
            })
            .collect()
    }

    /// Returns the text of a file. `None` when the project has no such file.
    pub(super) fn text(&self, path: &Path) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Returns the files below a folder, by path.
    pub(super) fn below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, &'a str)> {
        let from = self.texts.range(folder.to_owned()..);
        let below = from.take_while(move |(path, _)| path.starts_with(folder));
        below.map(|(path, text)| (path.as_path(), text.as_str()))
    }

    /// Replaces the text of a file, or adds the file.
    pub(super) fn set_text(&mut self, path: PathBuf, text: String) {
        let before = self.texts.insert(path.clone(), text);
        self.replaced.push((path, before));
    }

    /// Carries an edit out as a whole, or not at all when it fails.
    pub(super) fn attempt(&mut self, edit: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.replaced.clear();
        self.toml.keep();
        let done = edit(self);
        if done.is_err() {
            self.toml.undo();
            for (path, before) in self.replaced.drain(..).rev() {
                match before {
                    Some(text) => self.texts.insert(path, text),
                    None => self.texts.remove(&path),
                };
            }
        }
        done
    }

    /// Returns the files that the last successful edit changed.
    pub(super) fn touched(&self) -> BTreeSet<PathBuf> {
        let lobu_toml = self.toml.is_changed().then(|| PathBuf::from(LOBU_TOML));
        let texts = self.replaced.iter().map(|(path, _)| path.clone());
        texts.chain(lobu_toml).collect()
    }

    /// Replaces the text of any file, `lobu.toml` included. A text of that file that does not parse is ignored: each edit
    /// has been checked.
    pub(super) fn replace(&mut self, path: &Path, text: &str) {
        if path != Path::new(LOBU_TOML) {
            self.set_text(path.to_owned(), text.to_owned());
        } else if let Some(toml) = TomlText::parse(text) {
            self.toml = toml;
        }
    }

    /// Whether any file of the project is below a folder.
    pub(super) fn has_folder(&self, folder: &Path) -> bool {
        self.below(folder).next().is_some()
    }

    /// Adds names of secrets to `.env.example`, each once and without a value.
    pub(super) fn add_secret_names(&mut self, names: &BTreeSet<String>) {
        let path = Path::new(ENV_EXAMPLE);
        let mut text = self.text(path).unwrap_or_default().to_owned();
        let names_of = |line: &str| {
            line.split('=')
                .next()
                .map(|known| known.trim_start_matches("export ").trim().to_owned())
        };
        let known: BTreeSet<String> = text.lines().filter_map(names_of).collect();
        for name in names.difference(&known) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(name);
            text.push_str("=\n");
        }
        if self.text(path).unwrap_or_default() != text {
            self.set_text(path.to_owned(), text);
        }
    }

    /// Returns the names of the secrets that `lobu.toml` refers to.
    pub(super) fn secret_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if let Some(agents) = self.get(&["agents".into()]) {
            collect_names(&agents, &mut names);
        }
        names
    }

    /// Returns the folder of an agent, relative to the project's folder.
    ///
    /// # Errors
    /// When `lobu.toml` names a folder outside the project.
    pub(super) fn agent_folder(&self, agent: &str) -> Result<PathBuf, String> {
        let dir = self.get(&agent_path(agent, &["dir"]));
        let Some(Value::String(dir)) = dir else {
            return Err("the agent has no folder in `lobu.toml`".to_owned());
        };
        inside(&dir).ok_or_else(|| format!("the folder `{dir}` is outside the project"))
    }

    /// Returns the ids of the agents in `lobu.toml`.
    pub(super) fn agents(&self) -> impl Iterator<Item = &str> {
        self.toml.keys("agents")
    }

    /// Returns an agent of `lobu.toml` as it was read that has this folder.
    pub(super) fn agent_in(&self, folder: &Path) -> Option<&str> {
        self.folders.get(folder)?.first().map(String::as_str)
    }

    /// Returns the folder of an agent in which files may change.
    ///
    /// # Errors
    /// As [`ProjectFiles::agent_folder`], and when another agent has the same folder: its texts would change too.
    pub(super) fn own_folder(&self, agent: &str) -> Result<PathBuf, String> {
        let folder = self.agent_folder(agent)?;
        let mut all = self.folders.get(&folder).into_iter().flatten();
        match all.find(|other| *other != agent) {
            Some(other) => Err(format!(
                "agent {other} has the same folder `{}`, and its texts would change too",
                folder.display()
            )),
            None => Ok(folder),
        }
    }

    /// Returns a value of `lobu.toml`.
    pub(super) fn get(&self, path: &[TomlKey]) -> Option<Value> {
        json(&self.toml.get(path)?)
    }

    /// Sets a value of `lobu.toml`.
    ///
    /// # Errors
    /// When it cannot be changed without rewriting the file, or TOML cannot express it.
    pub(super) fn set(&mut self, path: &[TomlKey], value: &Value, order: Order) -> Result<(), String> {
        let value = toml(value).ok_or("`lobu.toml` cannot hold a value without a type (null)")?;
        self.toml.set(path, &value, order).map_err(|error| error.to_string())
    }

    /// Removes a value of `lobu.toml`.
    pub(super) fn remove(&mut self, path: &[TomlKey]) -> Result<(), String> {
        self.toml.remove(path).map_err(|error| error.to_string())
    }

    /// Appends a table to an array of tables in `lobu.toml`.
    pub(super) fn push(&mut self, path: &[TomlKey], table: &Value) -> Result<(), String> {
        let table = toml_table(table)?;
        self.toml.push(path, &table).map_err(|error| error.to_string())
    }

    /// Brings the items of an array in `lobu.toml` into another order. `order` has the position that each one has now.
    pub(super) fn reorder(&mut self, path: &[TomlKey], order: &[usize]) -> Result<(), String> {
        self.toml.reorder(path, order).map_err(|error| error.to_string())
    }

    /// Adds a table with its own header to `lobu.toml`.
    pub(super) fn add_section(&mut self, path: &[TomlKey], table: &Value) -> Result<(), String> {
        let table = toml_table(table)?;
        self.toml.add_section(path, &table).map_err(|error| error.to_string())
    }
}

fn collect_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(referenced_secret(text).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        Value::Object(entries) => entries.values().for_each(|entry| collect_names(entry, names)),
        _ => {}
    }
}

/// Returns a folder that `lobu.toml` names, relative to the project's folder. `None` when it is outside of that.
pub(super) fn inside(folder: &str) -> Option<PathBuf> {
    let parts = Path::new(folder.trim())
        .components()
        .filter(|part| *part != Component::CurDir);
    let parts: Option<PathBuf> = parts
        .map(|part| matches!(part, Component::Normal(_)).then_some(part))
        .collect();
    parts
}

/// Returns a text with the white space around another one: the server has texts without it, and a file keeps its own.
pub(super) fn within_margins(old: &str, text: &str) -> String {
    let start = old.len() - old.trim_start().len();
    let end = old.trim_end().len().max(start);
    format!("{}{text}{}", &old[..start], &old[end..])
}

/// Whether a path is below the project's folder, whatever is on the disk.
pub(super) fn is_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Returns the path of a key in an agent's table.
pub(super) fn agent_path(agent: &str, keys: &[&str]) -> Vec<TomlKey> {
    ["agents", agent]
        .iter()
        .chain(keys)
        .map(|key| TomlKey::from(*key))
        .collect()
}

fn toml_table(value: &Value) -> Result<toml::Table, String> {
    match toml(value) {
        Some(toml::Value::Table(table)) => Ok(table),
        _ => Err("`lobu.toml` cannot hold a value without a type (null)".to_owned()),
    }
}

fn toml(value: &Value) -> Option<toml::Value> {
    toml::Value::try_from(value).ok()
}

fn json(value: &toml::Value) -> Option<Value> {
    serde_json::to_value(value).ok()
}

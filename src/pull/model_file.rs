//! Where the files of the models folder declare types: alone, as one of several documents, or in a list.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::lines::lines;
use super::project_files::{ProjectFiles, inside};
use super::yaml_flow;
use super::yaml_lines::{find, items_of};
use super::yaml_text::YamlText;
use super::yaml_value::block_lines;
use crate::config::parse_yaml;
use crate::resource::{Address, Watcher, normalize_entity_slug};

/// The lists of types that a document can have, with the kind of their items.
const LISTS: [(&str, &str); 3] = [
    ("entities", "entity"),
    ("relationships", "relationship"),
    ("watchers", "watcher"),
];

/// The types that the files of the models folder declare, by address.
#[derive(Debug, Default)]
pub(super) struct ModelFiles {
    places: BTreeMap<Address, Vec<TypePlace>>,
}

/// The place of a type in a file.
#[derive(Debug, Clone)]
pub(super) struct TypePlace {
    /// The file.
    pub(super) path: PathBuf,
    /// The position of the document in the file.
    document: usize,
    /// The list that the type is in, and its position there. `None` when the document is the type.
    item: Option<(&'static str, usize)>,
    /// The name of a watcher's script, as the file has it.
    pub(super) script: Option<String>,
}

impl ModelFiles {
    /// Finds the types of all files.
    pub(super) fn new(files: &ProjectFiles) -> Self {
        let mut models = Self::default();
        let Ok(folder) = models_folder(files) else {
            return models;
        };
        each_document(files, &folder, |path, document, value| {
            models.add_types(path, document, value);
        });
        models
    }

    fn add_types(&mut self, path: &Path, document: usize, value: &Value) {
        let mut add = |kind: &str, value: &Value, item| {
            let slug = value.get("slug").and_then(Value::as_str).unwrap_or_default();
            let address = match kind {
                "entity" | "entity_type" => Address::entity_type(normalize_entity_slug(slug)),
                "relationship" | "relationship_type" => Address::relationship_type(slug),
                "watcher" => Address::watcher(slug),
                _ => return,
            };
            let script = value.get(Watcher::SCRIPT).and_then(Value::as_str);
            let mut place = TypePlace::new(path, document, item);
            place.script = script.map(str::to_owned);
            self.places.entry(address).or_default().push(place);
        };
        if let Some(kind) = value.get("type") {
            return add(kind.as_str().unwrap_or_default(), value, None);
        }
        for (list, kind) in LISTS {
            let items = value.get(list).and_then(Value::as_array).into_iter().flatten();
            items
                .enumerate()
                .for_each(|(index, item)| add(kind, item, Some((list, index))));
        }
    }

    /// Returns the places of all watchers, each with its slug.
    pub(super) fn watchers(&self) -> impl Iterator<Item = (&str, &TypePlace)> {
        self.places.iter().flat_map(|(address, places)| {
            let slug = match address {
                Address::Watcher { slug } => Some(&**slug),
                _ => None,
            };
            places.iter().filter_map(move |place| Some((slug?, place)))
        })
    }

    /// Returns the place of a type.
    ///
    /// # Errors
    /// When no file declares it, or several do.
    pub(super) fn place(&self, address: &Address) -> Result<&TypePlace, String> {
        match self.places.get(address).map(Vec::as_slice) {
            Some([place]) => Ok(place),
            Some([first, second, ..]) => Err(format!(
                "it is declared in `{}` and in `{}`",
                first.path.display(),
                second.path.display()
            )),
            _ => Err("no model file of the project declares it in a form that can be changed".to_owned()),
        }
    }
}

/// Calls `visit` with each document of each YAML file below a folder: the file, its position there, and its value.
pub(super) fn each_document(files: &ProjectFiles, folder: &Path, mut visit: impl FnMut(&Path, usize, &Value)) {
    let is_yaml = |path: &Path| {
        let extension = path.extension().and_then(OsStr::to_str);
        extension.is_some_and(|it| it.eq_ignore_ascii_case("yaml") || it.eq_ignore_ascii_case("yml"))
    };
    for (path, text) in files.below(folder).filter(|(path, _)| is_yaml(path)) {
        for (document, range) in documents(text).into_iter().enumerate() {
            let parsed = parse_yaml(&text[range]).unwrap_or_default();
            let [value] = parsed.as_slice() else { continue };
            visit(path, document, value);
        }
    }
}

impl TypePlace {
    /// Creates the place of a document, or of an item in one of its lists.
    pub(super) fn new(path: &Path, document: usize, item: Option<(&'static str, usize)>) -> Self {
        Self {
            path: path.to_owned(),
            document,
            item,
            script: None,
        }
    }

    /// Writes the file of the type anew, without its comments. `None` when the file declares anything else.
    pub(super) fn rewrite(&self, files: &mut ProjectFiles, change: impl FnOnce(&mut Map<String, Value>)) -> Option<()> {
        let text = files.text(&self.path)?;
        let mut parsed = parse_yaml(text)?;
        let (Some(Value::Object(mut document)), None, None) = (parsed.pop(), parsed.pop(), self.item) else {
            return None;
        };
        change(&mut document);
        document.retain(|_, value| !value.is_null());
        let text = format!("{}\n", block_lines(&Value::Object(document), 0));
        files.rewrite(self.path.clone(), text);
        Some(())
    }

    /// Changes the type in its file.
    ///
    /// # Errors
    /// When the change fails, or the file does not have it in a form that can be changed.
    pub(super) fn edit(
        &self,
        files: &mut ProjectFiles,
        change: impl FnOnce(&mut YamlText) -> Result<(), String>,
    ) -> Result<(), String> {
        let shown = self.path.display();
        let unusable = || format!("`{shown}` does not have the type in a form that can be changed; edit it there");
        let text = files.text(&self.path).unwrap_or_default();
        let document = documents(text).get(self.document).cloned().ok_or_else(unusable)?;
        let range = match self.item {
            Some((list, index)) => {
                let item = item_range(&text[document.clone()], list, index).ok_or_else(unusable)?;
                document.start + item.start..document.start + item.end
            }
            None => document,
        };
        let mut item = text[range.clone()].to_owned();
        let indent = item.len() - item.trim_start().len();
        let has_dash = item[indent..].starts_with('-') && self.item.is_some();
        if has_dash {
            // Without its dash, the item is a mapping like any other.
            item.replace_range(indent..=indent, " ");
        }
        let mut yaml = YamlText::parse(&item).ok_or_else(unusable)?;
        change(&mut yaml).map_err(|why| format!("`{shown}`: {why}"))?;
        let mut item = yaml.text().to_owned();
        if has_dash {
            // The dash comes back to where it was, before the first key.
            let is_free = item.get(..=indent).is_some_and(|start| start.trim().is_empty());
            if !is_free {
                return Err(unusable());
            }
            item.replace_range(indent..=indent, "-");
        }
        let mut edited = text.to_owned();
        edited.replace_range(range, &item);
        files.set_text(self.path.clone(), edited);
        Ok(())
    }
}

/// Returns the range of an item of a list of a document, with the dash of an item that has lines of its own.
fn item_range(document: &str, list: &str, index: usize) -> Option<Range<usize>> {
    let block = find(document, &[list])?;
    if document[block.value..].starts_with('[') {
        return yaml_flow::items(document, block.value)?.get(index).cloned();
    }
    items_of(document, &block)?.get(index).cloned()
}

/// Returns the ranges of the documents of a text. The lines that begin with three dashes or dots separate them, wherever they
/// are.
fn documents(text: &str) -> Vec<Range<usize>> {
    let is_mark = |line: &str, mark: &str| {
        let rest = line.strip_prefix(mark);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    // A byte order mark belongs to no document.
    let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
    let (mut documents, mut start) = (Vec::new(), skipped);
    for line in lines(text, 0..text.len()) {
        let content = &text[line.start.max(skipped)..line.end];
        if is_mark(content, "---") || is_mark(content, "...") {
            documents.push(start..line.start.max(skipped));
            start = line.start.max(skipped) + 3;
        }
    }
    documents.push(start..text.len());
    documents
}

/// Returns the folder of the model files, relative to the project's folder.
pub(super) fn models_folder(files: &ProjectFiles) -> Result<PathBuf, String> {
    memory_folder(files, "models")
}

/// Returns the folder that this key of the memory table names, relative to the project's folder.
pub(super) fn memory_folder(files: &ProjectFiles, key: &str) -> Result<PathBuf, String> {
    let memory = files.get(&["memory".into()]).unwrap_or_default();
    let named = memory["owletto"][key].as_str().or_else(|| memory[key].as_str());
    let named = named.ok_or_else(|| format!("`lobu.toml` names no folder of {key}"))?;
    inside(named).ok_or_else(|| format!("the folder `{named}` is outside the project"))
}

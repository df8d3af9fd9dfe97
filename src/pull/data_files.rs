//! Where the files of the data folder declare entities and relationships: alone, as one of several documents, or in a list.

use serde_json::Value;

use super::model_file::{TypePlace, each_document, memory_folder};
use super::project_files::ProjectFiles;
use crate::resource::{Address, EntityPath, normalize_entity_slug};

/// What the files of the data folder declare.
#[derive(Debug, Default)]
pub(super) struct DataFiles {
    entries: Vec<DataEntry>,
}

/// An entity or a relationship as a file has it.
#[derive(Debug)]
struct DataEntry {
    is_entity: bool,
    value: Value,
    place: TypePlace,
}

impl DataFiles {
    /// Finds what all files declare.
    pub(super) fn new(files: &ProjectFiles) -> Self {
        let mut data = Self::default();
        let Ok(folder) = memory_folder(files, "data") else {
            return data;
        };
        each_document(files, &folder, |path, document, value| {
            let mut add = |is_entity: bool, value: &Value, item| {
                let value = value.clone();
                let place = TypePlace::new(path, document, item);
                data.entries.push(DataEntry {
                    is_entity,
                    value,
                    place,
                });
            };
            match value.get("type").and_then(Value::as_str) {
                Some(kind) => add(kind == "entity", value, None),
                None => {
                    for (list, is_entity) in [("entities", true), ("relationships", false)] {
                        let items = value.get(list).and_then(Value::as_array).into_iter().flatten();
                        items
                            .enumerate()
                            .for_each(|(index, item)| add(is_entity, item, Some((list, index))));
                    }
                }
            }
        });
        data
    }

    /// Returns the place of an entity or a relationship.
    ///
    /// # Errors
    /// When no file declares it, or when names alone do not tell which one of several it is.
    pub(super) fn place(&self, address: &Address) -> Result<&TypePlace, String> {
        let mut found: Vec<&DataEntry> = self.entries.iter().filter(|it| it.may_be(address)).collect();
        if found.len() > 1 {
            found.retain(|it| it.names_paths_of(address));
        }
        match found.as_slice() {
            [entry] => Ok(&entry.place),
            [first, second, ..] => Err(format!(
                "`{}` and `{}` have several of this name; edit it there",
                first.place.path.display(),
                second.place.path.display()
            )),
            [] => Err("no data file of the project declares it in a form that can be changed".to_owned()),
        }
    }
}

impl DataEntry {
    fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }

    /// Whether the entry can be the one at an address. Its names may be too short to tell.
    fn may_be(&self, address: &Address) -> bool {
        match address {
            Address::Entity { entity_type, path } => {
                let kind = self.text("entity_type").map(normalize_entity_slug);
                self.is_entity && kind.as_deref() == Some(&**entity_type) && self.text("slug") == Some(path.slug())
            }
            Address::Relationship { key } => {
                let is_end = |name: &str, path: &EntityPath| {
                    self.text(name)
                        .map(path_of)
                        .is_some_and(|named| named == *path || (named.depth() == 1 && named.slug() == path.slug()))
                };
                !self.is_entity
                    && self.text("relationship_type") == Some(&key.kind)
                    && is_end("from", &key.from)
                    && is_end("to", &key.to)
            }
            _ => false,
        }
    }

    /// Whether every entity that the entry names is named by its whole path.
    fn names_paths_of(&self, address: &Address) -> bool {
        let named = |key: &str| self.text(key).map(path_of);
        match address {
            Address::Entity { path, .. } => named("parent") == path.parent(),
            Address::Relationship { key } => {
                named("from").as_ref() == Some(&key.from) && named("to").as_ref() == Some(&key.to)
            }
            _ => false,
        }
    }
}

/// Returns the path in the name of an entity, which may begin with the type.
fn path_of(name: &str) -> EntityPath {
    EntityPath::parse(name.split_once(':').map_or(name, |(_, path)| path))
}

//! One file of the `models` folder: which types it declares, and what in it is left alone.

use std::ops::Range;

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::suggest::nearest;
use super::yaml::{self, Node, Tree};
use super::{entity_type, relationship_type};
use crate::resource::{Address, EntityType, FieldPath, RelationshipType};

/// A declared type, with the places of its keys.
#[derive(Debug)]
pub(super) struct Declared<T> {
    /// The type itself.
    pub resource: T,
    /// What the plan calls it.
    pub address: Address,
    /// The index of its file among the model files.
    pub file: usize,
    /// Where its slug stands.
    pub span: Range<usize>,
    /// Where its keys stand.
    pub places: Vec<(FieldPath, Range<usize>)>,
}

/// Everything that the model files declare.
#[derive(Debug, Default)]
pub(super) struct Models {
    /// In file order.
    pub entity_types: Vec<Declared<EntityType>>,
    /// In file order.
    pub relationship_types: Vec<Declared<RelationshipType>>,
}

const TYPES: [&str; 4] = ["entity", "entity_type", "relationship", "relationship_type"];

/// Reads one file: one document or several, single types or the bundles of later releases.
pub(super) fn read(source: &Source, file: usize, models: &mut Models, sink: &mut Sink) {
    match yaml::parse(source, &source.text, 1) {
        Err(problem) => sink.push(*problem),
        Ok(documents) if documents.is_empty() => {
            sink.push(Diagnostic::warning("empty-file", "there is nothing in this file").in_file(&source.path));
        }
        Ok(documents) => {
            for document in &documents {
                read_document(
                    &mut Reader {
                        source,
                        file,
                        models,
                        sink,
                    },
                    document,
                );
            }
        }
    }
}

/// What the readers of single types work with.
pub(super) struct Reader<'a> {
    /// The file.
    pub source: &'a Source,
    /// Its index.
    pub file: usize,
    /// What was found.
    pub models: &'a mut Models,
    /// What is wrong.
    pub sink: &'a mut Sink,
}

fn read_document(reader: &mut Reader<'_>, document: &Node) {
    if !matches!(document.value, Tree::Map(_)) {
        let problem = Diagnostic::error(
            "wrong-type",
            format!("a model must be a mapping, found {}", document.kind()),
        );
        return reader.sink.push(
            problem
                .at(reader.source, document.span.clone())
                .help("start with `type: entity` or `type: relationship`"),
        );
    }
    reader.check_version(document);
    if let Some(kind) = document.get("type") {
        return match kind.text() {
            Some("entity" | "entity_type") => entity_type::read(reader, document),
            Some("relationship" | "relationship_type") => relationship_type::read(reader, document),
            _ => reader.skip(kind),
        };
    }
    let bundle = ["entities", "relationships", "watchers"];
    if bundle.iter().any(|key| document.get(key).is_some()) {
        return read_bundle(reader, document);
    }
    let problem = Diagnostic::error("missing-key", "the model has no `type`");
    reader.sink.push(
        problem
            .at(reader.source, document.span.clone())
            .help("add `type: entity` or `type: relationship`"),
    );
}

fn read_bundle(reader: &mut Reader<'_>, document: &Node) {
    for (key, span, node) in document.entries() {
        let items = match node.items() {
            Some(items) => items,
            None if node.is_null() => &[],
            None if matches!(key.as_str(), "entities" | "relationships") => {
                reader.wrong_type(key, node, "a list");
                continue;
            }
            None => &[],
        };
        match key.as_str() {
            "entities" => items.iter().for_each(|item| entity_type::read(reader, item)),
            "relationships" => items.iter().for_each(|item| relationship_type::read(reader, item)),
            "version" => {}
            _ => reader.not_synced(key, span.clone()),
        }
    }
}

impl Reader<'_> {
    fn check_version(&mut self, document: &Node) {
        let Some(version) = document.get("version") else { return };
        let known = matches!(&version.value, Tree::Scalar(value) if matches!(value.as_u64(), Some(1 | 2)));
        if !known {
            self.sink.push(
                Diagnostic::warning("model-version", "the model is of a version that is not known")
                    .at(self.source, version.span.clone())
                    .help("it is read as version 1; known are 1 and 2"),
            );
        }
    }

    fn skip(&mut self, kind: &Node) {
        let file = self.source.path.display();
        let name = kind.text().unwrap_or_default();
        let warning = Diagnostic::warning(
            "not-synced",
            format!("`{file}` is not synced: its type is {}", tick(name)),
        )
        .at(self.source, kind.span.clone());
        self.sink.push(match nearest(name, TYPES) {
            Some(near) => warning.help(format!("did you mean {}?", tick(near))),
            None => warning.help("only entity and relationship types are synced"),
        });
    }

    /// Warns about a key that is left alone.
    pub(super) fn not_synced(&mut self, key: &str, span: Range<usize>) {
        self.sink
            .push(Diagnostic::warning("not-synced", format!("{} is not synced", tick(key))).at(self.source, span));
    }

    /// Warns about the keys of a type that are left alone.
    pub(super) fn check_keys(&mut self, document: &Node, known: &[&str]) {
        for (key, span, _) in document.entries() {
            if known.contains(&key.as_str()) {
                continue;
            }
            let warning =
                Diagnostic::warning("not-synced", format!("{} is not synced", tick(key))).at(self.source, span.clone());
            self.sink.push(match nearest(key, known.iter().copied()) {
                Some(near) => warning.help(format!("did you mean {}?", tick(near))),
                None => warning,
            });
        }
    }

    /// Says that a value is of the wrong kind.
    pub(super) fn wrong_type(&mut self, key: &str, node: &Node, expected: &str) {
        self.sink.push(
            Diagnostic::error(
                "wrong-type",
                format!("{} must be {expected}, found {}", tick(key), node.kind()),
            )
            .at(self.source, node.span.clone()),
        );
    }

    /// A string, when there is one; null counts as absent.
    pub(super) fn string(&mut self, document: &Node, key: &str) -> Option<String> {
        let node = document.get(key).filter(|node| !node.is_null())?;
        if let Some(text) = node.text() {
            return Some(text.to_owned());
        }
        self.wrong_type(key, node, "a string");
        None
    }

    /// A boolean, when there is one.
    pub(super) fn boolean(&mut self, document: &Node, key: &str) -> Option<bool> {
        let node = document.get(key).filter(|node| !node.is_null())?;
        let found = node.json().as_bool();
        if found.is_none() {
            self.wrong_type(key, node, "`true` or `false`");
        }
        found
    }

    /// A string that must be there and not be blank, with its place.
    pub(super) fn required(&mut self, document: &Node, key: &str) -> Option<(String, Range<usize>)> {
        let Some(node) = document.get(key).filter(|node| !node.is_null()) else {
            self.sink.push(
                Diagnostic::error("missing-key", format!("the model has no {}", tick(key)))
                    .at(self.source, document.span.clone())
                    .help(format!("add `{key}: …`: the server refuses a type without it")),
            );
            return None;
        };
        let text = self.string(document, key)?;
        if text.trim().is_empty() {
            self.sink.push(
                Diagnostic::error("empty-value", format!("{} is empty", tick(key))).at(self.source, node.span.clone()),
            );
            return None;
        }
        Some((text, node.span.clone()))
    }

    /// `metadata_schema`, or one made of top-level `properties` and `required`.
    pub(super) fn metadata_schema(&mut self, document: &Node) -> Option<serde_json::Value> {
        let short = ["properties", "required"].map(|key| document.get(key).filter(|node| !node.is_null()));
        let long = document.get("metadata_schema").filter(|node| !node.is_null());
        if let (Some(_), Some(node)) = (long, short.into_iter().flatten().next()) {
            self.sink.push(
                Diagnostic::error(
                    "schema-twice",
                    "`metadata_schema` and top-level `properties` or `required` are both used",
                )
                .at(self.source, node.span.clone())
                .help("move them into `metadata_schema`"),
            );
        }
        if let Some(schema) = long {
            if !matches!(schema.value, Tree::Map(_)) {
                self.wrong_type("metadata_schema", schema, "a mapping");
            }
            return Some(schema.json());
        }
        let [properties, required] = short;
        if properties.is_none() && required.is_none() {
            return None;
        }
        let mut schema = serde_json::Map::from_iter([("type".to_owned(), "object".into())]);
        schema.extend(properties.map(|node| ("properties".to_owned(), node.json())));
        schema.extend(required.map(|node| ("required".to_owned(), node.json())));
        Some(schema.into())
    }
}

/// The places of a type's keys under their wire names; those of a schema three levels deep.
pub(super) fn places(document: &Node) -> Vec<(FieldPath, Range<usize>)> {
    let mut places = Vec::new();
    for (key, span, node) in document.entries() {
        let path = match key.as_str() {
            "properties" | "required" => FieldPath::of(["metadata_schema", key]),
            "inverse" => FieldPath::root("inverse_type_slug"),
            "symmetric" => FieldPath::root("is_symmetric"),
            other => FieldPath::root(other),
        };
        places.push((path.clone(), span.clone()));
        if matches!(key.as_str(), "metadata_schema" | "properties") {
            deeper(&path, node, 3, &mut places);
        }
    }
    places
}

fn deeper(path: &FieldPath, node: &Node, levels: usize, places: &mut Vec<(FieldPath, Range<usize>)>) {
    for (key, span, node) in node.entries() {
        let path = path.join(key.as_str());
        places.push((path.clone(), span.clone()));
        if levels > 1 {
            deeper(&path, node, levels - 1, places);
        }
    }
}

//! The state and the checks that the readers of both kinds of types share.

use std::ops::Range;
use std::sync::Arc;

use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::finding::Findings;
use crate::config::source::{Source, Text};
use crate::config::suggestion::nearest;
use crate::config::yaml::{YamlNode, YamlValue};
use crate::resource::{Address, EntityType, FieldPath, MetadataSchema, RelationshipType, ResourceOrigins, Watcher};

/// A declared type, with the locations of its keys.
#[derive(Debug, Clone)]
pub(in crate::config) struct Declared<T> {
    /// The type itself.
    pub resource: T,
    /// The address of its row in a plan.
    pub address: Address,
    /// The text of its file.
    pub source: Arc<Source>,
    /// The location of its slug.
    pub span: Range<usize>,
    /// The locations of its slug and of its keys, by wire name.
    pub origins: Arc<ResourceOrigins>,
}

/// A watcher as its file declares it: the script is in a file of its own.
#[derive(Debug, Clone)]
pub(in crate::config) struct WatcherDraft {
    /// The watcher, without its script.
    pub watcher: Declared<Watcher>,
    /// The path of the script, relative to the file.
    pub script: Option<Text>,
}

/// What model files declare.
#[derive(Debug, Default)]
pub(in crate::config) struct Models {
    /// The entity types, in file order.
    pub entity_types: Vec<Declared<EntityType>>,
    /// The relationship types, in file order.
    pub relationship_types: Vec<Declared<RelationshipType>>,
    /// The watchers, in file order.
    pub watchers: Vec<WatcherDraft>,
}

impl Models {
    /// Adds what another file declares.
    pub(in crate::config) fn extend(&mut self, other: &Self) {
        self.entity_types.extend(other.entity_types.iter().cloned());
        self.relationship_types.extend(other.relationship_types.iter().cloned());
        self.watchers.extend(other.watchers.iter().cloned());
    }
}

/// A model file that is being read.
pub(in crate::config) struct ModelReader<'a> {
    /// The text of the file.
    pub source: &'a Arc<Source>,
    /// Collects the types.
    pub models: &'a mut Models,
    /// Collects the diagnostics.
    pub findings: &'a mut Findings,
}

impl ModelReader<'_> {
    /// Warns about a key that is not synced.
    pub(in crate::config) fn not_synced(&mut self, key: &str, span: Range<usize>) {
        self.findings
            .push(Diagnostic::warning("not-synced", format!("{} is not synced", tick(key))).at(self.source, span));
    }

    /// Warns about the keys of a type that are not in `known`, which are not sent.
    pub(in crate::config) fn check_keys(&mut self, document: &YamlNode, known: &[&str]) {
        for (key, span, _) in document.entries() {
            if known.contains(&key.as_str()) {
                continue;
            }
            let warning =
                Diagnostic::warning("not-synced", format!("{} is not synced", tick(key))).at(self.source, span.clone());
            self.findings.push(match nearest(key, known.iter().copied()) {
                Some(near) => warning.help(format!("did you mean {}?", tick(near))),
                None => warning,
            });
        }
    }

    /// Reports a value of the wrong type.
    pub(in crate::config) fn wrong_type(&mut self, key: &str, node: &YamlNode, expected: &str) {
        self.findings.push(
            Diagnostic::error(
                "wrong-type",
                format!("{} must be {expected}, found {}", tick(key), node.kind()),
            )
            .at(self.source, node.span.clone()),
        );
    }

    /// Reads a string, if the key is present; null counts as absent.
    pub(in crate::config) fn string(&mut self, document: &YamlNode, key: &str) -> Option<String> {
        let node = document.get(key).filter(|node| !node.is_null())?;
        if let Some(text) = node.text() {
            return Some(text.to_owned());
        }
        self.wrong_type(key, node, "a string");
        None
    }

    /// Reads a boolean, if the key is present; null counts as absent.
    pub(in crate::config) fn boolean(&mut self, document: &YamlNode, key: &str) -> Option<bool> {
        let node = document.get(key).filter(|node| !node.is_null())?;
        let found = node.json().as_bool();
        if found.is_none() {
            self.wrong_type(key, node, "`true` or `false`");
        }
        found
    }

    /// Reads a string of a type that must be present and not blank, with its location.
    pub(in crate::config) fn required(&mut self, document: &YamlNode, key: &str) -> Option<(String, Range<usize>)> {
        self.required_of("a type", document, key)
    }

    /// Reports a slug that starts with `$`.
    pub(super) fn refuse_reserved(&mut self, slug: &str, span: Range<usize>) {
        let message = format!("the server keeps the slug {} to itself", tick(slug));
        let problem = Diagnostic::error("reserved-slug", message).at(self.source, span);
        self.findings
            .push(problem.help("choose a slug that does not start with `$`"));
    }

    /// Reports that `noun` lacks a key.
    pub(in crate::config) fn missing_of(&mut self, noun: &str, document: &YamlNode, key: &str) {
        self.findings.push(
            Diagnostic::error("missing-key", format!("the model has no {}", tick(key)))
                .at(self.source, document.span.clone())
                .help(format!("add `{key}: …`: the server refuses {noun} without it")),
        );
    }

    /// Reads a string of `noun` that must be present and not blank, with its location.
    pub(in crate::config) fn required_of(
        &mut self,
        noun: &str,
        document: &YamlNode,
        key: &str,
    ) -> Option<(String, Range<usize>)> {
        let Some(node) = document.get(key).filter(|node| !node.is_null()) else {
            self.missing_of(noun, document, key);
            return None;
        };
        let text = self.string(document, key)?;
        if text.trim().is_empty() {
            self.findings.push(
                Diagnostic::error("empty-value", format!("{} is empty", tick(key))).at(self.source, node.span.clone()),
            );
            return None;
        }
        Some((text, node.span.clone()))
    }

    /// Reads `metadata_schema`, or makes one of top-level `properties` and `required`, which the server ignores outside of it
    /// (contract section 8.1).
    pub(in crate::config) fn metadata_schema(&mut self, document: &YamlNode) -> Option<serde_json::Value> {
        let top_level = ["properties", "required"].map(|key| document.get(key).filter(|node| !node.is_null()));
        let schema = document.get("metadata_schema").filter(|node| !node.is_null());
        if let (Some(_), Some(node)) = (schema, top_level.into_iter().flatten().next()) {
            self.findings.push(
                Diagnostic::error(
                    "schema-twice",
                    "`metadata_schema` and top-level `properties` or `required` are both used",
                )
                .at(self.source, node.span.clone())
                .help("move them into `metadata_schema`"),
            );
        }
        if let Some(node) = schema {
            if !matches!(node.value, YamlValue::Map(_)) {
                self.wrong_type("metadata_schema", node, "a mapping");
            }
            let schema = node.json();
            self.check_work(&schema, node.span.clone());
            return Some(schema);
        }
        let [properties, required] = top_level;
        if properties.is_none() && required.is_none() {
            return None;
        }
        let mut schema = serde_json::Map::from_iter([("type".to_owned(), "object".into())]);
        schema.extend(properties.map(|node| ("properties".to_owned(), node.json())));
        schema.extend(required.map(|node| ("required".to_owned(), node.json())));
        let schema = schema.into();
        if let Some(properties) = properties {
            self.check_work(&schema, properties.span.clone());
        }
        Some(schema)
    }

    /// Reports a schema against which nothing can be checked in any reasonable time: a few lines with `$ref` are enough.
    fn check_work(&mut self, schema: &serde_json::Value, span: Range<usize>) {
        if let Err(error) = MetadataSchema::check_work(schema) {
            let message = format!("the schema makes too much work: {error}");
            let problem = Diagnostic::error("schema-work", message).at(self.source, span);
            self.findings.push(problem.help("look at what its `$ref`s lead to"));
        }
    }
}

/// Returns the location of what a document declares, whose slug or type is at `span`, and those of its keys under their wire
/// names. Those of a schema are three levels deep, which reaches the keys of each property:
/// `metadata_schema.properties.NAME.KEY`.
pub(in crate::config) fn origins(source: &Source, span: &Range<usize>, document: &YamlNode) -> Arc<ResourceOrigins> {
    let mut origins = ResourceOrigins::new(source.origin(span));
    for (key, span, node) in document.entries() {
        let path = match key.as_str() {
            "properties" | "required" => FieldPath::of(["metadata_schema", key]),
            "inverse" => FieldPath::root("inverse_type_slug"),
            "symmetric" => FieldPath::root("is_symmetric"),
            "agent" => FieldPath::root("agent_id"),
            "entity_id" => FieldPath::root("entity"),
            other => FieldPath::root(other),
        };
        if matches!(
            key.as_str(),
            "metadata_schema" | "properties" | "extraction_schema" | "metadata"
        ) {
            collect_below(source, &path, node, 3, &mut origins);
        }
        origins.set_field(path, source.origin(span));
    }
    Arc::new(origins)
}

fn collect_below(source: &Source, path: &FieldPath, node: &YamlNode, levels: usize, origins: &mut ResourceOrigins) {
    for (key, span, node) in node.entries() {
        let path = path.join(key.as_str());
        if levels > 1 {
            collect_below(source, &path, node, levels - 1, origins);
        }
        origins.set_field(path, source.origin(span));
    }
}

//! The files of the `models` folder: the types that they declare, with warnings about content that is not synced.

mod entity_type;
mod reader;
mod relationship_type;
mod watcher;

use std::sync::Arc;

use super::diagnostic::{Diagnostic, tick};
use super::finding::Findings;
use super::source::Source;
use super::suggestion::nearest;
use super::yaml::{self, YamlNode, YamlValue};
pub(super) use reader::{Declared, ModelReader, Models, WatcherDraft, origins};

/// The values of `type` that are synced. Each kind of type has two spellings.
const TYPES: [&str; 5] = ["entity", "entity_type", "relationship", "relationship_type", "watcher"];

/// Reads one file, which has one document or several. Each is a single model or a bundle of later releases (lists of models).
pub(super) fn read(source: &Arc<Source>, findings: &mut Findings) -> Models {
    let mut models = Models::default();
    match yaml::parse(source, &source.text, 1) {
        Err(problem) => findings.push(*problem),
        Ok(documents) if documents.is_empty() => {
            findings.push(
                Diagnostic::warning("empty-file", "there is nothing in this file").in_file(source.path.as_path()),
            );
        }
        Ok(documents) => {
            let mut reader = ModelReader {
                source,
                models: &mut models,
                findings,
            };
            for document in &documents {
                read_document(&mut reader, document);
            }
        }
    }
    models
}

fn read_document(reader: &mut ModelReader<'_>, document: &YamlNode) {
    if !matches!(document.value, YamlValue::Map(_)) {
        let problem = Diagnostic::error(
            "wrong-type",
            format!("a model must be a mapping, found {}", document.kind()),
        );
        return reader.findings.push(
            problem
                .at(reader.source, document.span.clone())
                .help("start with `type: entity` or `type: relationship`"),
        );
    }
    check_version(reader, document);
    if let Some(kind) = document.get("type") {
        return match kind.text() {
            Some("entity" | "entity_type") => entity_type::read(reader, document),
            Some("relationship" | "relationship_type") => relationship_type::read(reader, document),
            Some("watcher") => watcher::read(reader, document),
            _ => skip(reader, kind),
        };
    }
    let bundle = ["entities", "relationships", "watchers"];
    if bundle.iter().any(|key| document.get(key).is_some()) {
        return read_bundle(reader, document);
    }
    let problem = Diagnostic::error("missing-key", "the model has no `type`");
    reader.findings.push(
        problem
            .at(reader.source, document.span.clone())
            .help("add `type: entity` or `type: relationship`"),
    );
}

/// Reads a document with lists of types instead of a type of its own.
fn read_bundle(reader: &mut ModelReader<'_>, document: &YamlNode) {
    for (key, span, node) in document.entries() {
        let items = match node.items() {
            Some(items) => items,
            None if node.is_null() => &[],
            // Only the lists that are read need the right type; the others are reported as not synced below.
            None if matches!(key.as_str(), "entities" | "relationships" | "watchers") => {
                reader.wrong_type(key, node, "a list");
                continue;
            }
            None => &[],
        };
        match key.as_str() {
            "entities" => items.iter().for_each(|item| entity_type::read(reader, item)),
            "relationships" => items.iter().for_each(|item| relationship_type::read(reader, item)),
            "watchers" => items.iter().for_each(|item| watcher::read(reader, item)),
            "version" => {}
            _ => reader.not_synced(key, span.clone()),
        }
    }
}

fn check_version(reader: &mut ModelReader<'_>, document: &YamlNode) {
    let Some(version) = document.get("version") else { return };
    let known = matches!(&version.value, YamlValue::Scalar(value) if matches!(value.as_u64(), Some(1 | 2)));
    if !known {
        reader.findings.push(
            Diagnostic::warning("model-version", "the model is of a version that is not known")
                .at(reader.source, version.span.clone())
                .help("it is read as version 1; known are 1 and 2"),
        );
    }
}

/// Warns about a document of a type that is not synced.
fn skip(reader: &mut ModelReader<'_>, kind: &YamlNode) {
    let file = reader.source.path.display();
    let name = kind.text().unwrap_or_default();
    let warning = Diagnostic::warning(
        "not-synced",
        format!("`{file}` is not synced: its type is {}", tick(name)),
    )
    .at(reader.source, kind.span.clone());
    reader.findings.push(match nearest(name, TYPES) {
        Some(near) => warning.help(format!("did you mean {}?", tick(near))),
        None => warning.help("only entity types, relationship types and watchers are synced"),
    });
}

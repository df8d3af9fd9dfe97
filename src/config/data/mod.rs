//! The files of the `data` folder: the entities and relationships that they declare.
//!
//! `read` makes drafts of one file. When all are read, `resolve` turns names into paths and checks what belongs together.

mod check;
mod draft;
mod entity;
mod reference;
mod relationship;
mod resolve;

use std::sync::Arc;

use super::diagnostic::{Diagnostic, tick};
use super::finding::Findings;
use super::model::ModelReader;
use super::source::Source;
use super::yaml::{self, YamlNode, YamlValue};
pub(super) use draft::DataDrafts;
pub(super) use resolve::{DeclaredData, resolve};

/// Reads one file, which has one document or several. Each is an entity, a relationship, or lists of both.
pub(super) fn read(source: &Arc<Source>, findings: &mut Findings) -> DataDrafts {
    let mut drafts = DataDrafts::default();
    let documents = match yaml::parse(source, &source.text, 1) {
        Ok(documents) => documents,
        Err(problem) => {
            findings.push(*problem);
            return drafts;
        }
    };
    if documents.is_empty() {
        findings
            .push(Diagnostic::warning("empty-file", "there is nothing in this file").in_file(source.path.as_path()));
    }
    let mut models = super::model::Models::default();
    let mut reader = ModelReader {
        source,
        models: &mut models,
        findings,
    };
    for document in &documents {
        read_document(&mut reader, document, &mut drafts);
    }
    drafts
}

fn read_document(reader: &mut ModelReader<'_>, document: &YamlNode, drafts: &mut DataDrafts) {
    if !matches!(document.value, YamlValue::Map(_)) {
        return reader.wrong_type("data", document, "a mapping");
    }
    match document.get("type").map(YamlNode::text) {
        Some(Some("entity")) => entity::read(reader, document, drafts),
        Some(Some("relationship")) => relationship::read(reader, document, drafts),
        Some(other) => {
            let message = format!("data of the type {} is not synced", tick(other.unwrap_or_default()));
            let span = document.get("type").map_or(0..0, |node| node.span.clone());
            let warning = Diagnostic::warning("not-synced", message).at(reader.source, span);
            reader
                .findings
                .push(warning.help("the types of data are `entity` and `relationship`"));
        }
        None => read_lists(reader, document, drafts),
    }
}

/// Reads a document with lists of entities and relationships instead of a type of its own.
fn read_lists(reader: &mut ModelReader<'_>, document: &YamlNode, drafts: &mut DataDrafts) {
    let known = ["entities", "relationships"];
    if known.iter().all(|key| document.get(key).is_none()) {
        let problem = Diagnostic::error("missing-key", "the data has no `type`");
        let problem = problem.at(reader.source, document.span.clone());
        return reader
            .findings
            .push(problem.help("add `type: entity` or `type: relationship`"));
    }
    for (key, span, node) in document.entries() {
        let read = match key.as_str() {
            "entities" => entity::read,
            "relationships" => relationship::read,
            "version" => continue,
            _ => {
                reader.not_synced(key, span.clone());
                continue;
            }
        };
        match node.items() {
            Some(items) => items.iter().for_each(|item| read(reader, item, drafts)),
            None if node.is_null() => {}
            None => reader.wrong_type(key, node, "a list"),
        }
    }
}

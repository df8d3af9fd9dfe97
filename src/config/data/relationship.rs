//! A relationship from a data file.

use std::sync::Arc;

use serde_json::Value;

use super::draft::{DataDrafts, RelationshipDraft};
use super::entity::read_metadata;
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::model::{ModelReader, origins};
use crate::config::source::Text;
use crate::config::yaml::{YamlNode, YamlValue};
use crate::resource::Relationship;

const KEYS: [&str; 8] = [
    "version",
    "type",
    "relationship_type",
    "from",
    "to",
    "metadata",
    "confidence",
    "source",
];

/// What the messages call the document.
const NOUN: &str = "a relationship";

/// Reads one relationship. It is declared only if it has a type and both ends.
pub(super) fn read(reader: &mut ModelReader<'_>, document: &YamlNode, drafts: &mut DataDrafts) {
    if !matches!(document.value, YamlValue::Map(_)) {
        return reader.wrong_type("relationship", document, "a mapping");
    }
    reader.check_keys(document, &KEYS);
    let [kind, from, to] = ["relationship_type", "from", "to"].map(|key| {
        let found = reader.required_of(NOUN, document, key);
        found.map(|(value, span)| Text { value, span })
    });
    let fields = Relationship {
        confidence: read_confidence(reader, document),
        source: read_source(reader, document),
        ..Relationship::default()
    };
    let metadata = read_metadata(reader, document);
    let (Some(kind), Some(from), Some(to)) = (kind, from, to) else {
        return;
    };
    drafts.relationships.push(RelationshipDraft {
        source: Arc::clone(reader.source),
        origins: origins(reader.source, &kind.span, document),
        kind,
        from,
        to,
        fields,
        metadata,
    });
}

fn read_confidence(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<Value> {
    let node = document.get("confidence").filter(|node| !node.is_null())?;
    let value = node.json();
    if !value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number)) {
        reader.wrong_type("confidence", node, "a number from 0 to 1");
        return None;
    }
    Some(value)
}

fn read_source(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<String> {
    let source = reader.string(document, "source")?;
    if Relationship::SOURCES.contains(&source.as_str()) {
        return Some(source);
    }
    let span = document
        .get("source")
        .map_or(document.span.clone(), |node| node.span.clone());
    let problem = Diagnostic::error("wrong-choice", format!("`source` cannot be {}", tick(&source)));
    reader.findings.push(
        problem
            .at(reader.source, span)
            .help("use one of `ui`, `llm`, `feed` and `api`"),
    );
    None
}

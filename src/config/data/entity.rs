//! An entity from a data file.

use std::sync::Arc;

use super::draft::{DataDrafts, EntityDraft, MetadataDraft};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::model::{ModelReader, origins};
use crate::config::source::Text;
use crate::config::yaml::{YamlNode, YamlValue};
use crate::resource::normalize_entity_slug;

const KEYS: [&str; 9] = [
    "version",
    "type",
    "entity_type",
    "slug",
    "name",
    "parent",
    "metadata",
    "content",
    "enabled_classifiers",
];

/// What the messages call the document.
const NOUN: &str = "an entity";

/// Reads one entity. It is declared only if it has a usable type, slug and name.
pub(super) fn read(reader: &mut ModelReader<'_>, document: &YamlNode, drafts: &mut DataDrafts) {
    if !matches!(document.value, YamlValue::Map(_)) {
        return reader.wrong_type("entity", document, "a mapping");
    }
    reader.check_keys(document, &KEYS);
    let entity_type = reader.required_of(NOUN, document, "entity_type");
    let slug = reader.required_of(NOUN, document, "slug");
    let name = reader.required_of(NOUN, document, "name");
    let parent = optional_text(reader, document, "parent");
    let content = reader.string(document, "content");
    let enabled_classifiers = read_classifiers(reader, document);
    let metadata = read_metadata(reader, document);
    let (Some((entity_type, type_span)), Some((slug, slug_span)), Some((name, _))) = (entity_type, slug, name) else {
        return;
    };
    let slug = Text {
        value: slug,
        span: slug_span,
    };
    if !is_slug(&slug.value) {
        let message = format!("an entity of a file cannot have the slug {}", tick(&slug.value));
        let problem = Diagnostic::error("entity-slug", message).at(reader.source, slug.span);
        return reader.findings.push(problem.help("use letters, digits, `-` and `_`"));
    }
    drafts.entities.push(EntityDraft {
        source: Arc::clone(reader.source),
        origins: origins(reader.source, &slug.span, document),
        entity_type: Text {
            value: normalize_entity_slug(&entity_type),
            span: type_span,
        },
        slug,
        name,
        parent,
        metadata,
        content: content.filter(|content| !content.is_empty()),
        enabled_classifiers,
    });
}

/// Whether a slug can be part of a path and of an address. The server accepts any text.
pub(super) fn is_slug(slug: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    !slug.is_empty() && slug.chars().all(is_plain)
}

/// Reads a string with its location, if the key is present.
fn optional_text(reader: &mut ModelReader<'_>, document: &YamlNode, key: &str) -> Option<Text> {
    let value = reader.string(document, key)?;
    let span = document.get(key).map(|node| node.span.clone())?;
    Some(Text { value, span })
}

/// Reads the metadata, which must be a mapping.
pub(super) fn read_metadata(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<MetadataDraft> {
    let node = document.get("metadata").filter(|node| !node.is_null())?;
    if !matches!(node.value, YamlValue::Map(_)) {
        reader.wrong_type("metadata", node, "a mapping");
        return None;
    }
    Some(MetadataDraft {
        node: node.clone(),
        json: node.json(),
    })
}

fn read_classifiers(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<serde_json::Value> {
    let node = document.get("enabled_classifiers").filter(|node| !node.is_null())?;
    let is_text = |item: &YamlNode| item.text().is_some();
    if !node.items().is_some_and(|items| items.iter().all(is_text)) {
        reader.wrong_type("enabled_classifiers", node, "a list of strings");
        return None;
    }
    Some(node.json())
}

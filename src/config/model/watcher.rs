//! A watcher from a model file, with the checks of the server.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::reader::{Declared, ModelReader, WatcherDraft, origins};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::source::Text;
use crate::config::yaml::{YamlNode, YamlValue};
use crate::config::{schedule, template};
use crate::resource::{Address, WatchedEntity, Watcher};

const KEYS: [&str; 21] = [
    "version",
    "type",
    "slug",
    "name",
    "description",
    "entity",
    "entity_id",
    "schedule",
    "prompt",
    "extraction_schema",
    "sources",
    "reactions_guidance",
    "json_template",
    "keying_config",
    "classifiers",
    "condensation_prompt",
    "condensation_window_count",
    "agent_id",
    "agent",
    "model_config",
    "tags",
];

/// What the messages call the document.
const NOUN: &str = "a watcher";

/// Reads one watcher. It is declared only if it has a usable name and slug.
pub(super) fn read(reader: &mut ModelReader<'_>, document: &YamlNode) {
    if !matches!(document.value, YamlValue::Map(_)) {
        return reader.wrong_type("watcher", document, "a mapping");
    }
    let known: Vec<&str> = KEYS.into_iter().chain([Watcher::SCRIPT]).collect();
    reader.check_keys(document, &known);
    let slug = reader.required_of(NOUN, document, "slug");
    let name = reader.required_of(NOUN, document, "name");
    let watcher = Watcher {
        slug: slug.as_ref().map(|(slug, _)| slug.clone()).unwrap_or_default(),
        id: None,
        entities: read_entity(reader, document).into_iter().collect(),
        name: name.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        description: reader.string(document, "description"),
        schedule: read_schedule(reader, document),
        prompt: read_prompt(reader, document),
        extraction_schema: read_extraction_schema(reader, document),
        sources: read_sources(reader, document),
        reactions_guidance: reader.string(document, "reactions_guidance"),
        json_template: json(document, "json_template"),
        keying_config: json(document, "keying_config"),
        classifiers: read_list(reader, document, "classifiers"),
        condensation_prompt: reader.string(document, "condensation_prompt"),
        condensation_window_count: json(document, "condensation_window_count"),
        agent_id: reader
            .string(document, "agent_id")
            .or_else(|| reader.string(document, "agent")),
        model_config: json(document, "model_config"),
        tags: read_list(reader, document, "tags"),
        reaction_script: None,
    };
    let script = reader.string(document, Watcher::SCRIPT).map(|value| Text {
        value,
        span: span(document, Watcher::SCRIPT),
    });
    let (Some((slug, span)), Some(_)) = (slug, name) else {
        return;
    };
    reader.models.watchers.push(WatcherDraft {
        watcher: Declared {
            address: Address::watcher(slug),
            resource: watcher,
            source: Arc::clone(reader.source),
            origins: origins(reader.source, &span, document),
            span,
        },
        script,
    });
}

fn span(document: &YamlNode, key: &str) -> Range<usize> {
    document
        .get(key)
        .map_or_else(|| document.span.clone(), |node| node.span.clone())
}

fn json(document: &YamlNode, key: &str) -> Option<Value> {
    document.get(key).filter(|node| !node.is_null()).map(YamlNode::json)
}

/// Reads the entity: `SLUG`, `TYPE:SLUG`, or a number under `entity_id`.
fn read_entity(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<WatchedEntity> {
    if let Some(name) = reader.string(document, "entity") {
        let (entity_type, slug) = match name.split_once(':') {
            Some((entity_type, slug)) => (Some(entity_type.to_owned()), slug.to_owned()),
            None => (None, name.clone()),
        };
        if slug.is_empty() || entity_type.as_ref().is_some_and(String::is_empty) {
            let problem = Diagnostic::error("entity-name", format!("{} names no entity", tick(&name)));
            let problem = problem.at(reader.source, span(document, "entity"));
            reader.findings.push(problem.help("write `SLUG` or `TYPE:SLUG`"));
            return None;
        }
        return Some(WatchedEntity {
            id: None,
            entity_type,
            slug: Some(slug),
        });
    }
    let node = document.get("entity_id").filter(|node| !node.is_null())?;
    let value = node.json();
    let id = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    if id.is_none() {
        reader.wrong_type("entity_id", node, "a whole number");
    }
    id.map(|id| WatchedEntity {
        id: Some(id),
        ..WatchedEntity::default()
    })
}

fn read_schedule(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<String> {
    let text = reader.string(document, "schedule")?;
    // An empty one takes the schedule from the watcher.
    if !text.is_empty()
        && let Err(error) = schedule::check(&text)
    {
        let problem = Diagnostic::error("schedule", error.to_string());
        let problem = problem.at(reader.source, span(document, "schedule"));
        reader.findings.push(problem.help(error.help()));
    }
    Some(text)
}

fn read_prompt(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<String> {
    let (text, span) = reader.required_of(NOUN, document, "prompt")?;
    if let Err(error) = template::check(&text) {
        let problem = Diagnostic::error("template", format!("the prompt is no Handlebars template: {error}"));
        let problem = problem.at(reader.source, span);
        reader
            .findings
            .push(problem.help("close each `{{#…}}` with the `{{/…}}` of its name; `\\{{` is plain text"));
    }
    Some(text)
}

fn read_extraction_schema(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<Value> {
    let Some(node) = document.get("extraction_schema").filter(|node| !node.is_null()) else {
        reader.missing_of(NOUN, document, "extraction_schema");
        return None;
    };
    let is_object = node.get("type").and_then(YamlNode::text) == Some("object");
    let properties = node.get("properties").map(|properties| &properties.value);
    if !is_object || !matches!(properties, Some(YamlValue::Map(_))) {
        let message = "`extraction_schema` must be the schema of an object with `properties`";
        let problem = Diagnostic::error("extraction-schema", message).at(reader.source, node.span.clone());
        reader
            .findings
            .push(problem.help("write `type: object`, and what is extracted below `properties`"));
    }
    Some(node.json())
}

fn read_list(reader: &mut ModelReader<'_>, document: &YamlNode, key: &str) -> Option<Value> {
    let node = document.get(key).filter(|node| !node.is_null())?;
    if node.items().is_none() {
        reader.wrong_type(key, node, "a list");
    }
    Some(node.json())
}

/// Reads the sources. An empty list is none: the server gives a watcher without sources its own (contract section 13).
fn read_sources(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<Value> {
    let sources = read_list(reader, document, "sources")?;
    for source in document.get("sources").and_then(YamlNode::items).unwrap_or_default() {
        let query = source.get("query");
        let Some(text) = query.and_then(YamlNode::text) else {
            reader.wrong_type("sources", query.unwrap_or(source), "a list of `{name, query}`");
            continue;
        };
        let first = text.split_whitespace().next().unwrap_or_default();
        if !["select", "with"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
            let at = query.map_or_else(|| source.span.clone(), |node| node.span.clone());
            let problem = Diagnostic::error("query", "a query of a source must begin with SELECT or WITH");
            reader
                .findings
                .push(problem.at(reader.source, at).help("sources are read, never written"));
        }
    }
    Some(sources).filter(|sources| sources.as_array().is_none_or(|sources| !sources.is_empty()))
}

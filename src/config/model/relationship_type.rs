//! A relationship type from a model file, with its rules (contract section 8.2).

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::reader::{Declared, ModelReader, origins};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::yaml::{YamlNode, YamlValue};
use crate::resource::{Address, RelationshipType, Rule, Rules, normalize_entity_slug};

const KEYS: [&str; 15] = [
    "version",
    "type",
    "slug",
    "name",
    "description",
    "metadata_schema",
    "is_symmetric",
    "symmetric",
    "inverse",
    "inverse_type_slug",
    "status",
    "auto_create_when",
    "rules",
    "properties",
    "required",
];

/// Reads one relationship type. It is declared only if it has a usable name and slug.
pub(super) fn read(reader: &mut ModelReader<'_>, document: &YamlNode) {
    if !matches!(document.value, YamlValue::Map(_)) {
        return reader.wrong_type("relationship type", document, "a mapping");
    }
    reader.check_keys(document, &KEYS);
    let name = reader.required(document, "name");
    let slug = read_slug(reader, document);
    let resource = RelationshipType {
        slug: slug.as_ref().map(|(slug, _)| slug.clone()).unwrap_or_default(),
        name: name.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        description: reader.string(document, "description"),
        metadata_schema: reader.metadata_schema(document),
        is_symmetric: read_alias(reader, document, ["is_symmetric", "symmetric"], ModelReader::boolean),
        inverse_type_slug: read_alias(reader, document, ["inverse_type_slug", "inverse"], ModelReader::string),
        status: read_status(reader, document),
        auto_create_when: read_auto_create_when(reader, document),
        rules: read_rules(reader, document),
    };
    let (Some((slug, span)), Some(_)) = (slug, name) else {
        return;
    };
    check_inverse(reader, document, &slug, resource.inverse_type_slug.as_deref());
    reader.models.relationship_types.push(Declared {
        address: Address::relationship_type(slug),
        resource,
        source: Arc::clone(reader.source),
        origins: origins(reader.source, &span, document),
        span,
    });
}

/// Returns the slug and its location. Unlike that of an entity type, the server stores it verbatim (contract section 8.2).
fn read_slug(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<(String, Range<usize>)> {
    let (slug, span) = reader.required(document, "slug")?;
    if slug.starts_with('$') {
        reader.refuse_reserved(&slug, span);
        return None;
    }
    Some((slug, span))
}

/// Reads a value whose key has two spellings. Using both is an error.
fn read_alias<'a, T>(
    reader: &mut ModelReader<'a>,
    document: &YamlNode,
    keys: [&str; 2],
    read: fn(&mut ModelReader<'a>, &YamlNode, &str) -> Option<T>,
) -> Option<T> {
    let [first, second] = keys;
    if let (Some(_), Some(node)) = (document.get(first), document.get(second)) {
        reader.findings.push(
            Diagnostic::error(
                "key-twice",
                format!("{} and {} mean the same", tick(first), tick(second)),
            )
            .at(reader.source, node.span.clone())
            .help("keep one of them"),
        );
    }
    read(reader, document, first).or_else(|| read(reader, document, second))
}

fn check_inverse(reader: &mut ModelReader<'_>, document: &YamlNode, slug: &str, inverse: Option<&str>) {
    let node = document.get("inverse_type_slug").or_else(|| document.get("inverse"));
    if let (Some(node), true) = (node, inverse == Some(slug)) {
        reader.findings.push(
            Diagnostic::error("own-inverse", format!("{} cannot be its own inverse", tick(slug)))
                .at(reader.source, node.span.clone())
                .help("use `is_symmetric: true` for a relationship that reads the same both ways"),
        );
    }
}

fn read_status(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<String> {
    let status = reader.string(document, "status")?;
    if status == "active" || status == "archived" {
        return Some(status);
    }
    let span = document
        .get("status")
        .map_or(document.span.clone(), |node| node.span.clone());
    reader.findings.push(
        Diagnostic::error("wrong-choice", format!("`status` cannot be {}", tick(&status)))
            .at(reader.source, span)
            .help("use one of `active` and `archived`"),
    );
    None
}

/// The keys of an item of `auto_create_when` that the server keeps (contract section 8.2).
const AUTO_CREATE_KEYS: [&str; 4] = ["sourceNamespace", "targetField", "assuranceRequired", "matchStrategy"];

fn read_auto_create_when(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<Value> {
    let node = document.get("auto_create_when").filter(|node| !node.is_null())?;
    let Some(items) = node.items() else {
        reader.wrong_type("auto_create_when", node, "a list");
        return None;
    };
    let mut read = Vec::new();
    for item in items {
        let Value::Object(mut table) = item.json() else {
            reader.wrong_type("auto_create_when", item, "a list of tables");
            continue;
        };
        reader.check_keys(item, &AUTO_CREATE_KEYS);
        // The server drops other keys, so that they would differ in every plan.
        table.retain(|key, _| AUTO_CREATE_KEYS.contains(&key.as_str()));
        read.push(Value::Object(table));
    }
    Some(Value::Array(read))
}

fn read_rules(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<Rules> {
    let node = document.get("rules").filter(|node| !node.is_null())?;
    let Some(items) = node.items() else {
        reader.wrong_type("rules", node, "a list of `{source, target}`");
        return None;
    };
    let mut rules = Rules::new();
    for item in items {
        let Some(rule) = read_rule(reader, item) else { continue };
        if rules.contains_key(&rule) {
            reader.findings.push(
                Diagnostic::warning(
                    "duplicate-rule",
                    format!(
                        "the rule from {} to {} is listed twice",
                        tick(&rule.source),
                        tick(&rule.target)
                    ),
                )
                .at(reader.source, item.span.clone())
                .help("remove one of them"),
            );
        }
        // Without ids: only the server knows those of its rows.
        rules.insert(rule, Vec::new());
    }
    rules.sort_unstable_keys();
    rules.shrink_to_fit();
    Some(rules)
}

/// Reads one rule. The slugs are normalized, because the server stores those of entity types that way.
fn read_rule(reader: &mut ModelReader<'_>, item: &YamlNode) -> Option<Rule> {
    let entity_slug = |keys: [&str; 2]| {
        let text = keys.into_iter().find_map(|key| item.get(key)).and_then(YamlNode::text);
        text.filter(|slug| !slug.trim().is_empty()).map(normalize_entity_slug)
    };
    let source = entity_slug(["source", "source_entity_type_slug"]);
    let target = entity_slug(["target", "target_entity_type_slug"]);
    if let (Some(source), Some(target)) = (source, target) {
        return Some(Rule { source, target });
    }
    reader.findings.push(
        Diagnostic::error("rule", "a rule needs a `source` and a `target`")
            .at(reader.source, item.span.clone())
            .help("write `{source: person, target: company}`"),
    );
    None
}

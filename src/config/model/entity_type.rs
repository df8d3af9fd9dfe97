//! An entity type from a model file, with the checks of the server (contract section 8.1).

use std::sync::Arc;

use serde_json::Value;

use super::reader::{Declared, ModelReader, origins};
use crate::config::diagnostic::{Diagnostic, tick};
use crate::config::yaml::{YamlNode, YamlValue};
use crate::resource::{Address, EntityType, normalize_entity_slug, table_columns};

const KEYS: [&str; 11] = [
    "version",
    "type",
    "slug",
    "name",
    "description",
    "icon",
    "color",
    "metadata_schema",
    "event_kinds",
    "properties",
    "required",
];

/// The slugs that the server reserves beside those that start with `$`.
const RESERVED: [&str; 14] = [
    "agents",
    "connectors",
    "events",
    "members",
    "settings",
    "watchers",
    "organization",
    "user",
    "watcher",
    "content",
    "source",
    "sources",
    "connections",
    "connector",
];

/// Reads one entity type. It is declared only if it has a usable name and slug.
pub(super) fn read(reader: &mut ModelReader<'_>, document: &YamlNode) {
    if !matches!(document.value, YamlValue::Map(_)) {
        return reader.wrong_type("entity type", document, "a mapping");
    }
    reader.check_keys(document, &KEYS);
    let name = reader.required(document, "name");
    let slug = read_slug(reader, document);
    let resource = EntityType {
        slug: slug.as_ref().map(|(slug, _)| slug.clone()).unwrap_or_default(),
        name: name.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        description: reader.string(document, "description"),
        icon: reader.string(document, "icon"),
        color: reader.string(document, "color"),
        metadata_schema: reader.metadata_schema(document),
        event_kinds: document
            .get("event_kinds")
            .filter(|node| !node.is_null())
            .map(YamlNode::json),
    };
    check_columns(reader, document, resource.metadata_schema.as_ref());
    // Only now, so that every problem of the document is reported.
    let (Some((slug, span)), Some(_)) = (slug, name) else {
        return;
    };
    reader.models.entity_types.push(Declared {
        address: Address::entity_type(slug),
        resource,
        source: Arc::clone(reader.source),
        origins: origins(reader.source, &span, document),
        span,
    });
}

/// Returns the normalized slug and its location. `None` when it is missing or reserved.
fn read_slug(reader: &mut ModelReader<'_>, document: &YamlNode) -> Option<(String, std::ops::Range<usize>)> {
    let (written, span) = reader.required(document, "slug")?;
    let slug = normalize_entity_slug(&written);
    if slug.starts_with('$') {
        reader.refuse_reserved(&slug, span);
        return None;
    }
    if RESERVED.contains(&slug.as_str()) {
        reader.findings.push(reserved_slug(&slug).at(reader.source, span));
        return None;
    }
    if slug != written {
        reader.findings.push(
            Diagnostic::warning(
                "normalized-slug",
                format!("the server stores the slug {} as {}", tick(&written), tick(&slug)),
            )
            .at(reader.source, span.clone())
            .help(format!("write `slug: {slug}`")),
        );
    }
    Some((slug, span))
}

/// Returns the warning for a reserved slug. It is no error, because real projects have such types and still apply the others.
fn reserved_slug(slug: &str) -> Diagnostic {
    let message = format!(
        "the entity type {} is not synced: the server keeps its slug to itself",
        tick(slug)
    );
    Diagnostic::warning("reserved-slug", message).help("choose another slug, here and in the rules that name it")
}

/// Checks the keys by which a schema declares table columns. The server refuses the same values.
fn check_columns(reader: &mut ModelReader<'_>, document: &YamlNode, schema: Option<&Value>) {
    let properties = document
        .get("metadata_schema")
        .and_then(|schema| schema.get("properties"));
    let Some(properties) = properties.or_else(|| document.get("properties")) else {
        return;
    };
    for (name, _, property) in properties.entries() {
        if let Some(node) = property
            .get("x-table-column")
            .filter(|node| node.json().as_bool().is_none())
        {
            reader.wrong_type(&format!("{name}.x-table-column"), node, "`true` or `false`");
        }
        if let Some(node) = property.get("x-table-label").filter(|node| node.text().is_none()) {
            reader.wrong_type(&format!("{name}.x-table-label"), node, "a string");
        }
    }
    let columns = schema.map(table_columns).unwrap_or_default();
    let first_excess = columns.get(EntityType::MAX_TABLE_COLUMNS);
    let node = first_excess.and_then(|name| properties.get(name)?.get("x-table-column"));
    if let Some(node) = node {
        too_many_columns(reader, node, columns.len());
    }
}

fn too_many_columns(reader: &mut ModelReader<'_>, node: &YamlNode, count: usize) {
    let limit = EntityType::MAX_TABLE_COLUMNS;
    let problem = Diagnostic::error(
        "too-many-columns",
        format!("{count} properties have `x-table-column: true`, and the server accepts at most {limit}"),
    );
    reader.findings.push(
        problem
            .at(reader.source, node.span.clone())
            .help(format!("remove `x-table-column` from {} of them", count - limit)),
    );
}

//! An entity type from a model file, and what the server would refuse about it (contract section 8.1).

use super::diagnostic::{Diagnostic, tick};
use super::model::{Declared, Reader, places};
use super::yaml::{Node, Tree};
use crate::resource::{Address, EntityType, normalize_entity_slug};

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

/// How many columns a table may show.
const COLUMNS: usize = 4;

/// Reads one entity type.
pub(super) fn read(reader: &mut Reader<'_>, document: &Node) {
    if !matches!(document.value, Tree::Map(_)) {
        return reader.wrong_type("entity type", document, "a mapping");
    }
    reader.check_keys(document, &KEYS);
    let name = reader.required(document, "name");
    let slug = slug(reader, document);
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
            .map(Node::json),
    };
    check_columns(reader, document);
    let (Some((slug, span)), Some(_)) = (slug, name) else {
        return;
    };
    reader.models.entity_types.push(Declared {
        address: Address::entity_type(slug),
        resource,
        file: reader.file,
        span,
        places: places(document),
    });
}

fn slug(reader: &mut Reader<'_>, document: &Node) -> Option<(String, std::ops::Range<usize>)> {
    let (written, span) = reader.required(document, "slug")?;
    let slug = normalize_entity_slug(&written);
    if slug.starts_with('$') {
        reader.sink.push(
            Diagnostic::error(
                "reserved-slug",
                format!("the server keeps the slug {} to itself", tick(&slug)),
            )
            .at(reader.source, span)
            .help("choose a slug that does not start with `$`"),
        );
        return None;
    }
    if RESERVED.contains(&slug.as_str()) {
        reader.sink.push(reserved(&slug).at(reader.source, span));
        return None;
    }
    if slug != written {
        reader.sink.push(
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

/// Only a warning, and the type is left out: real projects have such types next to everything else that they apply.
fn reserved(slug: &str) -> Diagnostic {
    let message = format!(
        "the entity type {} is not synced: the server keeps its slug to itself",
        tick(slug)
    );
    Diagnostic::warning("reserved-slug", message).help("choose another slug, here and in the rules that name it")
}

/// What the server checks in a schema: the keys that make columns of a table.
fn check_columns(reader: &mut Reader<'_>, document: &Node) {
    let properties = document
        .get("metadata_schema")
        .and_then(|schema| schema.get("properties"));
    let Some(properties) = properties.or_else(|| document.get("properties")) else {
        return;
    };
    let mut columns = 0;
    for (name, _, property) in properties.entries() {
        if let Some(node) = property.get("x-table-column") {
            match node.json().as_bool() {
                Some(shown) => columns += usize::from(shown),
                None => reader.wrong_type(&format!("{name}.x-table-column"), node, "`true` or `false`"),
            }
            if columns > COLUMNS && node.json().as_bool() == Some(true) {
                columns = 0;
                too_many(reader, node);
            }
        }
        if let Some(node) = property.get("x-table-label").filter(|node| node.text().is_none()) {
            reader.wrong_type(&format!("{name}.x-table-label"), node, "a string");
        }
    }
}

/// Only a warning: the server was seen to refuse an update with more, and real projects have created types with more.
fn too_many(reader: &mut Reader<'_>, node: &Node) {
    reader.sink.push(
        Diagnostic::warning(
            "too-many-columns",
            format!("more than {COLUMNS} properties have `x-table-column: true`"),
        )
        .at(reader.source, node.span.clone())
        .help(format!(
            "the server refuses to update a type with more than {COLUMNS} columns"
        )),
    );
}

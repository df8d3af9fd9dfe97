//! `[memory.owletto]`, or `[memory]` as later releases spell it.

use super::diagnostic::{Diagnostic, Sink, tick};
use super::draft::MemoryDraft;
use super::table::Table;

const KEYS: [&str; 7] = ["enabled", "org", "name", "description", "visibility", "models", "data"];

const LATER: [(&str, &str); 3] = [
    (
        "organization_id",
        "the key belongs to a later Lobu release: `org` decides",
    ),
    (
        "connectors",
        "connectors belong to a later Lobu release: manage them on the server",
    ),
    (
        "schema",
        "no Lobu release reads an inline schema: put one file per type into the `models` folder",
    ),
];

/// Reads the memory table in either spelling.
pub(super) fn read(root: &Table<'_>, sink: &mut Sink) -> Option<MemoryDraft> {
    let memory = root.table("memory", sink)?;
    let Some(span) = memory.key_span("owletto") else {
        memory.check_keys(&KEYS, &LATER, sink);
        return Some(entries(&memory, sink));
    };
    let flat = memory.entries.keys().find(|key| KEYS.contains(&key.get_ref().as_ref()));
    if let Some(flat) = flat {
        sink.push(
            Diagnostic::error("memory-twice", "`[memory]` and `[memory.owletto]` are both used")
                .at(memory.source, flat.span())
                .related(memory.source, span, "the older spelling is here")
                .help("keep one of the two tables"),
        );
    }
    let known: Vec<&str> = KEYS.into_iter().chain(["owletto"]).collect();
    memory.check_keys(if flat.is_some() { &known } else { &["owletto"] }, &LATER, sink);
    let owletto = memory.table("owletto", sink)?;
    owletto.check_keys(&KEYS, &LATER, sink);
    Some(entries(&owletto, sink))
}

fn entries(table: &Table<'_>, sink: &mut Sink) -> MemoryDraft {
    for key in ["name", "description"] {
        table.string(key, sink);
    }
    if let Some(text) = table
        .string("visibility", sink)
        .filter(|text| text.value != "public" && text.value != "private")
    {
        sink.push(
            Diagnostic::error(
                "wrong-choice",
                format!(
                    "{} cannot be {}",
                    tick(&table.name(Some("visibility"))),
                    tick(&text.value)
                ),
            )
            .at(table.source, text.span)
            .help("use one of `public` and `private`"),
        );
    }
    MemoryDraft {
        span: table.span.clone(),
        enabled: table.boolean("enabled", sink).unwrap_or(true),
        org: table.string("org", sink).filter(|org| !org.value.trim().is_empty()),
        models: table
            .string("models", sink)
            .filter(|models| !models.value.trim().is_empty()),
        data: table.string("data", sink).filter(|data| !data.value.trim().is_empty()),
    }
}

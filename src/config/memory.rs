//! `[memory.owletto]`, or `[memory]` as later releases spell it.

use super::diagnostic::Diagnostic;
use super::draft::MemoryDraft;
use super::table::Table;

const KEYS: [&str; 7] = ["enabled", "org", "name", "description", "visibility", "models", "data"];

/// The keys of later Lobu releases, with advice on what to do.
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
pub(super) fn read(root: &Table<'_>) -> Option<MemoryDraft> {
    let memory = root.table("memory")?;
    let Some(span) = memory.key_span("owletto") else {
        memory.check_keys(&KEYS, &LATER);
        return Some(read_entries(&memory));
    };
    let flat = memory.entries.keys().find(|key| KEYS.contains(&key.get_ref().as_ref()));
    if let Some(flat) = flat {
        let source = memory.reader.source;
        let problem = Diagnostic::error("memory-twice", "`[memory]` and `[memory.owletto]` are both used");
        memory.reader.report(
            problem
                .at(source, flat.span())
                .related(source, span, "the older spelling is here")
                .help("keep one of the two tables"),
        );
    }
    // If both spellings are used, only that is reported, and not each flat key as unknown.
    let known: Vec<&str> = KEYS.into_iter().chain(["owletto"]).collect();
    memory.check_keys(if flat.is_some() { &known } else { &["owletto"] }, &LATER);
    let owletto = memory.table("owletto")?;
    owletto.check_keys(&KEYS, &LATER);
    Some(read_entries(&owletto))
}

fn read_entries(table: &Table<'_>) -> MemoryDraft {
    // The values of these three keys are checked but not used, because the organization is managed on the server.
    for key in ["name", "description"] {
        table.string(key);
    }
    table.choice("visibility", &["public", "private"]);
    let filled = |key| table.string(key).filter(|text| !text.value.trim().is_empty());
    MemoryDraft {
        span: table.span.clone(),
        enabled: table.boolean("enabled").unwrap_or(true),
        org: filled("org"),
        models: filled("models"),
        data: filled("data"),
    }
}

//! `[[agents.ID.platforms]]`: chat platforms, still with references instead of secrets.

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::draft::{PlatformDraft, Reference};
use super::reference;
use super::suggest::nearest;
use super::table::{Table, Text, listed};

/// The types that a gateway can start (contract section 7).
const TYPES: [&str; 6] = ["telegram", "slack", "discord", "whatsapp", "teams", "gchat"];

const LATER: [(&str, &str); 1] = [(
    "channels",
    "the key belongs to a later Lobu release: bind channels on the server",
)];

/// Reads all platforms of an agent.
pub(super) fn read(agent: &Table<'_>, references: &mut Vec<Reference>, sink: &mut Sink) -> Vec<PlatformDraft> {
    let tables = agent.tables("platforms", sink).unwrap_or_default();
    tables
        .iter()
        .filter_map(|table| platform(table, references, sink))
        .collect()
}

fn platform(table: &Table<'_>, references: &mut Vec<Reference>, sink: &mut Sink) -> Option<PlatformDraft> {
    table.check_keys(&["type", "name", "config"], &LATER, sink);
    let kind = table.required_filled("type", "\"telegram\"", sink);
    let name = table.string("name", sink);
    if let Some(kind) = &kind {
        check_type(table.source, kind, sink);
    }
    if let Some(name) = &name {
        check_name(table.source, name, sink);
    }
    if table.get("config").is_none() {
        table.required("config", "{ botToken = \"$TELEGRAM_BOT_TOKEN\" }", sink);
    }
    let config = table.string_map("config", sink).unwrap_or_default();
    for (key, value) in &config {
        let place = format!("{}.{}", table.name(Some("config")), key.value);
        check_value(table.source, &place, key, value, sink);
        reference::note(table.source, place, value, true, references, sink);
    }
    Some(PlatformDraft {
        path: table.name(None),
        kind: kind?,
        name: name.filter(|name| !name.value.is_empty()),
        config,
    })
}

fn check_type(source: &Source, kind: &Text, sink: &mut Sink) {
    if TYPES.contains(&kind.value.as_str()) {
        return;
    }
    let unknown = Diagnostic::warning(
        "platform-type",
        format!("no gateway can start a platform of type {}", tick(&kind.value)),
    )
    .at(source, kind.span.clone());
    sink.push(match nearest(&kind.value, TYPES) {
        Some(near) => unknown.help(format!("did you mean {}?", tick(near))),
        None => unknown.help(format!("known types are {}", listed(&TYPES))),
    });
}

fn check_name(source: &Source, name: &Text, sink: &mut Sink) {
    let part = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let good = name.value.starts_with(part) && name.value.chars().all(|character| part(character) || character == '-');
    if !good {
        sink.push(
            Diagnostic::error("platform-name", format!("{} is no platform name", tick(&name.value)))
                .at(source, name.span.clone())
                .help("use lower-case letters, digits and hyphens, starting with a letter or a digit"),
        );
    }
}

fn check_value(source: &Source, place: &str, key: &Text, value: &Text, sink: &mut Sink) {
    if key.value == "platform" {
        sink.push(
            Diagnostic::error("reserved-key", format!("{} is a key of the server's own", tick(place)))
                .at(source, key.span.clone())
                .help("remove it: the type stands in `type`"),
        );
    }
    if value.value.trim_start().starts_with("***") {
        sink.push(redacted(place).at(source, value.span.clone()));
    }
}

/// A value that the server would take for one of its own redactions.
pub(super) fn redacted(place: &str) -> Diagnostic {
    Diagnostic::error(
        "redacted-value",
        format!(
            "the value of {} starts with `***`, so the server would ignore it",
            tick(place)
        ),
    )
    .help("give the real value: this looks like a copy of a redacted one")
}

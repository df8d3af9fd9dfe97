//! `[[agents.ID.platforms]]`: chat platforms. References to secrets are not resolved yet.

use super::diagnostic::{Diagnostic, tick};
use super::draft::PlatformDraft;
use super::source::Text;
use super::suggestion::nearest;
use super::table::{Table, listed};
use crate::resource::is_secret_key;

/// The types that a gateway can start (contract section 7). Others are only warnings, because the local mode accepts them.
const TYPES: [&str; 6] = ["telegram", "slack", "discord", "whatsapp", "teams", "gchat"];

/// The keys of later Lobu releases, with advice on what to do.
const LATER: [(&str, &str); 1] = [(
    "channels",
    "the key belongs to a later Lobu release: bind channels on the server",
)];

/// Reads all platforms of an agent.
pub(super) fn read(agent: &Table<'_>) -> Vec<PlatformDraft> {
    let tables = agent.tables("platforms").unwrap_or_default();
    tables.iter().filter_map(read_platform).collect()
}

fn read_platform(table: &Table<'_>) -> Option<PlatformDraft> {
    table.check_keys(&["type", "name", "config"], &LATER);
    let kind = table.required_filled("type", "\"telegram\"");
    let name = table.string("name");
    if let Some(kind) = &kind {
        check_type(table, kind);
    }
    if let Some(name) = &name {
        check_name(table, name);
    }
    // `required` reports a missing key and then reads a string, so it must not see a table.
    if table.get("config").is_none() {
        table.required("config", "{ botToken = \"$TELEGRAM_BOT_TOKEN\" }");
    }
    let config = table.string_map("config").unwrap_or_default();
    for (key, value) in &config {
        read_value(table, key, value);
    }
    Some(PlatformDraft {
        path: table.key_path(None),
        kind: kind?,
        name: name.filter(|name| !name.value.is_empty()),
        config,
    })
}

fn check_type(table: &Table<'_>, kind: &Text) {
    if TYPES.contains(&kind.value.as_str()) {
        return;
    }
    let message = format!("no gateway can start a platform of type {}", tick(&kind.value));
    let help = match nearest(&kind.value, TYPES) {
        Some(near) => format!("did you mean {}?", tick(near)),
        None => format!("known types are {}", listed(&TYPES)),
    };
    table.reader.warn("platform-type", message, kind.span.clone(), &help);
}

fn check_name(table: &Table<'_>, name: &Text) {
    let part = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let is_valid =
        name.value.starts_with(part) && name.value.chars().all(|character| part(character) || character == '-');
    if !is_valid {
        let message = format!("{} is not a platform name", tick(&name.value));
        let help = "use lower-case letters, digits and hyphens, starting with a letter or a digit";
        table.reader.error("platform-name", message, name.span.clone(), help);
    }
}

fn read_value(table: &Table<'_>, key: &Text, value: &Text) {
    let reader = table.reader;
    let location = format!("{}.{}", table.key_path(Some("config")), key.value);
    if key.value == "platform" {
        let message = format!("{} is a key that only the server sets", tick(&location));
        let help = "remove it: `type` names the platform's type";
        reader.error("reserved-key", message, key.span.clone(), help);
    }
    if value.value.trim_start().starts_with("***") {
        reader.report(redacted(&location).at(reader.source, value.span.clone()));
    }
    if is_secret_key(&key.value) {
        reader.check_literal_secret(&location, value);
    }
    reader.reference(location, value, true);
}

/// Returns the error for a value that the server would take for one of its own redactions.
pub(super) fn redacted(location: &str) -> Diagnostic {
    let message = format!(
        "the value of {} starts with `***`, so the server would ignore it",
        tick(location)
    );
    Diagnostic::error("redacted-value", message).help("give the real value: this looks like a copy of a redacted one")
}

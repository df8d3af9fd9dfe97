//! `lobuctl.toml`, beside `lobu.toml`: what a team decided about drift. The `lobu` CLI does not read it.

use jiff::civil::Date;
use toml::de::DeValue;

use super::diagnostic::{Diagnostic, tick};
use super::document;
use super::finding::Findings;
use super::source::{Source, Text};
use super::table::Table;
use crate::resource::{DriftIgnore, FieldPath, Origin, Pattern};

/// The name of the file.
pub const LOBUCTL_TOML: &str = "lobuctl.toml";

const ENTRY: &str = "drift.ignore";
const KEYS: [&str; 4] = ["address", "field", "reason", "until"];

/// Reads every entry that is complete, and reports the others.
pub(super) fn read(source: &Source, findings: Findings) -> (Vec<DriftIgnore>, Findings) {
    let (entries, findings, _) = document::read_with(source, findings, |root| {
        root.check_keys(&["drift"], &[]);
        let Some(drift) = root.table("drift") else {
            return Vec::new();
        };
        drift.check_keys(&["ignore"], &[]);
        let entries = drift.tables("ignore").unwrap_or_default();
        entries.iter().filter_map(|entry| read_entry(source, entry)).collect()
    });
    (entries, findings)
}

fn read_entry(source: &Source, entry: &Table<'_>) -> Option<DriftIgnore> {
    entry.check_keys(&KEYS, &[]);
    let address = entry.required_filled("address", "\"entity-type.legacy\"");
    let reason = entry.required_filled("reason", "\"the data team moves it in March\"");
    let until = read_date(entry);
    let field = entry.string("field").map(|text| FieldPath::parse(text.value.trim()));
    let pattern = address.and_then(|address| read_pattern(source, entry, &address));
    Some(DriftIgnore {
        pattern: pattern?,
        field,
        reason: reason?.value.trim().to_owned(),
        until: until?,
        origin: Origin {
            file: source.path.clone(),
            line: source.line(entry.span.start),
        },
    })
}

fn read_pattern(source: &Source, entry: &Table<'_>, address: &Text) -> Option<Pattern> {
    match Pattern::parse(&address.value) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let problem = Diagnostic::error("wrong-address", error.to_string());
            entry.reader.report(
                problem
                    .at(source, address.span.clone())
                    .help("`lobuctl drift list` shows the addresses of what drifts"),
            );
            None
        }
    }
}

/// Reads the date, with or without quotes.
fn read_date(entry: &Table<'_>) -> Option<Date> {
    let help = "give the last day on which the drift is ignored, for example `until = 2027-01-31`";
    let Some(value) = entry.get("until") else {
        let message = format!("{} is missing in `[[{ENTRY}]]`", tick("until"));
        entry.reader.error("missing-key", message, entry.span.clone(), help);
        return None;
    };
    let text = match value.get_ref() {
        DeValue::Datetime(date) => date.to_string(),
        DeValue::String(text) => text.trim().to_owned(),
        _ => String::new(),
    };
    let date = text.parse();
    if date.is_err() {
        let message = format!("{} is not a date", tick(&entry.key_path(Some("until"))));
        entry.reader.error("wrong-date", message, value.span(), help);
    }
    date.ok()
}

//! `[agents.ID.network]`: domain lists, and the judges of the domains that are decided one request at a time.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::DeValue;

use super::diagnostic::{Diagnostic, Sink, tick};
use super::draft::AgentDraft;
use super::table::Table;
use crate::resource::{FieldPath, field};

/// Reads the table into `networkConfig`, with only the keys that it mentions.
pub(super) fn read(table: &Table<'_>, draft: &mut AgentDraft, sink: &mut Sink) {
    let Some(network) = table.table("network", sink) else {
        return;
    };
    network.check_keys(&["allowed", "denied", "judge", "judges"], &[], sink);
    let mut wire = Map::new();
    for (key, name) in [("allowed", "allowedDomains"), ("denied", "deniedDomains")] {
        if let Some(domains) = network.strings(key, sink) {
            let domains = normalize(domains.iter().map(|domain| domain.value.as_str()));
            wire.insert(name.to_owned(), domains.into());
            draft.place(FieldPath::of([field::NETWORK, name]), &network, key);
        }
    }
    if let Some(items) = network.list("judge", "a list of domains", sink) {
        wire.insert("judgedDomains".to_owned(), judged(&network, &items, sink));
        draft.place(FieldPath::of([field::NETWORK, "judgedDomains"]), &network, "judge");
    }
    if let Some(judges) = network.string_map("judges", sink) {
        let judges: Map<String, Value> = judges
            .into_iter()
            .map(|(name, text)| (name.value, Value::String(text.value)))
            .collect();
        wire.insert("judges".to_owned(), Value::Object(judges));
        draft.place(FieldPath::of([field::NETWORK, "judges"]), &network, "judges");
    }
    if !wire.is_empty() {
        draft.set(field::NETWORK, Value::Object(wire), table, "network");
    }
}

/// Trimmed, lower case, `*.x` as `.x`, none empty, each once (contract section 10).
pub(super) fn normalize<'a>(domains: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    domains
        .into_iter()
        .map(pattern)
        .filter(|domain| !domain.is_empty() && seen.insert(domain.clone()))
        .collect()
}

/// One domain pattern as the server stores it.
pub(super) fn pattern(domain: &str) -> String {
    let domain = domain.trim();
    if domain.starts_with('/') {
        return domain.to_owned();
    }
    let domain = domain.to_lowercase();
    match domain.strip_prefix("*.") {
        Some(rest) => format!(".{rest}"),
        None => domain,
    }
}

/// A judged domain on the wire.
pub(super) fn judged_domain(domain: &str, judge: Option<&str>) -> Value {
    match judge.filter(|judge| !judge.is_empty()) {
        Some(judge) => json!({ "domain": domain, "judge": judge }),
        None => json!({ "domain": domain }),
    }
}

fn judged(network: &Table<'_>, items: &[&Spanned<DeValue<'_>>], sink: &mut Sink) -> Value {
    let mut judged = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.get_ref() {
            DeValue::String(domain) => judged.push(judged_domain(domain, None)),
            DeValue::Table(entries) => {
                let mut path = network.path.clone();
                path.extend(["judge".to_owned(), format!("[{index}]")]);
                let entry = Table {
                    source: network.source,
                    entries,
                    span: item.span(),
                    path,
                };
                entry.check_keys(&["domain", "judge"], &[], sink);
                let domain = entry.required_filled("domain", "\"example.com\"", sink);
                let judge = entry.string("judge", sink);
                judged.extend(
                    domain.map(|domain| judged_domain(&domain.value, judge.as_ref().map(|judge| judge.value.as_str()))),
                );
            }
            _ => sink.push(
                Diagnostic::error(
                    "wrong-type",
                    format!(
                        "{} must be a domain or `{{ domain, judge }}`",
                        tick(&network.name(Some(&format!("judge[{index}]"))))
                    ),
                )
                .at(network.source, item.span()),
            ),
        }
    }
    Value::Array(judged)
}

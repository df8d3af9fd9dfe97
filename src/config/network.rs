//! `[agents.ID.network]`: lists of domains, and the policies by which a judge decides about single requests.

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::diagnostic::{Diagnostic, tick};
use super::domain::{judged_domain, normalize};
use super::draft::SettingsDraft;
use super::source::Text;
use super::table::Table;
use crate::resource::{FieldPath, field};

/// Reads the table into `networkConfig`. A key that the table does not mention stays absent, so that it is left alone.
pub(super) fn read(agent: &Table<'_>, settings: &mut SettingsDraft) {
    let Some(network) = agent.table("network") else {
        return;
    };
    network.check_keys(&["allowed", "denied", "judge", "judges"], &[]);
    let mut wire = Map::new();
    for (key, name) in [("allowed", "allowedDomains"), ("denied", "deniedDomains")] {
        if let Some(domains) = network.strings(key) {
            if key == "allowed" {
                check_allowed(&network, &domains);
            }
            let domains = normalize(domains.iter().map(|domain| domain.value.as_str()));
            wire.insert(name.to_owned(), domains.into());
            settings.locate(FieldPath::of([field::NETWORK, name]), &network, key);
        }
    }
    if let Some(items) = network.list("judge", "a list of domains") {
        let judged = items.iter().enumerate();
        let judged = judged.filter_map(|(index, item)| read_judged(&network, index, item));
        wire.insert("judgedDomains".to_owned(), judged.collect());
        settings.locate(FieldPath::of([field::NETWORK, "judgedDomains"]), &network, "judge");
    }
    if let Some(judges) = network.string_map("judges") {
        let judges = judges
            .into_iter()
            .map(|(name, text)| (name.value, Value::String(text.value)));
        wire.insert("judges".to_owned(), Value::Object(judges.collect()));
        settings.locate(FieldPath::of([field::NETWORK, "judges"]), &network, "judges");
    }
    if !wire.is_empty() {
        settings.set(field::NETWORK, Value::Object(wire), agent, "network");
    }
}

/// Warns about a pattern that allows every domain.
fn check_allowed(network: &Table<'_>, domains: &[Text]) {
    for domain in domains.iter().filter(|domain| domain.value.trim() == "*") {
        let message = format!("{} allows every domain", tick(&network.key_path(Some("allowed"))));
        let help = "the agent can send everything that it knows to any server: list the domains that it needs";
        network.reader.warn("every-domain", message, domain.span.clone(), help);
    }
}

/// Reads a domain, or a table `{ domain, judge }`. The domain is not normalized here, but it is in skills (contract
/// section 10).
fn read_judged<'a>(network: &Table<'a>, index: usize, item: &'a Spanned<DeValue<'a>>) -> Option<Value> {
    match item.get_ref() {
        DeValue::String(domain) => Some(judged_domain(domain, None)),
        DeValue::Table(entries) => {
            let entry = network.child(["judge".to_owned(), format!("[{index}]")], entries, item.span());
            entry.check_keys(&["domain", "judge"], &[]);
            let domain = entry.required_filled("domain", "\"example.com\"");
            let judge = entry.string("judge").map(|judge| judge.value);
            domain.map(|domain| judged_domain(&domain.value, judge.as_deref()))
        }
        _ => {
            let name = network.key_path(Some(&format!("judge[{index}]")));
            let message = format!("{} must be a domain or `{{ domain, judge }}`", tick(&name));
            let problem = Diagnostic::error("wrong-type", message);
            network.reader.report(problem.at(network.reader.source, item.span()));
            None
        }
    }
}

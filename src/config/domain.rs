//! Domain patterns in the form in which the server stores them (contract section 10).

use std::collections::HashSet;

use serde_json::{Value, json};

/// Returns the patterns in the form of [`normalize_pattern`], without empty and repeated ones, in order.
pub(super) fn normalize<'a>(domains: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    domains
        .into_iter()
        .map(normalize_pattern)
        .filter(|domain| !domain.is_empty() && seen.insert(domain.clone()))
        .collect()
}

/// Returns one pattern as the server stores it: trimmed, in lower case, `*.x` as `.x`. A regular expression (`/…/`) is
/// only trimmed.
pub fn normalize_pattern(domain: &str) -> String {
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

/// Returns the wire form of a domain that is judged. `judge` is the name of a policy in `judges`; an empty one counts as
/// absent.
pub(super) fn judged_domain(domain: &str, judge: Option<&str>) -> Value {
    match judge.filter(|judge| !judge.is_empty()) {
        Some(judge) => json!({ "domain": domain, "judge": judge }),
        None => json!({ "domain": domain }),
    }
}

//! `lobu.toml` as it may be shown: without the secrets that are written in it.

use std::cmp::Reverse;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::config::referenced_secret;
use crate::resource::is_secret_key;

/// Returns the text with `***` in the place of every secret that is written in it itself. Nothing is left of a text that
/// does not parse.
pub fn without_literal_secrets(text: &str) -> String {
    let Ok(document) = DeTable::parse(text) else {
        return "***".to_owned();
    };
    let mut spans = Vec::new();
    collect_secrets(document.get_ref(), &mut spans);
    let mut masked = text.to_owned();
    spans.sort_by_key(|span| Reverse(span.start));
    for span in spans {
        masked.replace_range(span, "\"***\"");
    }
    masked
}

/// Whether a key of `lobu.toml` has a secret as its value.
fn names_secret(key: &str) -> bool {
    // Of an MCP server's sign-in.
    is_secret_key(key) && !["token_url", "token_endpoint_auth_method"].contains(&key)
}

/// Collects the spans of all texts under the name of a secret that are no `$NAME`.
fn collect_secrets(table: &DeTable<'_>, spans: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        match value.get_ref() {
            DeValue::Table(table) => collect_secrets(table, spans),
            DeValue::Array(items) => {
                let tables = items.iter().filter_map(|item| item.get_ref().as_table());
                tables.for_each(|table| collect_secrets(table, spans));
            }
            DeValue::String(text) if names_secret(key.get_ref()) && referenced_secret(text).is_none() => {
                spans.push(value.span());
            }
            _ => {}
        }
    }
}

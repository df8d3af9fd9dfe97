//! How keys and values are written in TOML.

use toml::Value;

/// Returns a key as it is written, in quotes where it needs them.
pub(super) fn key_text(key: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if !key.is_empty() && key.chars().all(is_bare) {
        return key.to_owned();
    }
    basic(key)
}

/// Returns a new value as it is written. A text with several lines has a line for each.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\n') => value.to_string(),
        _ => inline_text(value),
    }
}

/// Returns a new value as it is written within brackets or braces: on one line.
pub(super) fn inline_text(value: &Value) -> String {
    match value {
        Value::String(text) => basic(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline_text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| format!("{} = {}", key_text(key), inline_text(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Datetime(date) => date.to_string(),
        _ => value.to_string(),
    }
}

/// Returns a text in single quotes, as `old` is written, where it can be. `None` for another value.
pub(super) fn literal_like(value: &Value, old: &str) -> Option<String> {
    let is_literal = old.starts_with('\'') && !old.starts_with("'''");
    match value {
        Value::String(text) if is_literal && !text.contains('\'') && !text.chars().any(char::is_control) => {
            Some(format!("'{text}'"))
        }
        _ => None,
    }
}

/// Returns a text on one line, in double quotes.
fn basic(text: &str) -> String {
    // The escapes of JSON are a part of those of TOML, which also needs one for the character U+007F.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

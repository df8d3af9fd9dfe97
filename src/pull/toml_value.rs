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

/// Returns a new value as it is written.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\n') => value.to_string(),
        Value::String(text) => basic(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(value_text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| format!("{} = {}", key_text(key), value_text(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Datetime(date) => date.to_string(),
        _ => value.to_string(),
    }
}

/// Returns a value as it is written in the place of `old`: a text in single quotes stays in single quotes where it can.
pub(super) fn value_like(value: &Value, old: &str) -> String {
    match value {
        Value::String(text)
            if old.starts_with('\'')
                && !old.starts_with("'''")
                && !text.contains('\'')
                && !text.chars().any(char::is_control) =>
        {
            format!("'{text}'")
        }
        _ => value_text(value),
    }
}

/// Returns a text on one line, in double quotes.
fn basic(text: &str) -> String {
    // The escapes of JSON are a part of those of TOML, which also needs one for the character U+007F.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

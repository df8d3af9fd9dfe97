//! How values are written in YAML.

use serde_json::{Map, Value, json};

use crate::config::parse_yaml;

/// Returns a mapping with a line for each entry, from this column on. Small items of lists are written in braces.
pub(super) fn block_lines(value: &Value, indent: usize) -> String {
    let mut lines = Vec::new();
    if let Value::Object(entries) = value {
        for (key, value) in entries {
            push_entry(&mut lines, key, value, indent);
        }
    }
    lines.join("\n")
}

fn push_entry(lines: &mut Vec<String>, key: &str, value: &Value, indent: usize) {
    let (space, key) = (" ".repeat(indent), text(key));
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            lines.push(format!("{space}{key}:"));
            lines.push(block_lines(value, indent + 2));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            lines.push(format!("{space}{key}:"));
            lines.extend(items.iter().map(|item| format!("{space}  - {}", flow(item))));
        }
        Value::String(long) if long.contains('\n') && is_block_text(long) => {
            let mark = if long.ends_with('\n') { "|" } else { "|-" };
            lines.push(format!("{space}{key}: {mark}"));
            lines.extend(long.trim_end_matches('\n').split('\n').map(|line| {
                if line.is_empty() {
                    String::new()
                } else {
                    format!("{space}  {line}")
                }
            }));
        }
        _ => lines.push(format!("{space}{key}: {}", block_scalar_like(value, ""))),
    }
}

/// Whether a text can be written line by line.
fn is_block_text(text: &str) -> bool {
    let is_written = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    !text.starts_with([' ', '\n', '\t']) && !text.ends_with("\n\n") && text.chars().all(is_written)
}

/// Returns a value on one line, in the quotes of `old` where it has some and they fit.
pub(super) fn scalar_like(value: &Value, old: &str) -> String {
    match value {
        Value::String(text) if old.starts_with('"') => quoted(text),
        Value::String(text) if old.starts_with('\'') && !text.chars().any(|it| it.is_control() || it == '\'') => {
            format!("'{text}'")
        }
        _ => flow(value),
    }
}

/// Returns a value on one line outside of brackets, where more texts need no quotes.
pub(super) fn block_scalar_like(value: &Value, old: &str) -> String {
    match value {
        Value::String(text) if !old.starts_with(['"', '\'']) && is_plain(text) => text.clone(),
        _ => scalar_like(value, old),
    }
}

/// Whether the parser reads a text without quotes as the same text, outside of brackets.
fn is_plain(text: &str) -> bool {
    let expected = Value::Object(Map::from_iter([("a".to_owned(), Value::from(text))]));
    !text.contains('\n') && parse_yaml(&format!("a: {text}\n")).is_some_and(|documents| documents == [expected])
}

/// Whether a value is written in brackets or braces.
pub(super) fn is_flow(written: &str) -> bool {
    written.starts_with(['{', '['])
}

/// Returns a value on one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| flow_entry(key, value));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// Returns an entry of a mapping in braces.
pub(super) fn flow_entry(key: &str, value: &Value) -> String {
    format!("{}: {}", text(key), flow(value))
}

/// Returns a text without quotes where the parser reads it as the same text: within brackets, as a value and as a key.
fn text(text: &str) -> String {
    let expected = json!({ "a": [text], "b": text, "c": [text], "d": { text: 1 } });
    let written = format!("a: [{text}]\nb: {text}\nc:\n- {text}\nd:\n  {text}: 1\n");
    let is_plain = !text.contains(['\n', '#', ':', ',', '[', ']', '{', '}'])
        && parse_yaml(&written).is_some_and(|documents| documents == [expected]);
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// Returns a text in double quotes. The escapes of JSON are a part of those of YAML.
fn quoted(text: &str) -> String {
    let mut written = String::new();
    for character in Value::from(text).to_string().chars() {
        // JSON has these characters as they are, and YAML only as escapes.
        if character.is_control() || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            let escape = format!("\\u{:04x}", u32::from(character));
            written.push_str(&escape);
        } else {
            written.push(character);
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_read_as_it_was_written() {
        for text in [
            "plain",
            "two words",
            "it's",
            "a \"b\"",
            "a # b",
            "#",
            "a: b",
            "- a",
            "?",
            "|",
            "> a",
            "!a",
            "&a",
            "*a",
            "@a",
            "%a",
            "a\\b",
            "~",
            "null",
            "true",
            "12",
            "",
            " a ",
            "a\nb",
            "a\n\nb\n",
            "a\n \tb",
            "a\tb",
            "\u{7f}",
            "a\n\u{7f}",
            "\u{85}",
            "\u{9f}",
            "\u{feff}",
            "\u{2028}",
            "ü \u{1f3e0}",
            "---",
            "...",
            "=",
            "<<",
            "0x1",
            "1e3",
            "yes",
        ] {
            let value = json!({ text: text, "list": [text, { "a": text }], "table": { "a": { text: [text] } }, "flow": [[text]] });
            let lines = block_lines(&value, 0);
            assert_eq!(parse_yaml(&lines), Some(vec![value]), "{lines}");
        }
    }
}

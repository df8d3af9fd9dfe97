//! Values in brackets and braces in the text of a YAML file.

use std::ops::Range;

use serde_json::{Map, Value};

use super::yaml_value::{flow, flow_entry, scalar_like};
use crate::resource::value::same;

/// An entry of a mapping in braces, or an item of a list in brackets.
struct FlowPart {
    /// The range of the key. `None` for an item.
    key: Option<Range<usize>>,
    value: Range<usize>,
}

/// Returns the ranges of the items of the list in brackets at a position.
pub(super) fn items(text: &str, at: usize) -> Option<Vec<Range<usize>>> {
    let (parts, _) = parts(text, at)?;
    Some(parts.into_iter().map(|part| part.value).collect())
}

/// Brings the value in brackets or braces at a position from `old` to `new`. What stays keeps its text. `None` when a comment
/// would be lost, or the value is written in a way that this module does not know.
pub(super) fn set(text: &mut String, at: usize, old: &Value, new: &Value) -> Option<()> {
    let (parts, end) = parts(text, at)?;
    match (old, new) {
        (Value::Object(old), Value::Object(new)) if parts.len() == old.len() => {
            if parts.is_empty() || old.keys().any(|key| !new.contains_key(key)) {
                return replace(text, at..end, &Value::Object(new.clone()));
            }
            set_entries(text, &parts, old, new)
        }
        (Value::Array(old), Value::Array(new)) if parts.len() == old.len() => {
            let has_parts = |value: &Value| value.is_object() || value.is_array();
            let mut pairs = parts.iter().zip(old.iter().zip(new)).rev();
            if old.len() == new.len() && old.iter().chain(new).all(has_parts) {
                return pairs.try_for_each(|(part, (old, new))| set_part(text, &part.value, old, new));
            }
            set_items(text, at..end, &parts, (old, new))
        }
        _ => replace(text, at..end, new),
    }
}

/// Brings the entries of the mapping in braces at a position from one order into another.
pub(super) fn order(text: &mut String, at: usize, before: &[String], names: &[&str]) -> Option<()> {
    let (parts, _) = parts(text, at)?;
    let ranges: Vec<Range<usize>> = parts
        .iter()
        .map(|part| Some(part.key.as_ref()?.start..part.value.end))
        .collect::<Option<_>>()?;
    let place = |name: &&str| before.iter().position(|before| before == name);
    let places: Vec<usize> = names.iter().map(place).collect::<Option<_>>()?;
    let moved: Vec<String> = places
        .iter()
        .map(|at| Some(text.get(ranges.get(*at)?.clone())?.to_owned()))
        .collect::<Option<_>>()?;
    for (range, moved) in ranges.iter().zip(&moved).rev() {
        text.replace_range(range.clone(), moved);
    }
    Some(())
}

/// Changes entries from the last to the first, so that the ranges stay true.
fn set_entries(
    text: &mut String,
    parts: &[FlowPart],
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<()> {
    let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
    let added = added.fold(String::new(), |all, (key, value)| all + ", " + &flow_entry(key, value));
    text.insert_str(parts.last()?.value.end, &added);
    for (part, (key, old)) in parts.iter().zip(old).rev() {
        part.key.as_ref()?;
        set_part(text, &part.value, old, new.get(key)?)?;
    }
    Some(())
}

fn set_items(
    text: &mut String,
    range: Range<usize>,
    parts: &[FlowPart],
    (old, new): (&[Value], &[Value]),
) -> Option<()> {
    if has_comment(&text[range.clone()]) {
        return None;
    }
    let mut rest: Vec<_> = old.iter().zip(parts).collect();
    // New texts are in quotes where the first one is.
    let like = parts.first().map_or("", |part| &text[part.value.clone()]);
    let items: Vec<String> = new
        .iter()
        .map(|value| match rest.iter().position(|(old, _)| same(old, value)) {
            Some(at) => text[rest.remove(at).1.value.clone()].to_owned(),
            None => scalar_like(value, like),
        })
        .collect();
    text.replace_range(range, &format!("[{}]", items.join(", ")));
    Some(())
}

fn set_part(text: &mut String, range: &Range<usize>, old: &Value, new: &Value) -> Option<()> {
    if same(old, new) {
        return Some(());
    }
    let written = &text[range.clone()];
    if written.starts_with(['{', '[']) {
        return set(text, range.start, old, new);
    }
    let value = scalar_like(new, written);
    let space = if text[..range.start].ends_with(':') { " " } else { "" };
    text.replace_range(range.clone(), &format!("{space}{value}"));
    Some(())
}

fn replace(text: &mut String, range: Range<usize>, new: &Value) -> Option<()> {
    if has_comment(&text[range.clone()]) {
        return None;
    }
    text.replace_range(range, &flow(new));
    Some(())
}

/// Whether a text may have a comment. A number sign in quotes counts too: then the value is left alone.
fn has_comment(text: &str) -> bool {
    text.contains(" #") || text.contains("\n#")
}

/// Returns the parts of the value in brackets or braces at a position, and its end.
fn parts(text: &str, at: usize) -> Option<(Vec<FlowPart>, usize)> {
    let close = match text.as_bytes().get(at)? {
        b'{' => b'}',
        b'[' => b']',
        _ => return None,
    };
    let mut parts = Vec::new();
    let mut at = skip_space(text, at + 1);
    loop {
        if *text.as_bytes().get(at)? == close {
            return Some((parts, at + 1));
        }
        let start = at;
        let end = scalar_or_value_end(text, start)?;
        at = skip_space(text, end);
        let mut part = FlowPart {
            key: None,
            value: start..end,
        };
        if text.as_bytes().get(at) == Some(&b':') {
            let value = skip_space(text, at + 1);
            let value_end = scalar_or_value_end(text, value)?;
            // Of a missing value, the place is right after the colon.
            let value = if value == value_end {
                at + 1..at + 1
            } else {
                value..value_end
            };
            part = FlowPart {
                key: Some(start..end),
                value,
            };
            at = skip_space(text, value_end);
        }
        parts.push(part);
        match text.as_bytes().get(at)? {
            b',' => at = skip_space(text, at + 1),
            found if *found == close => {}
            _ => return None,
        }
    }
}

/// Returns the end of the value that begins at a position.
fn scalar_or_value_end(text: &str, at: usize) -> Option<usize> {
    match text.as_bytes().get(at)? {
        b'{' | b'[' => parts(text, at).map(|(_, end)| end),
        quote @ (b'"' | b'\'') => quoted_end(text, at, *quote),
        _ => Some(plain_end(text, at)),
    }
}

fn quoted_end(text: &str, at: usize, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = at + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            found if found != quote => at += 1,
            // A single quote is written twice.
            _ if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            _ => return Some(at + 1),
        }
    }
}

/// Returns the end of a text without quotes, which ends at a comma, a bracket, a comment or a colon before white space.
fn plain_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        let ends = match byte {
            b',' | b'[' | b']' | b'{' | b'}' | b'\n' => true,
            b':' => next.is_none_or(|next| next.is_ascii_whitespace() || b",[]{}".contains(next)),
            b'#' => text[start..at].ends_with(' '),
            _ => false,
        };
        if ends {
            break;
        }
        at += 1;
    }
    start + text[start..at].trim_end().len()
}

/// Returns the next position that is neither white space nor in a comment.
fn skip_space(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let trimmed = rest.trim_start();
    let at = text.len() - trimmed.len();
    if !trimmed.starts_with('#') {
        return at;
    }
    trimmed
        .find('\n')
        .map_or(text.len(), |newline| skip_space(text, at + newline))
}

//! Changes of single values in the text of a YAML mapping, which may be indented. Every other line stays.

use serde_json::{Map, Value};

use super::lines::{line_end, lines, newline};
use super::yaml_flow;
use super::yaml_lines::{Block, comment_start, find, has_content, items_of, mapping, remove_lines};
use super::yaml_value::{block_lines, block_scalar_like, is_flow};
use crate::resource::value::same;

/// Brings the mapping that is the whole text from `old` to `new`. `None` when it is not written in a form that can be changed,
/// or a comment would be lost; the text may be anything then.
pub(super) fn set_mapping(text: &mut String, old: &Value, new: &Value) -> Option<()> {
    let start = text.len() - text.trim_start().len();
    if text[start..].starts_with('{') {
        return yaml_flow::set(text, start, old, new);
    }
    set_entries(text, &[], old.as_object()?, new.as_object()?)
}

/// Brings the value at a path from `old` to `new`.
fn set_value(text: &mut String, path: &[&str], old: Option<&Value>, new: &Value) -> Option<()> {
    let Some(old) = old else {
        return insert(text, path, new);
    };
    if same(old, new) {
        return Some(());
    }
    let block = find(text, path)?;
    if is_flow(&text[block.value..]) {
        let mut edited = text.clone();
        if yaml_flow::set(&mut edited, block.value, old, new).is_some() {
            *text = edited;
            return Some(());
        }
    }
    let on_line = text[block.value..line_end(text, block.value)].trim();
    let is_open = on_line.is_empty() || on_line.starts_with('#');
    match (old, new) {
        (Value::Object(old), Value::Object(new)) if is_open && !old.is_empty() && !new.is_empty() => {
            set_entries(text, path, old, new)
        }
        (Value::Array(old), Value::Array(new)) if is_open && !old.is_empty() && !new.is_empty() => {
            set_items(text, &block, old, new)
        }
        _ => replace(text, &block, path, old, new),
    }
}

fn set_entries(text: &mut String, path: &[&str], old: &Map<String, Value>, new: &Map<String, Value>) -> Option<()> {
    for (key, value) in new {
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        set_value(text, &path, old.get(key), value)?;
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        let block = find(text, &path)?;
        remove_lines(text, &block.range)?;
    }
    Some(())
}

/// Brings the entries of the mapping under a key from one order into another.
pub(super) fn order_entries(text: &mut String, key: &str, before: &[String], names: &[&str]) -> Option<()> {
    let block = find(text, &[key])?;
    if is_flow(&text[block.value..]) {
        return yaml_flow::order(text, block.value, before, names);
    }
    let start = line_end(text, block.range.start);
    let (mut entries, mut at) = (Vec::new(), start);
    for name in before {
        let entry = find(text, &[key, name])?;
        entries.push(text.get(at..entry.range.end)?);
        at = entry.range.end;
    }
    let place = |name: &&str| before.iter().position(|before| before == name);
    let places: Vec<usize> = names.iter().map(place).collect::<Option<_>>()?;
    let moved: String = places.iter().map(|at| entries[*at]).collect();
    text.replace_range(start..at, &moved);
    Some(())
}

/// An item of a list that has lines of its own, with what is between it and the one before.
struct ListItem<'a> {
    value: &'a Value,
    lead: String,
    text: String,
    /// Whether the new list has it.
    stays: bool,
}

/// Brings the items of a list that has lines for each to other ones. Those that stay keep their lines, and one that another
/// takes the place of keeps what they have in common.
fn set_items(text: &mut String, block: &Block, old: &[Value], new: &[Value]) -> Option<()> {
    let ranges = items_of(text, block)?;
    if ranges.len() != old.len() {
        return None;
    }
    let column = text[ranges[0].clone()].find('-')?;
    let is_flow = text[ranges[0].clone()].trim_start_matches(['-', ' ']).starts_with('{');
    let start = line_end(text, block.range.start);
    let (mut items, mut at) = (Vec::new(), start);
    for (value, range) in old.iter().zip(&ranges) {
        items.push(ListItem {
            value,
            lead: text[at..range.start].to_owned(),
            text: text[range.clone()].to_owned(),
            stays: false,
        });
        at = range.end;
    }
    let mut places = Vec::new();
    for value in new {
        let place = items.iter().position(|item| !item.stays && same(item.value, value));
        if let Some(place) = place {
            items[place].stays = true;
        }
        places.push(place);
    }
    let newline = newline(text);
    let item_text = |value: &Value| item_text(value, column, is_flow).replace('\n', newline);
    let (mut written, mut next) = (String::new(), 0);
    for (value, place) in new.iter().zip(places) {
        match place {
            Some(place) => {
                for gone in items
                    .get(next..place)
                    .unwrap_or_default()
                    .iter()
                    .filter(|item| !item.stays)
                {
                    written.push_str(comments_of(gone)?);
                }
                written.extend([items[place].lead.as_str(), items[place].text.as_str()]);
                next = next.max(place + 1);
            }
            None if items.get(next).is_some_and(|item| !item.stays) => {
                let item = &items[next];
                written.push_str(&item.lead);
                let edited = edited_item(item, column, value);
                let edited = edited.or_else(|| comments_of(item).map(|_| item_text(value)));
                written.push_str(&edited?);
                next += 1;
            }
            None => written.extend([newline, &item_text(value)]),
        }
    }
    for gone in items.get(next..).unwrap_or_default().iter().filter(|item| !item.stays) {
        written.push_str(comments_of(gone)?);
    }
    text.replace_range(start..at, &written);
    Some(())
}

/// Returns the comments above an item that goes. `None` when it has others, which would go with it.
fn comments_of<'a>(item: &'a ListItem<'_>) -> Option<&'a str> {
    if item.text.lines().any(|line| line.trim_start().starts_with('#')) {
        return None;
    }
    let end = item.lead.rfind('\n').filter(|_| item.lead.contains('#')).unwrap_or(0);
    Some(item.lead[..end].trim_end_matches('\r'))
}

/// Returns the text of an item that is a mapping, with other values.
fn edited_item(item: &ListItem<'_>, column: usize, value: &Value) -> Option<String> {
    let (Value::Object(_), Value::Object(_)) = (item.value, value) else {
        return None;
    };
    let mut text = item.text.clone();
    // Without its dash, the item is a mapping like any other.
    text.replace_range(column..=column, " ");
    set_mapping(&mut text, item.value, value)?;
    text.get(column..=column).filter(|first| *first == " ")?;
    text.replace_range(column..=column, "-");
    Some(text)
}

fn item_text(value: &Value, column: usize, is_flow: bool) -> String {
    let indent = " ".repeat(column);
    match value {
        Value::Object(_) if !is_flow => {
            let lines = block_lines(value, column + 2);
            format!("{indent}- {}", lines.trim_start())
        }
        _ => format!("{indent}- {}", block_scalar_like(value, "")),
    }
}

/// Replaces a value as a whole. `None` when a comment would go with it.
fn replace(text: &mut String, block: &Block, path: &[&str], old: &Value, new: &Value) -> Option<()> {
    let end = line_end(text, block.value);
    let key = text[block.range.start..block.value].trim_end().to_owned();
    if block.range.end <= end {
        let written = &text[block.value..block.range.end];
        let comment = comment_start(written).unwrap_or(written.len());
        let value_end = block.value + written[..comment].trim_end().len();
        if !new.is_object() || new.as_object().is_some_and(Map::is_empty) || is_flow(&text[block.value..value_end]) {
            let value = block_scalar_like(new, &text[block.value..value_end]);
            let before = if text[..block.value].ends_with(':') { " " } else { "" };
            let after = if text[value_end..].starts_with('#') { " " } else { "" };
            text.replace_range(block.value..value_end, &format!("{before}{value}{after}"));
            return Some(());
        }
        if comment < written.len() {
            return None;
        }
    } else if old.is_object() || old.is_array() {
        // In a text over several lines a number sign means nothing.
        let lines = &text[block.value..block.range.end];
        if lines.lines().any(|line| comment_start(line).is_some()) {
            return None;
        }
    }
    let name = path.last()?;
    let lines = entry_lines(name, new, block.indent);
    // The key stays as it is written.
    let value = lines.trim_start().split_once(':')?.1.to_owned();
    let value = value.replace('\n', newline(text));
    text.replace_range(block.range.clone(), &format!("{key}{value}"));
    Some(())
}

/// Returns the lines of one entry of a mapping.
fn entry_lines(name: &str, value: &Value, indent: usize) -> String {
    let entry = Map::from_iter([(name.to_owned(), value.clone())]);
    block_lines(&Value::Object(entry), indent)
}

/// Adds a key after the last one of its mapping.
fn insert(text: &mut String, path: &[&str], new: &Value) -> Option<()> {
    let (name, parent) = path.split_last()?;
    let (range, indent) = mapping(text, parent)?;
    let last = lines(text, range).filter(|line| has_content(text, line)).last()?;
    let newline = newline(text);
    let lines = entry_lines(name, new, indent).replace('\n', newline);
    text.insert_str(last.end, &format!("{newline}{lines}"));
    Some(())
}

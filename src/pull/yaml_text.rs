//! The text of a YAML file with one document, in which single values change and every other line stays.
//!
//! Whatever the text is, a change counts only if the new text parses to the old document with exactly that change.

use serde_json::{Map, Value};

use super::lines::{line_end, lines, newline};
use super::yaml_lines::{Block, comment_start, find, has_content, items_of, mapping, remove_lines};
use super::yaml_value::{block_lines, is_flow, scalar_like};
use crate::config::parse_yaml;
use crate::resource::value::same;

/// A text with one YAML document, which is a mapping.
#[derive(Debug, Clone)]
pub(super) struct YamlText {
    text: String,
    document: Value,
}

impl YamlText {
    /// Reads a text. `None` when it is not one document with a mapping.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut documents = parse_yaml(text)?;
        let document = documents.pop().filter(Value::is_object)?;
        documents.is_empty().then(|| Self {
            text: text.to_owned(),
            document,
        })
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns what the text parses to.
    pub(super) fn document(&self) -> &Value {
        &self.document
    }

    /// Returns the value of a key of the document.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.document.get(key)
    }

    /// Sets the value of a key of the document. Of a mapping and of a list, only what differs changes.
    ///
    /// # Errors
    /// When the text does not have the value in a form that can be changed. The text is as before then.
    pub(super) fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let mut edited = self.text.clone();
        set_value(&mut edited, &[key], self.document.get(key), value).ok_or_else(|| unchangeable(key))?;
        let mut expected = self.document.clone();
        expected[key] = value.clone();
        let parsed = Self::parse(&edited).filter(|parsed| same(&parsed.document, &expected));
        *self = parsed.ok_or_else(|| unchangeable(key))?;
        Ok(())
    }
}

fn unchangeable(key: &str) -> String {
    format!("`{key}` cannot be changed without rewriting the file; edit it there")
}

/// Brings the value at a path from `old` to `new`.
fn set_value(text: &mut String, path: &[&str], old: Option<&Value>, new: &Value) -> Option<()> {
    if old.is_some_and(|old| same(old, new)) {
        return Some(());
    }
    let Some(old) = old else {
        return insert(text, path, new);
    };
    let block = find(text, path)?;
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

/// Brings the items of a list that has a line for each to other ones. Those that stay keep their lines.
fn set_items(text: &mut String, block: &Block, old: &[Value], new: &[Value]) -> Option<()> {
    let items = items_of(text, block)?;
    if items.len() != old.len() {
        return None;
    }
    let column = text[items[0].clone()].find('-')?;
    let mut rest: Vec<&Value> = new.iter().collect();
    let mut kept = Vec::new();
    for (item, range) in old.iter().zip(&items) {
        match rest.iter().position(|value| same(value, item)) {
            Some(at) => {
                rest.remove(at);
                kept.push((item, true, range));
            }
            None => kept.push((item, false, range)),
        }
    }
    // New items only go to the end; the check of the whole text finds out whether that is their place.
    let flow = text[items[0].clone()].trim_start_matches(['-', ' ']).starts_with('{');
    let added = rest.iter().map(|value| item_text(value, column, flow));
    let added = added.fold(String::new(), |all, item| all + newline(text) + &item);
    text.insert_str(items.last()?.end, &added);
    for (.., range) in kept.iter().rev().filter(|(_, stays, _)| !stays) {
        remove_lines(text, range)?;
    }
    Some(())
}

fn item_text(value: &Value, column: usize, flow: bool) -> String {
    let indent = " ".repeat(column);
    match value {
        Value::Object(_) if !flow => {
            let lines = block_lines(value, column + 2);
            format!("{indent}- {}", lines.trim_start())
        }
        _ => format!("{indent}- {}", scalar_like(value, "")),
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
            let value = scalar_like(new, &text[block.value..value_end]);
            text.replace_range(block.value..value_end.max(block.value), &value);
            return Some(());
        }
        if comment < written.len() {
            return None;
        }
    } else if old.is_object() || old.is_array() {
        // In a text over several lines a number sign means nothing.
        let lines = &text[end..block.range.end];
        if lines.lines().any(|line| comment_start(line).is_some()) {
            return None;
        }
    }
    let name = path.last()?;
    let lines = entry_lines(name, new, block.indent);
    // The key stays as it is written.
    let value = lines.trim_start().split_once(':')?.1.to_owned();
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
    let lines = entry_lines(name, new, indent);
    let newline = newline(text);
    text.insert_str(last.end, &format!("{newline}{lines}"));
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str = r#"# a firm
type: entity
slug: company
name: "Company"   # as people say it
description: >
  # A firm
  in two lines
event_kinds: { founded: { label: Founded } }

metadata_schema:
  type: object
  # the ones that matter
  required: [size, 'city']
  properties:
    size: { type: number }   # people
    city:
      # where
      type: string
rules:
- source: person # who
  target: company
# the other way
- { source: company, target: person }
"#;

    /// Returns the lines that a change removes and adds, or its error.
    fn difference(key: &str, change: impl Fn(&mut Value)) -> String {
        let mut yaml = YamlText::parse(FILE).unwrap();
        let mut value = yaml.get(key).cloned().unwrap_or_default();
        change(&mut value);
        if let Err(error) = yaml.set(key, &value) {
            return error;
        }
        let diff = similar::TextDiff::from_lines(FILE, yaml.text());
        let changed = diff
            .iter_all_changes()
            .filter(|change| change.tag() != similar::ChangeTag::Equal);
        changed.fold(String::new(), |all, change| all + &format!("{}{change}", change.tag()))
    }

    #[test]
    fn only_the_lines_of_a_value_change() {
        assert_eq!(
            difference("name", |value| *value = json!("The firm")),
            "-name: \"Company\"   # as people say it\n+name: \"The firm\"   # as people say it\n"
        );
        assert_eq!(
            difference("description", |value| *value = json!("Short: one line")),
            "-description: >\n-  # A firm\n-  in two lines\n+description: \"Short: one line\"\n"
        );
        assert_eq!(difference("icon", |value| *value = json!("house")), "+icon: house\n");
        assert_eq!(
            difference("metadata_schema", |value| value["required"] = json!(["city", "tags"])),
            "-  required: [size, 'city']\n+  required: [city, tags]\n"
        );
        assert_eq!(
            difference("metadata_schema", |value| value["properties"]["city"]["maxLength"] =
                json!(9)),
            "+      maxLength: 9\n"
        );
        assert_eq!(
            difference("metadata_schema", |value| value["properties"]["tag"] =
                json!({ "type": "string" })),
            "+    tag:\n+      type: string\n"
        );
        assert_eq!(
            difference("rules", |value| *value =
                json!([value[0], { "source": "a", "target": "b" }])),
            "-- { source: company, target: person }\n+- source: a\n+  target: b\n"
        );
    }

    #[test]
    fn a_comment_is_never_lost_with_a_value() {
        let without_city = |value: &mut Value| drop(value["properties"].as_object_mut().unwrap().remove("city"));
        assert!(difference("metadata_schema", without_city).contains("without rewriting"));
        assert!(difference("metadata_schema", |value| *value = json!(1)).contains("without rewriting"));
    }
}

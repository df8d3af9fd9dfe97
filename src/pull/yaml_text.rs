//! The text of a YAML file with one document, in which single values change and every other line stays.
//!
//! Whatever the text is, a change counts only if the new text parses to the old document with exactly that change.

use serde_json::Value;

use super::yaml_edit::{order_entries, set_mapping};
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
        let mut expected = self.document.clone();
        expected[key] = value.clone();
        set_mapping(&mut edited, &self.document, &expected).ok_or_else(|| unchangeable(key))?;
        let parsed = Self::parse(&edited).filter(|parsed| same(&parsed.document, &expected));
        *self = parsed.ok_or_else(|| unchangeable(key))?;
        Ok(())
    }

    /// Brings the entries of the mapping under a key into this order. Each keeps its lines and the comments above it.
    ///
    /// # Errors
    /// As [`YamlText::set`].
    pub(super) fn order(&mut self, key: &str, names: &[&str]) -> Result<(), String> {
        let names_of = |document: &Value| -> Vec<String> {
            let entries = document.get(key).and_then(Value::as_object);
            entries
                .into_iter()
                .flat_map(|entries| entries.keys().cloned())
                .collect()
        };
        let before = names_of(&self.document);
        if before == names {
            return Ok(());
        }
        let mut edited = self.text.clone();
        order_entries(&mut edited, key, &before, names).ok_or_else(|| unchangeable(key))?;
        let parsed = Self::parse(&edited).filter(|parsed| same(&parsed.document, &self.document));
        let parsed = parsed.filter(|parsed| names_of(&parsed.document) == names);
        *self = parsed.ok_or_else(|| unchangeable(key))?;
        Ok(())
    }
}

fn unchangeable(key: &str) -> String {
    format!("`{key}` cannot be changed without rewriting the file; edit it there")
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
            "-  required: [size, 'city']\n+  required: ['city', tags]\n"
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
            "-- { source: company, target: person }\n+- { source: a, target: b }\n"
        );
    }

    #[test]
    fn a_comment_is_never_lost_with_a_value() {
        let without_city = |value: &mut Value| drop(value["properties"].as_object_mut().unwrap().remove("city"));
        assert!(difference("metadata_schema", without_city).contains("without rewriting"));
        assert!(difference("metadata_schema", |value| *value = json!(1)).contains("without rewriting"));
    }
}

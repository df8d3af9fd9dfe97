//! A TOML table that is read key by key, with a diagnostic for everything that is not as it should be.
//!
//! `serde` would stop at the first problem and print the value, which may be a secret; so the tables are walked by hand.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Sink, Source, tick};
use super::suggest::nearest;
use crate::resource::FieldPath;

/// A string from a file, with its place.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The string.
    pub value: String,
    /// Its place, quotes included.
    pub span: Range<usize>,
}

/// A table, its place and its path from the root.
#[derive(Clone)]
pub(super) struct Table<'a> {
    /// The file.
    pub source: &'a Source,
    /// The entries.
    pub entries: &'a DeTable<'a>,
    /// What to underline when a key is missing.
    pub span: Range<usize>,
    /// The segments that lead here.
    pub path: Vec<String>,
}

impl<'a> Table<'a> {
    /// `agents.triage.platforms[0].config`, with one more key where given.
    pub fn name(&self, key: Option<&str>) -> String {
        let mut name = String::new();
        for segment in self.path.iter().map(String::as_str).chain(key) {
            if segment.starts_with('[') {
                name.push_str(segment);
                continue;
            }
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(&FieldPath::root(segment).to_string());
        }
        name
    }

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.get(key)
    }

    /// The place of a key.
    pub fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// Says what is unknown, with a suggestion, and what is known but belongs to another release.
    pub fn check_keys(&self, known: &[&str], later: &[(&str, &str)], sink: &mut Sink) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            if let Some((_, why)) = later.iter().find(|(key, _)| *key == name) {
                sink.push(
                    Diagnostic::warning("not-synced", format!("{} is not synced", tick(&self.name(Some(name)))))
                        .at(self.source, key.span())
                        .help(*why),
                );
                continue;
            }
            let candidates = known.iter().copied().chain(later.iter().map(|(key, _)| *key));
            let place = if self.path.is_empty() {
                "at the top level".to_owned()
            } else {
                format!("in `[{}]`", self.name(None))
            };
            let unknown = Diagnostic::error("unknown-key", format!("unknown key {} {place}", tick(name)))
                .at(self.source, key.span());
            sink.push(match nearest(name, candidates) {
                Some(near) => unknown.help(format!("did you mean {}?", tick(near))),
                None => unknown.help(format!("known keys are {}", listed(known))),
            });
        }
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str, sink: &mut Sink) {
        let found = kind(value.get_ref());
        sink.push(
            Diagnostic::error(
                "wrong-type",
                format!("{} must be {expected}, found {found}", tick(&self.name(Some(key)))),
            )
            .at(self.source, value.span()),
        );
    }

    /// A string, when there is one.
    pub fn string(&self, key: &str, sink: &mut Sink) -> Option<Text> {
        let value = self.get(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(Text {
                value: text.to_string(),
                span: value.span(),
            });
        }
        self.wrong_type(key, value, "a string", sink);
        None
    }

    /// A string that must be there.
    pub fn required(&self, key: &str, example: &str, sink: &mut Sink) -> Option<Text> {
        if self.get(key).is_none() {
            sink.push(
                Diagnostic::error(
                    "missing-key",
                    format!("{} is missing {}", tick(&self.name(None)), tick(key)),
                )
                .at(self.source, self.span.clone())
                .help(format!("add `{key} = {example}`")),
            );
        }
        self.string(key, sink)
    }

    /// A string that must be there and not be blank.
    pub fn required_filled(&self, key: &str, example: &str, sink: &mut Sink) -> Option<Text> {
        let text = self.required(key, example, sink)?;
        if text.value.trim().is_empty() {
            sink.push(
                Diagnostic::error("empty-value", format!("{} is empty", tick(&self.name(Some(key)))))
                    .at(self.source, text.span)
                    .help(format!("give it a value, for example `{key} = {example}`")),
            );
            return None;
        }
        Some(text)
    }

    /// A boolean, when there is one.
    pub fn boolean(&self, key: &str, sink: &mut Sink) -> Option<bool> {
        let value = self.get(key)?;
        if let DeValue::Boolean(found) = value.get_ref() {
            return Some(*found);
        }
        self.wrong_type(key, value, "`true` or `false`", sink);
        None
    }

    /// A table, when there is one.
    pub fn table(&self, key: &str, sink: &mut Sink) -> Option<Table<'a>> {
        let value = self.get(key)?;
        if let DeValue::Table(entries) = value.get_ref() {
            return Some(self.below(key, entries, self.key_span(key).unwrap_or(value.span())));
        }
        self.wrong_type(key, value, "a table", sink);
        None
    }

    fn below(&self, key: &str, entries: &'a DeTable<'a>, span: Range<usize>) -> Table<'a> {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        Table {
            source: self.source,
            entries,
            span,
            path,
        }
    }

    /// Every entry that is a table, with the place of its key; others are said to be wrong.
    pub fn tables_by_key(&self, sink: &mut Sink) -> Vec<(Text, Table<'a>)> {
        let mut tables = Vec::new();
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            if let Some(table) = self.table(name, sink) {
                let name = name.to_owned();
                tables.push((
                    Text {
                        value: name,
                        span: key.span(),
                    },
                    table,
                ));
            }
        }
        tables
    }

    /// The elements of a list, when there is one.
    pub fn list(&self, key: &str, expected: &str, sink: &mut Sink) -> Option<Vec<&'a Spanned<DeValue<'a>>>> {
        let value = self.get(key)?;
        if let DeValue::Array(items) = value.get_ref() {
            return Some(items.iter().collect());
        }
        self.wrong_type(key, value, expected, sink);
        None
    }

    /// A list of tables, `[[…]]` or `[{…}]`.
    pub fn tables(&self, key: &str, sink: &mut Sink) -> Option<Vec<Table<'a>>> {
        if let Some(DeValue::Table(_)) = self.get(key).map(Spanned::get_ref) {
            let name = self.name(Some(key));
            sink.push(
                Diagnostic::error(
                    "wrong-type",
                    format!("{} must be a list of tables, found a table", tick(&name)),
                )
                .at(self.source, self.key_span(key).unwrap_or(self.span.clone()))
                .help(format!("write `[[{name}]]`, with two brackets")),
            );
            return None;
        }
        let items = self.list(key, "a list of tables", sink)?;
        let mut tables = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let segment = format!("[{index}]");
            if let DeValue::Table(entries) = item.get_ref() {
                let mut table = self.below(key, entries, item.span());
                table.path.push(segment);
                tables.push(table);
            } else {
                self.wrong_type(&format!("{key}{segment}"), item, "a table", sink);
            }
        }
        Some(tables)
    }

    /// A list of strings.
    pub fn strings(&self, key: &str, sink: &mut Sink) -> Option<Vec<Text>> {
        let items = self.list(key, "a list of strings", sink)?;
        let mut texts = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Text {
                    value: text.to_string(),
                    span: item.span(),
                }),
                _ => self.wrong_type(&format!("{key}[{index}]"), item, "a string", sink),
            }
        }
        Some(texts)
    }

    /// A table whose values are all strings.
    pub fn string_map(&self, key: &str, sink: &mut Sink) -> Option<Vec<(Text, Text)>> {
        let table = self.table(key, sink)?;
        let mut entries = Vec::new();
        for key in table.entries.keys() {
            let name: &str = key.get_ref();
            if let Some(value) = table.string(name, sink) {
                let name = name.to_owned();
                entries.push((
                    Text {
                        value: name,
                        span: key.span(),
                    },
                    value,
                ));
            }
        }
        Some(entries)
    }
}

/// `` `a`, `b` and `c` ``.
pub(super) fn listed(names: &[&str]) -> String {
    let ticked: Vec<String> = names.iter().map(|name| tick(name)).collect();
    match ticked.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

/// What a value is, with its article.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

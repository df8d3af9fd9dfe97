//! A table of `lobu.toml` that is read key by key, with a diagnostic for every problem.
//!
//! Deserializing with `serde` would stop at the first problem and print the value, which may be a secret.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, tick};
use super::reader::Reader;
use super::source::Text;
use super::suggestion::nearest;
use crate::resource::FieldPath;

/// A table with its location and its path from the root. Methods that read a key return `None` when the key is absent or
/// when its value was reported as wrong.
#[derive(Clone)]
pub(super) struct Table<'a> {
    /// Collects the diagnostics and references.
    pub reader: &'a Reader<'a>,
    /// The keys and values, as the TOML parser located them.
    pub entries: &'a DeTable<'a>,
    /// The location that a missing key is reported at.
    pub span: Range<usize>,
    /// The segments of the path; the index of a list is a segment such as `[0]`.
    pub path: Vec<String>,
}

impl<'a> Table<'a> {
    /// Returns the path of the table, or of one of its keys: `agents.triage.platforms[0].config`.
    pub(super) fn key_path(&self, key: Option<&str>) -> String {
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

    /// Returns the value of a key, of any type, and reports nothing.
    pub(super) fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.get(key)
    }

    /// Returns the location of a key.
    pub(super) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.entries.get_key_value(key).map(|(key, _)| key.span())
    }

    /// Reports unknown keys with a suggestion, and warns about those in `later`, which are keys of later Lobu releases with
    /// advice on what to do.
    pub(super) fn check_keys(&self, known: &[&str], later: &[(&str, &str)]) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            if let Some((_, advice)) = later.iter().find(|(key, _)| *key == name) {
                let message = format!("{} is not synced", tick(&self.key_path(Some(name))));
                self.reader.warn("not-synced", message, key.span(), advice);
                continue;
            }
            let candidates = known.iter().copied().chain(later.iter().map(|(key, _)| *key));
            // The search is the slowest step of reading a file, and errors beyond the limit are only counted.
            let near = if self.reader.is_full("unknown-key") {
                None
            } else {
                nearest(name, candidates)
            };
            let help = match near {
                Some(near) => format!("did you mean {}?", tick(near)),
                None => format!("known keys are {}", listed(known)),
            };
            let table = if self.path.is_empty() {
                "at the top level".to_owned()
            } else {
                format!("in `[{}]`", self.key_path(None))
            };
            let message = format!("unknown key {} {table}", tick(name));
            self.reader.error("unknown-key", message, key.span(), &help);
        }
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let name = tick(&self.key_path(Some(key)));
        let message = format!("{name} must be {expected}, found {}", kind(value.get_ref()));
        self.reader
            .report(Diagnostic::error("wrong-type", message).at(self.reader.source, value.span()));
    }

    fn text(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Option<Text> {
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(key, value, expected);
            return None;
        };
        let text = Text {
            value: text.to_string(),
            span: value.span(),
        };
        self.reader.check_token_shape(|| self.key_path(Some(key)), &text);
        Some(text)
    }

    /// Reads a string, if the key is present.
    pub(super) fn string(&self, key: &str) -> Option<Text> {
        self.text(key, self.get(key)?, "a string")
    }

    /// Reads a string that must be present.
    pub(super) fn required(&self, key: &str, example: &str) -> Option<Text> {
        if self.get(key).is_none() {
            let message = format!("{} is missing {}", tick(&self.key_path(None)), tick(key));
            let help = format!("add `{key} = {example}`");
            self.reader.error("missing-key", message, self.span.clone(), &help);
        }
        self.string(key)
    }

    /// Reads a string that must be present and not blank.
    pub(super) fn required_filled(&self, key: &str, example: &str) -> Option<Text> {
        let text = self.required(key, example)?;
        if text.value.trim().is_empty() {
            let message = format!("{} is empty", tick(&self.key_path(Some(key))));
            let help = format!("give it a value, for example `{key} = {example}`");
            self.reader.error("empty-value", message, text.span, &help);
            return None;
        }
        Some(text)
    }

    /// Reads a string, and reports it when it is neither empty nor one of `choices`. An invalid one is returned all the same.
    pub(super) fn choice(&self, key: &str, choices: &[&str]) -> Option<Text> {
        let text = self.string(key)?;
        if !text.value.is_empty() && !choices.contains(&text.value.as_str()) {
            let message = format!("{} cannot be {}", tick(&self.key_path(Some(key))), tick(&text.value));
            let help = format!("use one of {}", listed(choices));
            self.reader.error("wrong-choice", message, text.span.clone(), &help);
        }
        Some(text)
    }

    /// Reads a boolean, if the key is present.
    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        if let DeValue::Boolean(found) = value.get_ref() {
            return Some(*found);
        }
        self.wrong_type(key, value, "`true` or `false`");
        None
    }

    /// Reads a whole number of a range, if the key is present.
    pub(super) fn integer(&self, key: &str, range: RangeInclusive<u16>) -> Option<u16> {
        let value = self.get(key)?;
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let DeValue::Integer(found) = value.get_ref() else {
            self.wrong_type(key, value, &expected);
            return None;
        };
        let number = u16::from_str_radix(found.as_str(), found.radix()).ok();
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("{} must be {expected}", tick(&self.key_path(Some(key))));
            self.reader
                .report(Diagnostic::error("wrong-number", message).at(self.reader.source, value.span()));
        }
        number
    }

    /// Reads a table, if the key is present.
    pub(super) fn table(&self, key: &str) -> Option<Table<'a>> {
        let value = self.get(key)?;
        if let DeValue::Table(entries) = value.get_ref() {
            return Some(self.child([key.to_owned()], entries, self.key_span(key).unwrap_or(value.span())));
        }
        self.wrong_type(key, value, "a table");
        None
    }

    /// Returns a table below this one, `path` being the segments between the two.
    pub(super) fn child(
        &self,
        path: impl IntoIterator<Item = String>,
        entries: &'a DeTable<'a>,
        span: Range<usize>,
    ) -> Self {
        Table {
            reader: self.reader,
            entries,
            span,
            path: self.path.iter().cloned().chain(path).collect(),
        }
    }

    /// Reads every entry as a table, with its key, in file order. Entries of another type are reported and left out.
    pub(super) fn tables_by_key(&self) -> Vec<(Text, Table<'a>)> {
        self.values_by_key(Self::table)
    }

    /// Reads every entry, with its key.
    fn values_by_key<T>(&self, read: impl Fn(&Self, &str) -> Option<T>) -> Vec<(Text, T)> {
        let mut values = Vec::new();
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            if let Some(value) = read(self, name) {
                let key = Text {
                    value: name.to_owned(),
                    span: key.span(),
                };
                values.push((key, value));
            }
        }
        values
    }

    /// Reads a list of anything, if the key is present; `expected` describes the right type.
    pub(super) fn list(&self, key: &str, expected: &str) -> Option<&'a [Spanned<DeValue<'a>>]> {
        let value = self.get(key)?;
        if let DeValue::Array(items) = value.get_ref() {
            return Some(items);
        }
        self.wrong_type(key, value, expected);
        None
    }

    /// Reads a list of tables, `[[…]]` or `[{…}]`, if the key is present.
    pub(super) fn tables(&self, key: &str) -> Option<Vec<Table<'a>>> {
        // One pair of brackets instead of two is a common mistake, which deserves its own advice.
        if let Some(DeValue::Table(_)) = self.get(key).map(Spanned::get_ref) {
            let name = self.key_path(Some(key));
            let message = format!("{} must be a list of tables, found a table", tick(&name));
            let span = self.key_span(key).unwrap_or(self.span.clone());
            let help = format!("write `[[{name}]]`, with two brackets");
            self.reader.error("wrong-type", message, span, &help);
            return None;
        }
        let mut tables = Vec::new();
        for (index, item) in self.list(key, "a list of tables")?.iter().enumerate() {
            let segment = format!("[{index}]");
            if let DeValue::Table(entries) = item.get_ref() {
                tables.push(self.child([key.to_owned(), segment], entries, item.span()));
            } else {
                self.wrong_type(&format!("{key}{segment}"), item, "a table");
            }
        }
        Some(tables)
    }

    /// Reads a list of strings, if the key is present.
    pub(super) fn strings(&self, key: &str) -> Option<Vec<Text>> {
        let items = self.list(key, "a list of strings")?.iter().enumerate();
        Some(
            items
                .filter_map(|(index, item)| self.text(&format!("{key}[{index}]"), item, "a string"))
                .collect(),
        )
    }

    /// Reads a string, or a list of them, if the key is present.
    pub(super) fn string_or_strings(&self, key: &str) -> Option<Vec<Text>> {
        match self.get(key)?.get_ref() {
            DeValue::Array(_) => self.strings(key),
            _ => Some(vec![self.text(key, self.get(key)?, "a string or a list of strings")?]),
        }
    }

    /// Reads a table whose values are all strings, if the key is present.
    pub(super) fn string_map(&self, key: &str) -> Option<Vec<(Text, Text)>> {
        Some(self.table(key)?.values_by_key(Self::string))
    }
}

/// Returns the names as `` `a`, `b` and `c` ``.
pub(super) fn listed(names: &[&str]) -> String {
    let ticked: Vec<String> = names.iter().map(|name| tick(name)).collect();
    match ticked.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}

/// Returns the type of a value, with its article.
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

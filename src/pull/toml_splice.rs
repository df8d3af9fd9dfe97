//! Where the text of a TOML file changes: a range of it and what replaces it, from the spans of the parsed text.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::lines::{after_comments, line_end, line_start, newline};
use super::toml_array::{Order, merged};
use super::toml_sections::reordered;
use super::toml_tree::{TomlEntry, TomlKey, find, subtree_end, table_at, value_of};
use super::toml_value::{inline_text, key_text, literal_like, value_text};

/// A range of the text and what replaces it.
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    fn insert(at: usize, text: String) -> Self {
        Self { range: at..at, text }
    }
}

/// A text and what it parses to.
pub(super) struct ParsedToml<'a> {
    pub(super) text: &'a str,
    pub(super) root: &'a DeTable<'a>,
}

impl ParsedToml<'_> {
    pub(super) fn set(&self, path: &[TomlKey], value: &Value, order: Order) -> Option<Splice> {
        let (key, parent) = path.split_last()?;
        if let Some(found) = find(self.root, path) {
            return self.replace(found, value, order, self.is_inline(parent));
        }
        let TomlKey::Name(name) = key else {
            return None;
        };
        let Some(table) = table_at(self.root, parent) else {
            // The table is missing: it is created with this one entry.
            let entry = Table::from_iter([(name.clone(), value.clone())]);
            return if self.is_inline(parent.split_last()?.1) {
                self.set(parent, &Value::Table(entry), order)
            } else {
                self.section(parent, &entry, "[", "]")
            };
        };
        if self.is_inline(parent) {
            let entry = format!("{} = {}", key_text(name), inline_text(value));
            return Some(Self::inline_insertion(
                table,
                find(self.root, parent)?.value.span(),
                &entry,
            ));
        }
        let entry = format!("{} = {}", key_text(name), self.value_text(value));
        self.line_insertion(parent, table, &entry)
    }

    /// Whether the table at a path is written in braces. A missing one is as its parent is.
    fn is_inline(&self, path: &[TomlKey]) -> bool {
        match find(self.root, path) {
            Some(found) => self.text[found.value.span()].starts_with('{'),
            None => path.split_last().is_some_and(|(_, parent)| self.is_inline(parent)),
        }
    }

    fn replace(&self, found: TomlEntry<'_>, value: &Value, order: Order, is_inline: bool) -> Option<Splice> {
        let range = found.value.span();
        let old = &self.text[range.clone()];
        let text = match (found.value.get_ref(), value) {
            (DeValue::Array(items), Value::Array(wanted)) if old.starts_with('[') && !old.starts_with("[[") => {
                merged(self.text, range.clone(), items, wanted, order)?
            }
            (DeValue::Table(_), _) if !old.starts_with('{') => return None,
            (DeValue::Array(_), _) if old.starts_with("[[") => return None,
            _ if is_inline => literal_like(value, old).unwrap_or_else(|| inline_text(value)),
            _ => literal_like(value, old).unwrap_or_else(|| self.value_text(value)),
        };
        Some(Splice { range, text })
    }

    /// Returns a new value with a line of its own. The parser reads line ends in a text as they are, so that one with several
    /// lines is on one line in a file with the line ends of Windows.
    fn value_text(&self, value: &Value) -> String {
        if newline(self.text) == "\n" {
            value_text(value)
        } else {
            inline_text(value)
        }
    }

    fn inline_insertion(table: &DeTable<'_>, span: Range<usize>, entry: &str) -> Splice {
        match table.iter().map(|(_, value)| value.span().end).max() {
            Some(end) => Splice::insert(end, format!(", {entry}")),
            None => Splice {
                range: span,
                text: format!("{{ {entry} }}"),
            },
        }
    }

    /// Inserts an entry as a line of its own, after the last line of its table.
    fn line_insertion(&self, path: &[TomlKey], table: &DeTable<'_>, entry: &str) -> Option<Splice> {
        let lines = table.iter().filter(|(_, value)| self.is_on_line(value));
        if let Some((key, value)) = lines.max_by_key(|(_, value)| value.span().end) {
            // Repeats the indentation, and the first part of a dotted key.
            let start = line_start(self.text, key.span().start);
            let prefix = &self.text[start..key.span().start];
            let at = line_end(self.text, value.span().end);
            return Some(Splice::insert(at, format!("{}{prefix}{entry}", newline(self.text))));
        }
        let header = match path {
            [] => None,
            _ => Some(find(self.root, path)?.value.span()).filter(|span| self.text[span.clone()].starts_with('[')),
        };
        match header {
            Some(span) => {
                let at = line_end(self.text, span.end);
                Some(Splice::insert(at, format!("{}{entry}", newline(self.text))))
            }
            // A table that only its own tables mention gets a header after them.
            None if !path.is_empty() => Some(self.section_text(subtree_end(table), path, entry, "[", "]")),
            None => None,
        }
    }

    /// Whether a value has a line of its table: it is no section and not the first part of a dotted key.
    fn is_on_line(&self, value: &Spanned<DeValue<'_>>) -> bool {
        let text = &self.text[value.span()];
        match value.get_ref() {
            DeValue::Table(_) => text.starts_with('{'),
            DeValue::Array(_) => !text.starts_with("[["),
            _ => true,
        }
    }

    pub(super) fn push(&self, path: &[TomlKey], table: &Table) -> Option<Splice> {
        let Some(found) = find(self.root, path) else {
            let (_, parent) = path.split_last()?;
            return if self.is_inline(parent) {
                self.set(path, &Value::Array(vec![Value::Table(table.clone())]), Order::Given)
            } else {
                self.section(path, table, "[[", "]]")
            };
        };
        let DeValue::Array(items) = found.value.get_ref() else {
            return None;
        };
        let span = found.value.span();
        if self.text[span.clone()].starts_with("[[") {
            let last = items.iter().last()?;
            let DeValue::Table(entries) = last.get_ref() else {
                return None;
            };
            let end = subtree_end(entries).max(last.span().end);
            let lines = self.lines_beside(path, entries, table);
            return Some(self.section_text(end, path, &lines, "[[", "]]"));
        }
        let mut wanted: Vec<Value> = items
            .iter()
            .map(|item| value_of(item.get_ref()))
            .collect::<Option<_>>()?;
        wanted.push(Value::Table(table.clone()));
        let text = merged(self.text, span.clone(), items, &wanted, Order::Given)?;
        Some(Splice { range: span, text })
    }

    /// Returns a new section after everything of the table that it belongs to.
    pub(super) fn section(&self, path: &[TomlKey], table: &Table, open: &str, close: &str) -> Option<Splice> {
        let (_, above) = path.split_last()?;
        let nearest = (0..=above.len())
            .rev()
            .find_map(|length| table_at(self.root, &above[..length]).map(|it| (length, it)));
        let (length, parent) = nearest?;
        let own = find(self.root, &above[..length]).map_or(0, |found| found.value.span().end);
        let end = subtree_end(parent).max(own);
        Some(self.section_text(end, path, &self.lines_of(table), open, close))
    }

    fn section_text(&self, after: usize, path: &[TomlKey], lines: &str, open: &str, close: &str) -> Splice {
        let newline = newline(self.text);
        let header = format!("{open}{}{close}", header_text(path));
        let gap = if self.text.trim().is_empty() {
            String::new()
        } else {
            newline.repeat(2)
        };
        let at = after_comments(self.text, line_end(self.text, after));
        let text = if lines.is_empty() {
            format!("{gap}{header}")
        } else {
            format!("{gap}{header}{newline}{lines}")
        };
        // The last line of a file may lack its end.
        let end = if at == self.text.len() { newline } else { "" };
        Splice::insert(at, format!("{text}{end}"))
    }

    /// Returns the entries of a new table of an array. A table in it is a section where it is one in the item before.
    fn lines_beside(&self, path: &[TomlKey], sibling: &DeTable<'_>, table: &Table) -> String {
        let is_section = |key: &str| {
            let value = sibling.iter().find(|(other, _)| other.get_ref().as_ref() == key);
            value.is_some_and(|(_, value)| value.get_ref().is_table() && self.text[value.span()].starts_with('['))
        };
        let newline = newline(self.text);
        let (mut own, mut parts) = (Table::new(), vec![String::new()]);
        for (key, value) in table {
            match value {
                Value::Table(inner) if is_section(key) => {
                    let path = [path, &[key.as_str().into()]].concat();
                    parts.push(format!("[{}]{newline}{}", header_text(&path), self.lines_of(inner)));
                }
                _ => drop(own.insert(key.clone(), value.clone())),
            }
        }
        parts[0] = self.lines_of(&own);
        parts.join(&newline.repeat(2))
    }

    /// Returns the entries of a new table, one per line.
    fn lines_of(&self, table: &Table) -> String {
        let lines: Vec<String> = table
            .iter()
            .map(|(key, value)| format!("{} = {}", key_text(key), self.value_text(value)))
            .collect();
        lines.join(newline(self.text))
    }

    /// Whether the array at a path is written as sections.
    pub(super) fn has_sections(&self, path: &[TomlKey]) -> bool {
        find(self.root, path).is_some_and(|found| self.text[found.value.span()].starts_with("[["))
    }

    /// Whether a table is nowhere written itself: only the names of what is in it mention it.
    pub(super) fn is_implicit(&self, path: &[TomlKey]) -> bool {
        find(self.root, path).is_some_and(|found| !self.text[found.value.span()].starts_with(['[', '{']))
    }

    pub(super) fn remove(&self, path: &[TomlKey]) -> Option<Splice> {
        let found = find(self.root, path)?;
        let (_, parent) = path.split_last()?;
        let span = found.value.span();
        let text = &self.text[span.clone()];
        if let DeValue::Table(table) = found.value.get_ref()
            && text.starts_with('[')
        {
            let end = subtree_end(table).max(span.end);
            return Some(self.without_lines(span.start, end));
        }
        let Some(key) = found.key else {
            return self.remove_item(path);
        };
        if self.is_inline(parent) {
            return Some(inline_removal(table_at(self.root, parent)?, key.span(), span));
        }
        self.is_on_line(found.value)
            .then(|| self.without_lines(key.span().start, span.end))
    }

    /// Brings the items of an array into another order.
    pub(super) fn reorder(&self, path: &[TomlKey], order: &[usize], wanted: &[Value]) -> Option<Splice> {
        let found = find(self.root, path)?;
        let DeValue::Array(items) = found.value.get_ref() else {
            return None;
        };
        let (range, text) = if self.has_sections(path) {
            reordered(self.text, items, order)?
        } else {
            let range = found.value.span();
            (range.clone(), merged(self.text, range, items, wanted, Order::Given)?)
        };
        Some(Splice { range, text })
    }

    /// Removes an item of an array in brackets.
    fn remove_item(&self, path: &[TomlKey]) -> Option<Splice> {
        let (TomlKey::Index(index), array) = path.split_last()? else {
            return None;
        };
        let found = find(self.root, array)?;
        let DeValue::Array(items) = found.value.get_ref() else {
            return None;
        };
        let others = items.iter().enumerate().filter(|(at, _)| at != index);
        let wanted: Vec<Value> = others
            .map(|(_, item)| value_of(item.get_ref()))
            .collect::<Option<_>>()?;
        let range = found.value.span();
        let text = merged(self.text, range.clone(), items, &wanted, Order::Given)?;
        Some(Splice { range, text })
    }

    /// Removes whole lines. Of two blank lines around them, one goes too.
    fn without_lines(&self, from: usize, to: usize) -> Splice {
        let start = line_start(self.text, from);
        let mut end = line_end(self.text, to);
        end += self.text[end..].find('\n').map_or(0, |at| at + 1);
        let before = &self.text[..start];
        let follows_blank = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
        if follows_blank && self.text[from..].starts_with('[') {
            let rest = &self.text[end..];
            end += rest.len() - rest.trim_start_matches(['\n', '\r']).len();
        }
        Splice {
            range: start..end,
            text: String::new(),
        }
    }
}

/// Returns the names of a header.
fn header_text(path: &[TomlKey]) -> String {
    let names = path.iter().filter_map(|key| match key {
        TomlKey::Name(name) => Some(key_text(name)),
        TomlKey::Index(_) => None,
    });
    names.collect::<Vec<_>>().join(".")
}

/// Removes an entry of a table in braces, with the comma before or after it.
fn inline_removal(table: &DeTable<'_>, key: Range<usize>, value: Range<usize>) -> Splice {
    let others = || table.iter().filter(|(other, _)| other.span() != key);
    let before = others()
        .map(|(_, other)| other.span().end)
        .filter(|end| *end <= key.start)
        .max();
    let after = others()
        .map(|(other, _)| other.span().start)
        .filter(|start| *start >= value.end)
        .min();
    let range = match (before, after) {
        (Some(before), _) => before..value.end,
        (None, Some(after)) => key.start..after,
        (None, None) => key.start..value.end,
    };
    Splice {
        range,
        text: String::new(),
    }
}

//! Parsed TOML with spans: finding values by path, and documents with one value changed.

use toml::de::{DeString, DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::toml_value::key_text;

/// One step down into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TomlKey {
    /// The value under a key of a table.
    Name(String),
    /// An item of an array, counted from 0.
    Index(usize),
}

impl From<&str> for TomlKey {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

/// A value of the parsed text, with the span of its key unless it is an item of an array.
#[derive(Clone, Copy)]
pub(super) struct TomlEntry<'a> {
    pub(super) key: Option<&'a Spanned<DeString<'a>>>,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

pub(super) fn find<'a>(root: &'a DeTable<'a>, path: &[TomlKey]) -> Option<TomlEntry<'a>> {
    let (TomlKey::Name(first), rest) = path.split_first()? else {
        return None;
    };
    let entry = |table: &'a DeTable<'a>, name: &str| {
        let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == name)?;
        Some(TomlEntry { key: Some(key), value })
    };
    rest.iter()
        .try_fold(entry(root, first)?, |found, key| match (key, found.value.get_ref()) {
            (TomlKey::Name(name), DeValue::Table(table)) => entry(table, name),
            (TomlKey::Index(index), DeValue::Array(items)) => Some(TomlEntry {
                key: None,
                value: items.get(*index)?,
            }),
            _ => None,
        })
}

/// Returns the table at a path. An empty path is the document.
pub(super) fn table_at<'a>(root: &'a DeTable<'a>, path: &[TomlKey]) -> Option<&'a DeTable<'a>> {
    if path.is_empty() {
        return Some(root);
    }
    match find(root, path)?.value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// Returns the end of the last thing that a table holds.
pub(super) fn subtree_end(table: &DeTable<'_>) -> usize {
    let ends = table.iter().map(|(key, value)| key.span().end.max(end_of(value)));
    ends.max().unwrap_or(0)
}

fn end_of(value: &Spanned<DeValue<'_>>) -> usize {
    let own = value.span().end;
    match value.get_ref() {
        DeValue::Table(table) => own.max(subtree_end(table)),
        DeValue::Array(items) => items.iter().map(end_of).max().unwrap_or(0).max(own),
        _ => own,
    }
}

/// Returns a parsed value without its spans.
pub(super) fn value_of(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| value_of(item.get_ref()))
                .collect::<Option<_>>()?,
        ),
        DeValue::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| Some((key.get_ref().clone().into_owned(), value_of(value.get_ref())?)));
            Value::Table(entries.collect::<Option<_>>()?)
        }
        // No key of `lobu.toml` that can be pulled is a number or a date.
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => return None,
    })
}

/// Returns a document with another value at a path, or without one. `None` when the path leads nowhere.
pub(super) fn with_value(document: Value, path: &[TomlKey], value: Option<&Value>) -> Option<Value> {
    let Some((key, rest)) = path.split_first() else {
        return value.cloned();
    };
    match (key, document) {
        (TomlKey::Name(name), Value::Table(mut table)) => {
            let child = table.remove(name).unwrap_or_else(|| Value::Table(Table::new()));
            if let Some(changed) = with_value(child, rest, value) {
                table.insert(name.clone(), changed);
            }
            Some(Value::Table(table))
        }
        (TomlKey::Index(index), Value::Array(mut items)) if *index < items.len() => {
            match with_value(items[*index].clone(), rest, value) {
                Some(changed) => items[*index] = changed,
                None => drop(items.remove(*index)),
            }
            Some(Value::Array(items))
        }
        _ => None,
    }
}

/// Returns a document whose array at the path is sorted, for comparing without the order.
pub(super) fn sorted(document: Value, path: &[TomlKey]) -> Value {
    let mut found = Some(document.clone());
    for key in path {
        found = match (key, found) {
            (TomlKey::Name(name), Some(Value::Table(mut table))) => table.remove(name),
            (TomlKey::Index(index), Some(Value::Array(items))) => items.get(*index).cloned(),
            _ => None,
        };
    }
    let Some(Value::Array(mut items)) = found else {
        return document;
    };
    items.sort_by_key(ToString::to_string);
    let items = Value::Array(items);
    with_value(document.clone(), path, Some(&items)).unwrap_or(document)
}

pub(super) fn path_text(path: &[TomlKey]) -> String {
    let parts = path.iter().map(|key| match key {
        TomlKey::Name(name) => key_text(name),
        TomlKey::Index(index) => format!("[{index}]"),
    });
    parts.collect::<Vec<_>>().join(".")
}

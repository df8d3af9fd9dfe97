//! A stretch of the text of a TOML file, in which single values change and every other byte stays.
//!
//! A change replaces, inserts or removes a range of the text. The parser's own spans say where, and each change is checked:
//! the new text has to parse to the old document with exactly that change.

use toml::de::DeTable;
use toml::{Table, Value};

use super::toml_array::Order;
use super::toml_splice::{ParsedToml, Splice};
use super::toml_tree::{TomlKey, path_text, sorted, with_value};

/// The error for a change that this module cannot make. The text is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be changed without rewriting the file; edit it there")]
pub(super) struct Uneditable {
    path: String,
}

impl Uneditable {
    /// Creates the error for the value at a path.
    pub(super) fn new(path: &[TomlKey]) -> Self {
        Self { path: path_text(path) }
    }
}

/// A text that parses as TOML, with what it parses to.
#[derive(Debug, Clone)]
pub(super) struct TomlPart {
    text: String,
    values: Table,
}

impl TomlPart {
    /// Reads a text. `None` when it is not valid TOML.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let values = toml::from_str(text).ok()?;
        let text = text.to_owned();
        Some(Self { text, values })
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the values at the top of the text.
    pub(super) fn values(&self) -> &Table {
        &self.values
    }

    /// Returns the value at a path. `None` when there is none.
    pub(super) fn get(&self, path: &[TomlKey]) -> Option<&Value> {
        let (TomlKey::Name(first), rest) = path.split_first()? else {
            return None;
        };
        rest.iter().try_fold(self.values.get(first)?, |value, key| match key {
            TomlKey::Name(name) => value.get(name.as_str()),
            TomlKey::Index(index) => value.get(*index),
        })
    }

    /// Sets the value at a path. Tables on the way are created in the form that their surroundings have. An array keeps the
    /// items that stay, with their comments; with [`Order::OfFile`] also their order.
    ///
    /// # Errors
    /// [`Uneditable`] when the value is a table with a header of its own, or the text would not parse as expected.
    pub(super) fn set(&mut self, path: &[TomlKey], value: &Value, order: Order) -> Result<(), Uneditable> {
        let splice = self.parsed(|parsed| parsed.set(path, value, order));
        let expected = |table: Table| with_value(Value::Table(table), path, Some(value));
        self.apply(splice, path, order, expected)
    }

    /// Removes the value at a path, with its line or its whole section. Does nothing when there is none.
    ///
    /// # Errors
    /// [`Uneditable`] when something else would go with it.
    pub(super) fn remove(&mut self, path: &[TomlKey]) -> Result<(), Uneditable> {
        if self.get(path).is_none() {
            return Ok(());
        }
        let splice = self.parsed(|parsed| parsed.remove(path));
        // An array of sections ends with its last section.
        let ends_array = path.split_last().filter(|(key, array)| {
            let last = self
                .get(array)
                .is_some_and(|items| items.as_array().is_some_and(|items| items.len() == 1));
            matches!(key, TomlKey::Index(_))
                && last
                && self.parsed(|parsed| Some(parsed.has_sections(array))) == Some(true)
        });
        let gone = self.emptied(ends_array.map_or(path, |(_, array)| array));
        self.apply(splice, path, Order::Given, |table| {
            with_value(Value::Table(table), gone, None)
        })
    }

    /// Returns what goes when the value at a path does: a table that only the names of its last value have made, as
    /// `[[drift.ignore]]` makes `drift`, goes with that value.
    fn emptied<'a>(&self, path: &'a [TomlKey]) -> &'a [TomlKey] {
        let mut gone = path;
        while let Some((_, parent)) = gone.split_last()
            && let Some(Value::Table(table)) = self.get(parent)
            && table.len() == 1
            && self.parsed(|parsed| Some(parsed.is_implicit(parent))) == Some(true)
        {
            gone = parent;
        }
        gone
    }

    /// Appends a table to the array at a path, in the form that its other items have, or else as `[[path]]`.
    ///
    /// # Errors
    /// As [`TomlPart::set`].
    pub(super) fn push(&mut self, path: &[TomlKey], table: &Table) -> Result<(), Uneditable> {
        let splice = self.parsed(|parsed| parsed.push(path, table));
        let value = Value::Table(table.clone());
        let mut items = self.get(path).and_then(Value::as_array).cloned().unwrap_or_default();
        items.push(value);
        self.apply(splice, path, Order::Given, |document| {
            with_value(Value::Table(document), path, Some(&Value::Array(items)))
        })
    }

    /// Adds a section with its own header at the end of the table that it belongs to.
    ///
    /// # Errors
    /// As [`TomlPart::set`].
    pub(super) fn add_section(&mut self, path: &[TomlKey], table: &Table) -> Result<(), Uneditable> {
        let splice = self.parsed(|parsed| parsed.section(path, table, "[", "]"));
        let value = Value::Table(table.clone());
        self.apply(splice, path, Order::Given, |document| {
            with_value(Value::Table(document), path, Some(&value))
        })
    }

    /// Brings the items of the array at a path into another order, each with its comments. `order` has the position that
    /// each one has now.
    ///
    /// # Errors
    /// As [`TomlPart::set`].
    pub(super) fn reorder(&mut self, path: &[TomlKey], order: &[usize]) -> Result<(), Uneditable> {
        let items = self.get(path).and_then(Value::as_array).cloned().unwrap_or_default();
        let is_each_once = order.len() == items.len() && (0..items.len()).all(|at| order.contains(&at));
        if !is_each_once {
            return Err(Uneditable::new(path));
        }
        let items: Vec<Value> = order.iter().map(|at| items[*at].clone()).collect();
        let splice = self.parsed(|parsed| parsed.reorder(path, order, &items));
        self.apply(splice, path, Order::Given, |document| {
            with_value(Value::Table(document), path, Some(&Value::Array(items)))
        })
    }

    /// Works something out from the parsed text.
    fn parsed<T>(&self, change: impl FnOnce(&ParsedToml<'_>) -> Option<T>) -> Option<T> {
        let document = DeTable::parse(&self.text).ok()?;
        change(&ParsedToml {
            text: &self.text,
            root: document.get_ref(),
        })
    }

    /// Carries a change out, if it gives the expected document.
    fn apply(
        &mut self,
        splice: Option<Splice>,
        path: &[TomlKey],
        order: Order,
        expected: impl FnOnce(Table) -> Option<Value>,
    ) -> Result<(), Uneditable> {
        let failed = || Uneditable::new(path);
        let splice = splice.ok_or_else(failed)?;
        let mut text = self.text.clone();
        text.replace_range(splice.range, &splice.text);
        let after = Self::parse(&text).ok_or_else(failed)?;
        let expected = expected(self.values.clone()).ok_or_else(failed)?;
        let found = Value::Table(after.values.clone());
        let is_same = match order {
            Order::Given => found == expected,
            Order::OfFile => sorted(found, path) == sorted(expected, path),
        };
        if !is_same {
            return Err(failed());
        }
        *self = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# a desk
[agents.desk]
name = "Desk" # shown
dir = './agents/desk'
network.allowed = ["a.com", # one
  # two and three
  "b.com",
  "c.com" ]

[agents.desk.tools]
strict = true

[[agents.desk.platforms]]
type = "telegram"
config = { chatId = "1", botToken = "$T" } # our group

# the last one
[[agents.desk.platforms]]
type = "slack"
[agents.desk.platforms.config]
channel = 'x'

[memory]
org = "o"
"#;

    fn path(text: &str) -> Vec<TomlKey> {
        text.split('.')
            .map(|part| part.parse().map_or_else(|_| TomlKey::from(part), TomlKey::Index))
            .collect()
    }

    /// Returns the lines that an edit removes and adds.
    fn difference(edit: impl FnOnce(&mut TomlPart) -> Result<(), Uneditable>) -> String {
        let mut toml = TomlPart::parse(FILE).unwrap();
        edit(&mut toml).unwrap();
        let diff = similar::TextDiff::from_lines(FILE, toml.text());
        let changed = diff
            .iter_all_changes()
            .filter(|change| change.tag() != similar::ChangeTag::Equal);
        changed.fold(String::new(), |all, change| all + &format!("{}{change}", change.tag()))
    }

    fn set(at: &str, value: impl Into<Value>, order: Order) -> String {
        difference(|toml| toml.set(&path(at), &value.into(), order))
    }

    #[test]
    fn a_value_changes_on_its_line_only() {
        assert_eq!(
            set("agents.desk.name", "Help \"desk\"", Order::Given),
            "-name = \"Desk\" # shown\n+name = \"Help \\\"desk\\\"\" # shown\n"
        );
        assert_eq!(
            set("agents.desk.dir", "./agents/x", Order::Given),
            "-dir = './agents/desk'\n+dir = './agents/x'\n"
        );
        assert_eq!(
            set("agents.desk.tools.strict", false, Order::Given),
            "-strict = true\n+strict = false\n"
        );
        assert_eq!(
            set("agents.desk.platforms.1.config.channel", "y", Order::Given),
            "-channel = 'x'\n+channel = 'y'\n"
        );
        assert_eq!(
            set("agents.desk.platforms.0.config.chatId", "2", Order::Given),
            "-config = { chatId = \"1\", botToken = \"$T\" } # our group\n+config = { chatId = \"2\", botToken = \"$T\" } # our group\n"
        );
    }

    #[test]
    fn a_new_value_comes_after_its_siblings_in_their_form() {
        assert_eq!(
            set("agents.desk.description", "d", Order::Given),
            "+description = \"d\"\n"
        );
        assert_eq!(
            set("agents.desk.network.denied", vec!["x.com"], Order::Given),
            "+network.denied = [\"x.com\"]\n"
        );
        assert_eq!(
            set("agents.desk.platforms.1.config.team", "t", Order::Given),
            "+team = \"t\"\n"
        );
        assert_eq!(
            set("agents.desk.egress.judge_model", "m", Order::Given),
            "+[agents.desk.egress]\n+judge_model = \"m\"\n+\n"
        );
        assert_eq!(
            set("agents.desk.platforms.0.config.threadId", "3", Order::Given),
            "-config = { chatId = \"1\", botToken = \"$T\" } # our group\n+config = { chatId = \"1\", botToken = \"$T\", threadId = \"3\" } # our group\n"
        );
    }

    #[test]
    fn the_items_of_an_array_keep_their_lines_and_comments() {
        let list = "agents.desk.network.allowed";
        assert_eq!(
            set(list, vec!["a.com", "new.com", "c.com", "b.com"], Order::OfFile),
            "-  \"c.com\" ]\n+  \"c.com\",\n+  \"new.com\" ]\n"
        );
        assert_eq!(set(list, vec!["a.com", "c.com"], Order::OfFile), "-  \"b.com\",\n");
        assert_eq!(
            set(list, vec!["b.com", "c.com"], Order::OfFile),
            "-network.allowed = [\"a.com\", # one\n+network.allowed = [\n"
        );
    }

    #[test]
    fn a_file_keeps_the_line_ends_of_windows() {
        let mut toml = TomlPart::parse("[a]\r\nb = \"c\"\r\n").unwrap();
        toml.set(&path("a.b"), &"d\ne".into(), Order::Given).unwrap();
        toml.set(&path("a.f"), &"g\nh".into(), Order::Given).unwrap();
        toml.set(&path("a.i.j"), &"k\nl".into(), Order::Given).unwrap();
        let expected = "[a]\r\nb = \"d\\ne\"\r\nf = \"g\\nh\"\r\n\r\n[a.i]\r\nj = \"k\\nl\"\r\n";
        assert_eq!(toml.text(), expected);
    }

    #[test]
    fn a_moved_item_takes_its_comment_along() {
        let mut toml = TomlPart::parse("a = [\n  \"x\", # one\n  \"y\", # two\n]\n").unwrap();
        toml.set(&path("a"), &vec!["y", "x"].into(), Order::Given).unwrap();
        assert_eq!(toml.text(), "a = [\n  \"y\", # two\n  \"x\", # one\n]\n");
    }

    #[test]
    fn tables_are_appended_and_removed_as_sections() {
        let table = Table::from_iter([("type".to_owned(), Value::from("discord"))]);
        assert_eq!(
            difference(|toml| toml.push(&path("agents.desk.platforms"), &table)),
            "+[[agents.desk.platforms]]\n+type = \"discord\"\n+\n"
        );
        assert_eq!(
            difference(|toml| toml.add_section(&path("agents.new"), &table)),
            "+[agents.new]\n+type = \"discord\"\n+\n"
        );
        assert_eq!(
            difference(|toml| toml.remove(&path("agents.desk.platforms.1"))),
            "-[[agents.desk.platforms]]\n-type = \"slack\"\n-[agents.desk.platforms.config]\n-channel = 'x'\n"
        );
        assert_eq!(
            difference(|toml| toml.remove(&path("agents.desk.platforms.0.config.chatId"))),
            "-config = { chatId = \"1\", botToken = \"$T\" } # our group\n+config = { botToken = \"$T\" } # our group\n"
        );
        assert_eq!(difference(|toml| toml.remove(&path("agents.desk.nothing"))), "");
        for text in ["[a]\nb = [{ c = 'd' }]\n", "[a]\n[[a.b]]\nc = 'd'\n"] {
            let mut toml = TomlPart::parse(text).unwrap();
            toml.remove(&path("a.b.0")).unwrap();
            assert!(["[a]\nb = []\n", "[a]\n"].contains(&toml.text()));
        }
    }

    #[test]
    fn a_table_without_a_header_of_its_own_goes_with_its_last_value() {
        for (text, removed, after) in [
            ("# ours\n\n[[a.b]]\nc = 'd'\n", "a.b.0", "# ours\n\n"),
            ("[[a.b.c]]\nd = 'e'\n", "a.b.c.0", ""),
            ("[a]\n[[a.b.c]]\nd = 'e'\n", "a.b.c.0", "[a]\n"),
            ("[[a.b]]\nc = 'd'\n[a]\n", "a.b.0", "[a]\n"),
            ("[a.b]\nc = 'd'\n[e]\n", "a.b", "[e]\n"),
            ("[a]\nb.c = 'd'\n", "a.b.c", "[a]\n"),
        ] {
            let mut toml = TomlPart::parse(text).unwrap();
            toml.remove(&path(removed))
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(toml.text(), after);
        }
    }

    #[test]
    fn sections_move_with_their_comments() {
        let text = "[a]\n# first\n[[a.b]]\nc = 'x'\n# d = 'e'\n\n[a.z]\n\n[[a.b]] # second\nc = 'y'\n[a.b.f]\ng = 1\n# last\n[[a.b]]\nc = 'z'";
        let mut toml = TomlPart::parse(text).unwrap();
        toml.reorder(&path("a.b"), &[2, 0, 1]).unwrap();
        assert_eq!(
            toml.text(),
            "[a]\n# last\n[[a.b]]\nc = 'z'\n\n[a.z]\n\n# first\n[[a.b]]\nc = 'x'\n# d = 'e'\n[[a.b]] # second\nc = 'y'\n[a.b.f]\ng = 1"
        );
        assert!(toml.reorder(&path("a.b"), &[0, 1]).is_err(), "none may get lost");
        let mut toml = TomlPart::parse("a = [\n  { b = '1' }, # one\n  # two\n  { b = '2' },\n]\n").unwrap();
        toml.reorder(&path("a"), &[1, 0]).unwrap();
        assert_eq!(toml.text(), "a = [\n  # two\n  { b = '2' },\n  { b = '1' }, # one\n]\n");
    }
}

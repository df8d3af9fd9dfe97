//! The text of a whole TOML file in parts, so that a change of one agent reads and checks the text of that agent alone.

use std::collections::HashSet;

use indexmap::IndexMap;
use toml::de::DeTable;
use toml::{Table, Value};

use super::toml_array::Order;
use super::toml_part::{TomlPart, Uneditable};
use super::toml_tree::TomlKey;

/// The first two keys of the headers of a part: `agents` and `triage`. Both are missing before the first header.
type PartOwner = (Option<String>, Option<String>);

/// A text that parses as TOML. Its parts follow each other, and no table of the first two levels is in two of them.
#[derive(Debug, Clone)]
pub(super) struct TomlText {
    parts: IndexMap<PartOwner, TomlPart>,
    /// What changed since the last [`TomlText::keep`], in order.
    replaced: Vec<Replaced>,
}

/// A part as it was, and the parts that were split off it.
#[derive(Debug, Clone)]
struct Replaced {
    owner: PartOwner,
    part: TomlPart,
    split_off: Vec<PartOwner>,
}

impl TomlText {
    /// Reads a text. `None` when it is not valid TOML.
    pub(super) fn parse(text: &str) -> Option<Self> {
        DeTable::parse(text).ok()?;
        let parts = split(text, (None, None)).filter(are_disjoint);
        let whole = || Some(IndexMap::from([((None, None), TomlPart::parse(text)?)]));
        Some(Self {
            parts: parts.or_else(whole)?,
            replaced: Vec::new(),
        })
    }

    /// Returns the text.
    pub(super) fn text(&self) -> String {
        self.parts.values().map(TomlPart::text).collect()
    }

    /// Returns the value at a path. `None` when there is none.
    pub(super) fn get(&self, path: &[TomlKey]) -> Option<Value> {
        if path.len() > 1 {
            return self.part(path)?.1.get(path).cloned();
        }
        let mut found = self.parts.values().filter_map(|part| part.get(path).cloned());
        let first = found.next()?;
        Some(found.fold(first, |all, more| match (all, more) {
            (Value::Table(mut all), Value::Table(more)) => {
                all.extend(more);
                Value::Table(all)
            }
            (all, _) => all,
        }))
    }

    /// Returns the keys of a table at the top, in the order of the text.
    pub(super) fn keys<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a str> {
        let tables = self
            .parts
            .values()
            .filter_map(|part| part.values().get(table)?.as_table());
        tables.flat_map(|table| table.keys().map(String::as_str))
    }

    /// Sets the value at a path, as [`TomlPart::set`] does.
    pub(super) fn set(&mut self, path: &[TomlKey], value: &Value, order: Order) -> Result<(), Uneditable> {
        self.change(path, |part| part.set(path, value, order))
    }

    /// Removes the value at a path, as [`TomlPart::remove`] does.
    pub(super) fn remove(&mut self, path: &[TomlKey]) -> Result<(), Uneditable> {
        self.change(path, |part| part.remove(path))
    }

    /// Appends a table to the array at a path, as [`TomlPart::push`] does.
    pub(super) fn push(&mut self, path: &[TomlKey], table: &Table) -> Result<(), Uneditable> {
        self.change(path, |part| part.push(path, table))
    }

    /// Brings the items of an array into another order, as [`TomlPart::reorder`] does.
    pub(super) fn reorder(&mut self, path: &[TomlKey], order: &[usize]) -> Result<(), Uneditable> {
        self.change(path, |part| part.reorder(path, order))
    }

    /// Adds a section with its own header at the end of the table that it belongs to.
    pub(super) fn add_section(&mut self, path: &[TomlKey], table: &Table) -> Result<(), Uneditable> {
        self.change(path, |part| part.add_section(path, table))?;
        // The new section becomes a part of its own, so that the next change does not read it again.
        let added = self.replaced.last_mut().and_then(|last| {
            let (at, _, part) = self.parts.get_full(&last.owner)?;
            let parts = split(part.text(), last.owner.clone()).filter(are_disjoint)?;
            let is_new = parts.keys().skip(1).all(|owner| !self.parts.contains_key(owner));
            is_new.then_some((at, parts, &mut last.split_off))
        });
        if let Some((at, parts, split_off)) = added {
            split_off.extend(parts.keys().skip(1).cloned());
            for (offset, (owner, part)) in parts.into_iter().enumerate() {
                if offset == 0 {
                    self.parts.insert(owner, part);
                } else {
                    self.parts.shift_insert(at + offset, owner, part);
                }
            }
        }
        Ok(())
    }

    /// Makes the changes up to now permanent.
    pub(super) fn keep(&mut self) {
        self.replaced.clear();
    }

    /// Whether anything changed since the last [`TomlText::keep`].
    pub(super) fn is_changed(&self) -> bool {
        !self.replaced.is_empty()
    }

    /// Takes back what changed since the last [`TomlText::keep`].
    pub(super) fn undo(&mut self) {
        for before in self.replaced.drain(..).rev() {
            for owner in before.split_off.iter().rev() {
                self.parts.shift_remove(owner);
            }
            self.parts.insert(before.owner, before.part);
        }
    }

    fn change(
        &mut self,
        path: &[TomlKey],
        edit: impl FnOnce(&mut TomlPart) -> Result<(), Uneditable>,
    ) -> Result<(), Uneditable> {
        let at = self.part(path).map_or_else(|| self.nearest(path), |(at, _)| at);
        let Some((owner, part)) = self.parts.get_index_mut(at) else {
            return Err(Uneditable::new(path));
        };
        let before = Replaced {
            owner: owner.clone(),
            part: part.clone(),
            split_off: Vec::new(),
        };
        edit(part)?;
        self.replaced.push(before);
        Ok(())
    }

    /// Returns the part that has the first two keys of a path, and its position.
    fn part(&self, path: &[TomlKey]) -> Option<(usize, &TomlPart)> {
        let [TomlKey::Name(first), TomlKey::Name(second), ..] = path else {
            return None;
        };
        // The table may be written in its parent, or before all headers.
        let owners = [
            (Some(first.clone()), Some(second.clone())),
            (Some(first.clone()), None),
            (None, None),
        ];
        owners.iter().find_map(|owner| {
            let (at, _, part) = self.parts.get_full(owner)?;
            part.get(&path[..2]).map(|_| (at, part))
        })
    }

    /// Returns the position of the part in which a new table comes: the last one that has its parent, or else the last one.
    fn nearest(&self, path: &[TomlKey]) -> usize {
        let has_parent = |part: &TomlPart| path.len() > 1 && part.get(&path[..1]).is_some();
        let found = self.parts.values().rposition(has_parent);
        found.unwrap_or(self.parts.len().saturating_sub(1))
    }
}

/// Splits a text where its headers begin to have other keys. `owner` is that of the first part. `None` when two parts have
/// the same owner, or one does not parse.
fn split(text: &str, mut owner: PartOwner) -> Option<IndexMap<PartOwner, TomlPart>> {
    let mut parts = IndexMap::new();
    // The comments above a header belong to it.
    let (mut start, mut comments, mut at) = (0, 0, 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        // What is in the middle of a text or a list over several lines does not parse up to here.
        if content.starts_with('[')
            && let Some(found) = owner_of(line).filter(|found| *found != owner)
            && let Some(part) = TomlPart::parse(&text[start..comments])
        {
            if start < comments && parts.insert(owner, part).is_some() {
                return None;
            }
            (start, owner) = (comments, found);
        }
        at += line.len();
        if !content.starts_with('#') {
            comments = at;
        }
    }
    match parts.insert(owner, TomlPart::parse(&text[start..])?) {
        None => Some(parts),
        Some(_) => None,
    }
}

/// Returns the first two keys of a header.
fn owner_of(header: &str) -> Option<PartOwner> {
    let values: Table = toml::from_str(header).ok()?;
    let (first, below) = values.iter().next()?;
    let second = below.as_table().and_then(|table| table.keys().next());
    Some((Some(first.clone()), second.cloned()))
}

/// Whether no key of the first two levels is in two parts.
fn are_disjoint(parts: &IndexMap<PartOwner, TomlPart>) -> bool {
    let mut seen = HashSet::new();
    let tables = parts.values().flat_map(TomlPart::values);
    let mut keys = tables.flat_map(|(first, value)| match value.as_table() {
        Some(table) => table.keys().map(|second| (first, Some(second))).collect(),
        None => vec![(first, None)],
    });
    keys.all(|key| seen.insert(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\n\n[agents]\n\n# one\n[agents.a]\nname = \"A\"\n[[agents.a.providers]]\nid = \"x\"\n\n\
                        # two\n[agents.b]\nname = \"\"\"\n[agents.c]\n\"\"\"\n\n[memory]\norg = \"o\"";

    fn path(text: &str) -> Vec<TomlKey> {
        text.split('.').map(TomlKey::from).collect()
    }

    /// Returns the text of each part.
    fn parts(toml: &TomlText) -> Vec<&str> {
        toml.parts.values().map(TomlPart::text).collect()
    }

    #[test]
    fn each_agent_is_a_part_with_the_comments_above_it() {
        let toml = TomlText::parse(FILE).unwrap();
        let texts = parts(&toml);
        assert_eq!(texts.len(), 5);
        assert_eq!(
            texts[2],
            "# one\n[agents.a]\nname = \"A\"\n[[agents.a.providers]]\nid = \"x\"\n\n"
        );
        assert_eq!(texts[3], "# two\n[agents.b]\nname = \"\"\"\n[agents.c]\n\"\"\"\n\n");
        assert_eq!(toml.text(), FILE);
        assert_eq!(toml.keys("agents").collect::<Vec<_>>(), ["a", "b"]);
        let whole: Table = toml::from_str(FILE).unwrap();
        assert_eq!(toml.get(&path("agents")).as_ref(), whole.get("agents"));
        assert_eq!(toml.get(&path("agents.a.name")), Some("A".into()));
    }

    #[test]
    fn a_table_that_is_in_two_places_keeps_the_text_in_one_part() {
        for text in [
            "[agents.a]\nname = 'A'\n[agents.b]\n[agents.a.tools]\n",
            "agents.a.name = 'A'\n[agents.b]\n[memory]\n[agents.a.tools]\n",
        ] {
            let toml = TomlText::parse(text).unwrap();
            assert_eq!(parts(&toml), [text]);
        }
        let toml = TomlText::parse("agents.a.name = 'A'\n[agents.b]\nname = 'B'\n").unwrap();
        assert_eq!(toml.get(&path("agents.a.name")), Some("A".into()));
        assert_eq!(toml.get(&path("agents.b.name")), Some("B".into()));
    }

    #[test]
    fn changes_are_taken_back_as_a_whole() {
        let mut toml = TomlText::parse(FILE).unwrap();
        let table = Table::from_iter([("name".to_owned(), Value::from("N"))]);
        toml.add_section(&path("agents.n"), &table).unwrap();
        toml.keep();
        let kept = toml.text();
        assert_eq!(parts(&toml).len(), 6);
        assert!(
            kept.contains("\"\"\"\n\n[agents.n]\nname = \"N\"\n\n[memory]"),
            "{kept}"
        );
        toml.add_section(&path("agents.o"), &table).unwrap();
        toml.set(&path("agents.o.name"), &"O".into(), Order::Given).unwrap();
        toml.set(&path("agents.a.name"), &"B".into(), Order::Given).unwrap();
        toml.push(&path("agents.a.providers"), &table).unwrap();
        assert_eq!(toml.get(&path("agents.o.name")), Some("O".into()));
        assert_eq!(toml.keys("agents").collect::<Vec<_>>(), ["a", "b", "n", "o"]);
        toml.undo();
        assert_eq!(toml.text(), kept);
        assert_eq!(parts(&toml).len(), 6);
    }
}

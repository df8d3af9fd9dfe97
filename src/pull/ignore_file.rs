//! Edits of `lobuctl.toml`: entries of ignored drift come and go, everything else stays as it is written.

use std::fmt::Write as _;
use std::str::FromStr as _;

use jiff::civil::Date;
use toml::Value;
use toml::value::Datetime;

use super::toml_array::Order;
use super::toml_text::TomlText;
use super::toml_tree::TomlKey;
use super::toml_value::value_text;

/// The first lines of a new file.
const HEAD: &str = "# What lobuctl knows beyond `lobu.toml`. `lobuctl schema --file lobuctl` prints its schema.\n";

/// Drift that is to be ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIgnore {
    /// The resources and the field.
    pub subject: IgnoreSubject,
    /// The reason, for people.
    pub reason: String,
    /// The last day on which the drift is ignored.
    pub until: Date,
}

/// What an entry is about. There is at most one entry for each subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreSubject {
    /// An address, or a pattern of addresses.
    pub address: String,
    /// The field; `None` for the whole resource.
    pub field: Option<String>,
}

/// Returns the text of `lobuctl.toml` with these entries. An entry with the same subject gets the new reason and day.
///
/// # Errors
/// When the text is not valid TOML, or has its entries in a form that cannot be extended.
pub fn with_ignores(text: Option<&str>, entries: &[NewIgnore]) -> Result<String, String> {
    let mut file = TomlText::parse(text.unwrap_or(HEAD)).ok_or_else(invalid)?;
    for entry in entries {
        let date = Datetime::from_str(&entry.until.to_string()).map_err(|error| error.to_string())?;
        let (reason, until) = (Value::String(entry.reason.clone()), Value::Datetime(date));
        if let Some(index) = positions(&file, &entry.subject).next() {
            for (key, value) in [("reason", &reason), ("until", &until)] {
                let path = entry_path(index, Some(key));
                file.set(&path, value, Order::Given)
                    .map_err(|error| error.to_string())?;
            }
            continue;
        }
        let before = known(&file).len();
        let added = TomlText::parse(&appended(file.text(), entry));
        file = added.filter(|added| known(added).len() == before + 1).ok_or_else(|| {
            "`lobuctl.toml` has its entries in one list: write each of them as `[[drift.ignore]]`".to_owned()
        })?;
    }
    Ok(file.text())
}

/// Returns the text of `lobuctl.toml` without the entries about these subjects, and how many there were.
///
/// # Errors
/// When the text is not valid TOML, or something else would go with an entry.
pub fn without_ignores(text: &str, subjects: &[IgnoreSubject]) -> Result<(String, usize), String> {
    let mut file = TomlText::parse(text).ok_or_else(invalid)?;
    let mut removed = 0;
    for subject in subjects {
        while let Some(index) = { positions(&file, subject).next() } {
            let path = entry_path(index, None);
            file.remove(&path).map_err(|error| error.to_string())?;
            removed += 1;
        }
    }
    Ok((file.text(), removed))
}

fn invalid() -> String {
    "`lobuctl.toml` is not valid TOML: `lobuctl validate` shows where".to_owned()
}

fn appended(mut text: String, entry: &NewIgnore) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    let quoted = |value: &str| value_text(&Value::String(value.to_owned()));
    // Writing to memory does not fail.
    let _ = writeln!(text, "[[drift.ignore]]\naddress = {}", quoted(&entry.subject.address));
    if let Some(field) = &entry.subject.field {
        let _ = writeln!(text, "field = {}", quoted(field));
    }
    let _ = writeln!(text, "reason = {}\nuntil = {}", quoted(&entry.reason), entry.until);
    text
}

/// Returns the entries, as they are written.
fn known(file: &TomlText) -> Vec<Value> {
    let path = [TomlKey::from("drift"), TomlKey::from("ignore")];
    match file.get(&path) {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    }
}

fn positions<'a>(file: &TomlText, subject: &'a IgnoreSubject) -> impl Iterator<Item = usize> + use<'a> {
    let text = |entry: &Value, key: &str| entry.get(key)?.as_str().map(|text| text.trim().to_owned());
    let entries = known(file).into_iter().enumerate();
    let same = entries.filter(move |(_, entry)| {
        text(entry, "address").as_ref() == Some(&subject.address) && text(entry, "field") == subject.field
    });
    same.map(|(index, _)| index)
}

fn entry_path(index: usize, key: Option<&str>) -> Vec<TomlKey> {
    let entry = [TomlKey::from("drift"), TomlKey::from("ignore"), TomlKey::Index(index)];
    entry.into_iter().chain(key.map(TomlKey::from)).collect()
}

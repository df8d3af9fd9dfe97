//! What is pulled of a row, in units that are pulled as a whole or not at all.

use std::collections::BTreeMap;

use super::change::Unit;
use crate::plan::{Change, ChangeKind, Row, Verb};
use crate::resource::{Address, FieldPath, Shown, field};

/// Returns what is to be pulled of a row, each unit with its differences. What only the files have does not count, and
/// neither does a secret that both sides have, because its value is never pulled. Ignored drift is left alone.
pub(super) fn units(row: &Row) -> Vec<(Unit, Vec<Change>)> {
    let unit = |field| Unit {
        address: row.address.clone(),
        field,
    };
    if row.verb == Verb::Drift {
        let whole = row.ignored.is_none().then(|| (unit(None), Vec::new()));
        return whole.into_iter().collect();
    }
    let mut units: BTreeMap<Unit, Vec<Change>> = BTreeMap::new();
    // A hidden value of settings that differs is reported. Whether one of a platform differs is not known: the values of its
    // `$NAME`s are not read.
    let is_settings = matches!(row.address, Address::Settings { .. });
    let is_hidden = |change: &Change| is_settings && change.kind == ChangeKind::Changed && is_secret(change);
    for change in row
        .changes
        .iter()
        .filter(|change| change.ignored.is_none() && (is_pulled(change) || is_hidden(change)))
    {
        units
            .entry(unit(Some(file_field(&change.path))))
            .or_default()
            .push(change.clone());
    }
    let mut units: Vec<_> = units.into_iter().collect();
    // What is in `lobu.toml` of a list depends on what the skills add to it.
    units.sort_by_key(|(unit, _)| skill_of(unit).is_none());
    units
}

/// Returns the name of the skill that a unit is.
pub(super) fn skill_of(unit: &Unit) -> Option<&str> {
    match unit.field.as_ref()?.segments() {
        [top, _, name] if top == field::SKILLS => Some(name),
        _ => None,
    }
}

/// Returns the part of a path that one key of a file expresses.
pub fn file_field(path: &FieldPath) -> FieldPath {
    let depth = match path.top() {
        field::NETWORK | field::EGRESS | field::TOOLS | field::NIX | field::MCP_SERVERS | "config" => 2,
        field::SKILLS => 3,
        _ => 1,
    };
    FieldPath::of(path.segments().iter().take(depth).cloned())
}

/// Whether the server has a value that the files can take over.
pub(super) fn is_pulled(change: &Change) -> bool {
    match change.kind {
        // A secret that no file has gets a `$NAME`.
        ChangeKind::Drift | ChangeKind::Removed => true,
        ChangeKind::Changed => !is_secret(change),
        ChangeKind::Added
        | ChangeKind::SecretRotated
        | ChangeKind::SecretUnchanged
        | ChangeKind::SecretNotComparable => false,
    }
}

/// Whether a difference is one of secrets, whose values are not compared.
fn is_secret(change: &Change) -> bool {
    [&change.before, &change.after]
        .into_iter()
        .any(|side| *side == Some(Shown::Secret))
}

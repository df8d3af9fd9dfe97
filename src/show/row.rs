//! A row's own line, `~ settings triage (networkConfig, soulMd)`, and the remarks on the row as a whole.

use super::line::{Line, Role};
use crate::plan::{Impact, Row, Verb};
use crate::resource::{Address, Ignored};

/// What drift is. The files are more than `lobu.toml`: agent folders and models too.
pub(super) const SERVER_ONLY: &str = "on the server, not in the files";

/// Returns `ignored until 2027-01-31: the data team moves it`.
pub fn ignored_text(ignored: &Ignored) -> String {
    format!("ignored until {}: {}", ignored.until, ignored.reason)
}

/// Returns the role of a verb.
pub fn verb_role(verb: Verb) -> Role {
    match verb {
        Verb::Create => Role::Create,
        Verb::Update => Role::Update,
        Verb::Noop => Role::Noop,
        Verb::Drift => Role::Drift,
        Verb::Delete => Role::Delete,
    }
}

/// Returns the name of a resource in a sentence: its kind and its id, `platform triage/triage-telegram`.
pub fn row_name(address: &Address) -> String {
    format!("{} {}", address.kind(), address.id())
}

/// Returns `MARKER KIND ID (FIELDS)`, so that `grep -E '~ +platform'` works.
pub fn row_line(row: &Row) -> Line {
    let role = verb_role(row.verb);
    let line = Line::at(0)
        .push(role, row.verb.marker().to_string())
        .push(role, format!(" {} ", row.address.kind()))
        .push(Role::Id, row.address.id());
    match row_note(row) {
        Some(note) => line.push(Role::Dim, format!(" ({note})")),
        None => line,
    }
}

/// Returns the note in parentheses: the fields of an update, what drift means, why an unchanged row is sent.
fn row_note(row: &Row) -> Option<String> {
    match row.verb {
        Verb::Update => Some(row.changed_fields().join(", ")).filter(|fields| !fields.is_empty()),
        Verb::Drift => Some(match &row.ignored {
            Some(ignored) => format!("drift: {}", ignored_text(ignored)),
            None => format!("drift: {SERVER_ONLY}; left alone"),
        }),
        Verb::Delete => Some(deletion_reason(row).to_owned()),
        Verb::Noop => resent_text(row).map(str::to_owned),
        Verb::Create => None,
    }
}

/// Returns why a row is deleted.
fn deletion_reason(row: &Row) -> &'static str {
    if row.is_undo {
        "created by the run that is taken back"
    } else {
        SERVER_ONLY
    }
}

/// Returns the remark on a row whose hidden secret is sent again, or `None` for other rows.
fn resent_text(row: &Row) -> Option<&'static str> {
    match (row.may_restart(), row.recheck) {
        (true, _) => Some("secret resent, may restart"),
        (false, true) => Some("secret resent"),
        (false, false) => None,
    }
}

/// Returns the most important thing about a row in a few words, for a narrow column; empty when there is nothing.
pub fn row_hint(row: &Row) -> (Role, String) {
    // Only one remark has room, so the order is that of importance.
    match row.impact {
        Some(Impact::Restart) => (Role::Warning, "⚠ restarts".to_owned()),
        Some(Impact::Replace) => (Role::Warning, "⚠ replaced".to_owned()),
        None if !row.warnings.is_empty() => (Role::Warning, "⚠ warning".to_owned()),
        None if row.recheck => (Role::Secret, resent_text(row).unwrap_or_default().to_owned()),
        None if row.has_ignored_drift() && !row.has_open_field_drift() => (Role::Dim, "ignored".to_owned()),
        None if row.changed_fields().is_empty() && row.has_field_drift() => (Role::Drift, "? drifted field".to_owned()),
        None if row.verb == Verb::Update => (Role::Dim, row.changed_fields().join(", ")),
        None => (Role::Dim, String::new()),
    }
}

/// Returns what happens to the parts of a row that only the server has, or that the row is unchanged; `None` when its
/// changes say everything. `is_marked` is whether its drifted fields are marked to be cleared.
pub fn row_sentence(row: &Row, is_marked: bool) -> Option<Line> {
    let drift = |text: String| Some(Line::at(0).push(Role::Drift, text));
    match row.verb {
        Verb::Drift => drift(match &row.ignored {
            Some(ignored) => format!("{SERVER_ONLY}; {}", ignored_text(ignored)),
            None => format!("{SERVER_ONLY}; left alone"),
        }),
        Verb::Delete => drift(format!("{}; will be deleted", deletion_reason(row))),
        _ if is_marked => drift("fields that only the server has will be cleared".to_owned()),
        _ if row.has_field_drift() && !row.has_open_field_drift() => {
            drift("fields marked `?` are only on the server; ignored".to_owned())
        }
        _ if row.has_field_drift() => drift("fields marked `?` are only on the server; left alone".to_owned()),
        Verb::Noop if row.changes.is_empty() => Some(Line::at(0).push(Role::Dim, "unchanged")),
        _ => None,
    }
}

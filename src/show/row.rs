//! A row's own line: `~ settings triage (networkConfig, soulMd)`.

use super::line::{Line, Role};
use crate::plan::{Row, Verb};

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

/// `MARKER KIND ID (FIELDS)`, so that `grep -E '~ +platform'` works.
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
pub fn row_note(row: &Row) -> Option<String> {
    match row.verb {
        Verb::Update => Some(row.changed_fields().join(", ")).filter(|fields| !fields.is_empty()),
        Verb::Drift => Some("drift: on the server, not in lobu.toml; left alone".to_owned()),
        Verb::Delete => Some("on the server, not in lobu.toml".to_owned()),
        Verb::Noop if row.may_restart() => Some("secret resent, may restart".to_owned()),
        Verb::Noop if row.recheck => Some("secret resent".to_owned()),
        Verb::Create | Verb::Noop => None,
    }
}

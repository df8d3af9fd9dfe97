//! Where the screen gets its lines from: one door to `show`.

use crate::apply::event::{Event, EventKind, Outcome};
use crate::plan::{Change, ChangeKind, Row, Verb};
use crate::resource::{Address, Shown};
use crate::show::{Line, Role};

/// The role that a verb is drawn in.
pub fn verb_role(verb: Verb) -> Role {
    match verb {
        Verb::Create => Role::Create,
        Verb::Update => Role::Update,
        Verb::Noop => Role::Noop,
        Verb::Drift => Role::Drift,
        Verb::Delete => Role::Delete,
    }
}

/// A row as the text plan prints it: `~ settings triage (soulMd)`.
pub fn row(row: &Row) -> Line {
    let line = Line::default()
        .push(verb_role(row.verb), row.verb.marker().to_string())
        .plain(format!(" {} ", row.address.kind()))
        .push(Role::Id, row.address.id());
    match row.changed_fields() {
        fields if fields.is_empty() => line,
        fields => line.push(Role::Dim, format!(" ({})", fields.join(", "))),
    }
}

/// Every difference of a row, long texts as a line diff.
pub fn changes(row: &Row) -> Vec<Line> {
    row.changes.iter().flat_map(change).collect()
}

fn change(change: &Change) -> Vec<Line> {
    let head = Line::default().push(Role::Field, change.path.to_string());
    match change.kind {
        ChangeKind::SecretUnchanged => vec![head.plain(": ").push(Role::Secret, "secret, unchanged")],
        ChangeKind::SecretNotComparable => {
            vec![
                head.plain(": ")
                    .push(Role::Secret, "secret not comparable: sent again, the server decides"),
            ]
        }
        _ => {
            let mut lines = vec![head];
            lines.extend(side("- ", Role::RemovedText, change.before.as_ref()));
            lines.extend(side("+ ", Role::AddedText, change.after.as_ref()));
            lines
        }
    }
}

fn side(marker: &str, role: Role, shown: Option<&Shown>) -> Vec<Line> {
    let text = shown.map(text).unwrap_or_default();
    text.lines()
        .map(|line| Line::at(2).push(role, format!("{marker}{line}")))
        .collect()
}

/// A value as text; a secret never.
pub fn text(shown: &Shown) -> String {
    match shown {
        Shown::Secret => "(secret)".to_owned(),
        Shown::Plain(serde_json::Value::String(text)) => text.clone(),
        Shown::Plain(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}

/// A line of the log; nothing for events that say nothing to a person.
pub fn event(event: &Event) -> Option<Line> {
    let time = format!("{:>7.3}s ", event.elapsed_ms as f64 / 1000.0);
    let line = Line::default().push(Role::Dim, time);
    let id = |address: &Address| format!("{} {}", address.kind(), address.id());
    match &event.kind {
        EventKind::Request {
            method,
            path,
            status,
            took_ms,
            attempt,
            ..
        } => {
            let line = line.plain(format!("{method} {path} "));
            let again = if *attempt > 1 {
                format!(" (try {attempt})")
            } else {
                String::new()
            };
            Some(answer(line, *status).push(Role::Dim, format!(" {took_ms}ms{again}")))
        }
        EventKind::Retrying {
            address,
            attempt,
            of,
            reason,
            delay_ms,
        } => Some(line.push(
            Role::Warning,
            format!("{} try {attempt}/{of} in {delay_ms}ms: {reason}", id(address)),
        )),
        EventKind::Note { address, message } => Some(line.push(Role::Warning, format!("{}: {message}", id(address)))),
        EventKind::Cancelling => Some(line.push(Role::Warning, "stopping: nothing new starts")),
        EventKind::StepFinished { address, outcome, .. } if !outcome.succeeded() => {
            Some(line.push(Role::Error, format!("{}: {}", id(address), outcome_words(outcome))))
        }
        _ => None,
    }
}

fn answer(line: Line, status: Option<u16>) -> Line {
    match status {
        Some(status) if status < 400 => line.push(Role::Success, status.to_string()),
        Some(status) => line.push(Role::Error, status.to_string()),
        None => line.push(Role::Error, "no answer"),
    }
}

/// How a row ended, in a few words.
pub fn outcome_words(outcome: &Outcome) -> String {
    let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    match outcome {
        Outcome::Created => "created".to_owned(),
        Outcome::Updated { restarted: Some(true) } => "restarted".to_owned(),
        Outcome::Updated { .. } => "updated".to_owned(),
        Outcome::Deleted => "deleted".to_owned(),
        Outcome::Unchanged => "no change".to_owned(),
        Outcome::Failed { message, .. } => format!("failed: {}", first(message)),
        Outcome::Unknown { message } => format!("unknown: {}", first(message)),
        Outcome::Stale { message } => format!("stale: {}", first(message)),
        Outcome::Skipped { reason } => format!("skipped: {}", first(reason)),
    }
}

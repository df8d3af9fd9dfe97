//! What has to be known before a run is taken back, and what became of the writes of a run that was killed.

use super::word::{counted_list, plural};
use crate::journal::{UndoWarning, WriteVerdict};
use crate::resource::{Address, FieldPath};

/// Returns what has to be known about a row of an undo. `force` is whether what somebody has changed since is put back too.
pub fn undo_warning_text(warning: &UndoWarning, force: bool) -> String {
    match warning {
        UndoWarning::ChangedSince(fields) => {
            let what = if force {
                "put back because of `--force`"
            } else {
                "left alone unless it is asked for"
            };
            format!("conflict: changed since that run ({}); {what}", list(fields))
        }
        UndoWarning::DeletedSince if force => {
            "conflict: deleted since that run; created again because of `--force`".to_owned()
        }
        UndoWarning::DeletedSince => {
            "conflict: deleted since that run; not created again unless it is asked for".to_owned()
        }
        UndoWarning::EntityGone => "not put back: an entity that it joins is gone".to_owned(),
        UndoWarning::SlugTaken => "cannot be undone: the slug of what was deleted can never be used again".to_owned(),
        UndoWarning::AgentGone => "not put back: its agent is gone".to_owned(),
        UndoWarning::SecretsUnknown(fields) => format!(
            "cannot be undone: no journal keeps the value of a secret ({}); it stays as it is now, or is missing",
            list(fields)
        ),
        UndoWarning::ValuesUnknown(fields) => format!(
            "cannot be undone: it held a secret, which no journal keeps ({}); it stays as it is now, or is missing",
            list(fields)
        ),
        UndoWarning::KeysStay(fields) => format!(
            "cannot be undone: {} stays, because the platform would be deleted and put back for it, and lose secrets that only the \
             server has",
            list(fields)
        ),
        UndoWarning::HistoryLost => "cannot be undone: the agent's history was deleted with it".to_owned(),
        UndoWarning::HistoryGoes => "deletes what the agent has done since that run".to_owned(),
    }
}

fn list(fields: &[FieldPath]) -> String {
    let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Returns the warning about rows that somebody has changed since.
pub fn conflicts_text(count: usize) -> String {
    let rows = plural(count, "conflict is", "conflicts are");
    format!("{rows} left alone: changed since that run; `--force`, or a selection, puts them back too")
}

/// Returns how an undo ends that left conflicts alone.
pub fn left_alone_text(count: usize, wrote: bool) -> String {
    let count = plural(count, "conflict", "conflicts");
    if wrote {
        format!("{count}: left alone, because changed since that run; everything else is put back")
    } else {
        format!("{count}: changed since that run; nothing was written")
    }
}

/// Returns what became of the writes of an earlier run that nobody saw end.
pub fn settled_text(id: &str, was_killed: bool, rows: &[(Address, Option<WriteVerdict>)]) -> String {
    let count = |verdict: WriteVerdict| rows.iter().filter(|(_, found)| *found == Some(verdict)).count();
    let unreadable = rows.iter().filter(|(_, found)| found.is_none()).count();
    let counts = counted_list(&[
        (count(WriteVerdict::Applied), "applied", "applied"),
        (count(WriteVerdict::NotApplied), "not applied", "not applied"),
        (count(WriteVerdict::PartlyApplied), "partly applied", "partly applied"),
        (count(WriteVerdict::SecretHidden), "hidden", "hidden"),
        (count(WriteVerdict::ContentHidden), "content hidden", "content hidden"),
        (count(WriteVerdict::Different), "different", "different"),
        (unreadable, "unreadable", "unreadable"),
    ]);
    let head = if was_killed {
        format!("run {id} was killed")
    } else {
        format!("run {id} ended without an answer")
    };
    if rows.is_empty() {
        return format!("{head}; no write of it is unknown");
    }
    let unknown = plural(rows.len(), "write of it was unknown", "writes of it were unknown");
    let rows: Vec<String> = rows
        .iter()
        .map(|(address, verdict)| format!("{address}: {}", verdict_text(*verdict)))
        .collect();
    format!("{head}; {unknown}, and read now: {counts}\n{}", rows.join("\n"))
}

fn verdict_text(verdict: Option<WriteVerdict>) -> &'static str {
    match verdict {
        Some(WriteVerdict::Applied) => "applied",
        Some(WriteVerdict::NotApplied) => "not applied",
        Some(WriteVerdict::PartlyApplied) => "applied in part",
        Some(WriteVerdict::SecretHidden) => "still unknown: the server hides the secret that was sent",
        Some(WriteVerdict::ContentHidden) => "still unknown: the server does not tell the content to this token",
        Some(WriteVerdict::Different) => "still unknown: neither what it was before nor what was sent",
        None => "still unknown: it cannot be read",
    }
}

//! A run as lines: one for each row that ended, and what it all came to.

use super::line::{Line, Role};
use super::plan::plural;
use crate::apply::event::Outcome;
use crate::apply::{Progress, Tally};
use crate::resource::Address;

/// `created agent triage (12 ms)`, `failed platform triage/triage-slack: …`.
pub fn outcome_line(address: &Address, outcome: &Outcome, took_ms: u64) -> Line {
    let (role, word) = outcome_word(outcome);
    let line = Line::at(0)
        .push(role, word)
        .plain(format!(" {} ", address.kind()))
        .push(Role::Id, address.id());
    match outcome_detail(outcome) {
        Some(detail) if outcome.succeeded() => line.push(Role::Dim, format!(" ({detail}, {})", duration(took_ms))),
        None => line.push(Role::Dim, format!(" ({})", duration(took_ms))),
        Some(detail) => line.plain(format!(": {detail}")),
    }
}

/// The role and the word of an outcome.
pub fn outcome_word(outcome: &Outcome) -> (Role, &'static str) {
    match outcome {
        Outcome::Created => (Role::Create, "created"),
        Outcome::Updated { .. } => (Role::Update, "updated"),
        Outcome::Deleted => (Role::Delete, "deleted"),
        Outcome::Unchanged => (Role::Noop, "no change"),
        Outcome::Failed { .. } => (Role::Error, "failed"),
        Outcome::Unknown { .. } => (Role::Error, "unknown"),
        Outcome::Stale { .. } => (Role::Error, "stale"),
        Outcome::Skipped { .. } => (Role::Warning, "skipped"),
    }
}

/// What there is to say beyond the word.
pub fn outcome_detail(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Updated { restarted: Some(true) } => Some("restarted".to_owned()),
        Outcome::Failed { message, .. } | Outcome::Unknown { message } | Outcome::Stale { message } => {
            Some(message.clone())
        }
        Outcome::Skipped { reason } => Some(reason.clone()),
        _ => None,
    }
}

/// `12 ms`, `3.4 s`, `2 min 5 s`.
pub fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

/// What a run came to: the numbers, then each row that needs a person, with what to do.
pub fn run_lines(progress: &Progress) -> Vec<Line> {
    let tally = progress.tally();
    let complete = progress.troubles().next().is_none();
    let (role, title) = if complete {
        (Role::Success, "Applied: ")
    } else {
        (Role::Error, "Not complete: ")
    };
    let mut lines = vec![
        Line::at(0)
            .push(role, title)
            .plain(tally_text(&tally))
            .push(Role::Dim, format!(" in {}", duration(progress.elapsed_ms))),
    ];
    let troubles = progress
        .troubles()
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Skipped { .. }));
    for (address, outcome) in troubles {
        lines.extend(trouble_lines(address, outcome));
    }
    if tally.skipped > 0 {
        let words = "run again: the next plan holds what was not tried";
        lines.push(Line::at(2).push(Role::Dim, "hint: ").plain(words));
    }
    lines
}

fn trouble_lines(address: &Address, outcome: &Outcome) -> Vec<Line> {
    let mut own = outcome_line(address, outcome, 0);
    own.indent = 2;
    let mut lines = vec![own];
    let hint = match outcome {
        Outcome::Failed { hint, .. } => hint.clone(),
        Outcome::Stale { .. } => Some("plan again, or use `--on-stale overwrite`".to_owned()),
        Outcome::Unknown { .. } => Some("it may have been written: plan again to see".to_owned()),
        _ => None,
    };
    if let Outcome::Failed {
        partly_written: true, ..
    } = outcome
    {
        lines.push(Line::at(4).push(Role::Warning, "part of it was written before it failed"));
    }
    lines.extend(hint.map(|hint| Line::at(4).push(Role::Dim, "hint: ").plain(hint)));
    lines
}

/// `2 created, 3 updated; 1 restarted`, with what did not work after it.
pub fn tally_text(tally: &Tally) -> String {
    let parts = [
        (tally.created, "created"),
        (tally.updated, "updated"),
        (tally.deleted, "deleted"),
        (tally.unchanged, "unchanged"),
        (tally.failed, "failed"),
        (tally.unknown, "unknown"),
        (tally.stale, "stale"),
        (tally.skipped, "not tried"),
    ];
    let always = |word: &str| word == "created" || word == "updated";
    let told = parts.iter().filter(|(count, word)| *count > 0 || always(word));
    let mut text = told
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(", ");
    if tally.restarted > 0 {
        text.extend(["; ".to_owned(), plural(tally.restarted, "restart", "restarts")]);
    }
    text
}

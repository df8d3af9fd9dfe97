//! The outcome of a run as lines: one for each row that ended, and the summary.

use std::collections::HashMap;

use super::line::{Line, Role};
use super::word::{counted_list, duration, plural};
use crate::apply::event::Outcome;
use crate::apply::{Progress, Tally, Verdict};
use crate::resource::Address;

/// The last line of an apply with `--compat`, in the words of the `lobu` CLI.
pub const APPLY_COMPLETE: &str = "Apply complete";

/// The remark on a row whose first requests were carried out and a later one was not.
const PARTLY_WRITTEN: &str = "part of it was written before it failed";

/// Returns the line of a row that ended: `created agent triage (12 ms)`, `failed platform triage/triage-slack: …`.
pub fn outcome_line(address: &Address, outcome: &Outcome, took_ms: u64) -> Line {
    let line = outcome_head(address, outcome);
    match outcome_detail(outcome) {
        Some(detail) if outcome.succeeded() => line.push(Role::Dim, format!(" ({detail}, {})", duration(took_ms))),
        None => line.push(Role::Dim, format!(" ({})", duration(took_ms))),
        Some(detail) => line.plain(format!(": {detail}")),
    }
}

/// Returns how a row ended and which one it is: `created agent triage`.
pub fn outcome_head(address: &Address, outcome: &Outcome) -> Line {
    let (role, word) = outcome_word(outcome);
    Line::at(0)
        .push(role, word)
        .plain(format!(" {} ", address.kind()))
        .push(Role::Id, address.id())
}

/// Returns the role and the word of an outcome.
pub fn outcome_word(outcome: &Outcome) -> (Role, &'static str) {
    match outcome {
        Outcome::Created => (Role::Create, "created"),
        Outcome::Updated { .. } => (Role::Update, "updated"),
        Outcome::Deleted => (Role::Delete, "deleted"),
        Outcome::Unchanged => (Role::Noop, "unchanged"),
        Outcome::Failed { .. } => (Role::Error, "failed"),
        Outcome::Unknown { .. } => (Role::Error, "unknown"),
        Outcome::Stale { .. } => (Role::Error, "stale"),
        Outcome::Skipped { .. } => (Role::Warning, "skipped"),
    }
}

/// Returns what is known beyond the word: a restart, a message, a reason; `None` when the word says everything.
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

/// Returns what to do about a row that was not applied, or `None` when nothing is known to help.
fn outcome_hint(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Failed { hint, .. } => hint.as_deref(),
        Outcome::Stale { .. } => Some("plan again, or use `--on-stale overwrite`"),
        Outcome::Unknown { .. } => Some("it may have been written: plan again to see"),
        _ => None,
    }
}

/// Returns an outcome in full, for a reader who already knows which row it is about: the word, the whole message and
/// what to do next.
pub fn outcome_lines(outcome: &Outcome) -> Vec<Line> {
    let (role, word) = outcome_word(outcome);
    let head = Line::at(0).push(role, word);
    if outcome.succeeded() {
        return vec![match outcome_detail(outcome) {
            Some(detail) => head.push(role, format!(", {detail}")),
            None => head,
        }];
    }
    let mut lines = vec![head];
    let message = outcome_detail(outcome).unwrap_or_default();
    lines.extend(message.lines().map(|line| Line::at(2).plain(line)));
    if let Outcome::Failed {
        partly_written: true, ..
    } = outcome
    {
        lines.push(Line::at(2).push(Role::Warning, PARTLY_WRITTEN));
    }
    let hint = outcome_hint(outcome);
    lines.extend(hint.map(|hint| Line::at(0).push(Role::Strong, "hint: ").plain(hint)));
    lines
}

/// Returns how a row ended in a few words, for a narrow column: `restarted`, `failed: answered 500`.
pub fn outcome_summary(outcome: &Outcome) -> String {
    let (_, word) = outcome_word(outcome);
    match outcome_detail(outcome) {
        Some(detail) if outcome.succeeded() => detail,
        Some(detail) => format!("{word}: {}", without_request(detail.lines().next().unwrap_or_default())),
        None => word.to_owned(),
    }
}

/// Returns the title of a run that has ended: whether every row was applied.
pub fn run_title(progress: &Progress) -> (Role, &'static str) {
    // Unfinished rows count too: a run that broke off did not apply them.
    let complete = progress.verdict() == Verdict::Done;
    if complete {
        (Role::Success, "Applied")
    } else {
        (Role::Error, "Not complete")
    }
}

/// Returns the summary of a run: the numbers, then each row that was not applied, and what to do about it.
pub fn run_lines(progress: &Progress) -> Vec<Line> {
    let tally = progress.tally();
    let (role, title) = run_title(progress);
    let mut lines = vec![
        Line::at(0)
            .push(role, format!("{title}: "))
            .plain(tally_text(&tally))
            .plain(restart_text(progress))
            .push(Role::Dim, format!(" in {}", duration(progress.elapsed_ms))),
    ];
    lines.extend(trouble_lines(progress));
    if tally.skipped > 0 {
        let text = "run again: the next plan holds the skipped rows";
        lines.push(Line::at(2).push(Role::Dim, "hint: ").plain(text));
    }
    lines
}

/// Returns the number of rows that ended in each way: `2 created, 3 updated, 1 failed`.
pub fn tally_text(tally: &Tally) -> String {
    let parts = [
        (tally.created, "created"),
        (tally.updated, "updated"),
        (tally.deleted, "deleted"),
        (tally.unchanged, "unchanged"),
        (tally.failed, "failed"),
        (tally.unknown, "unknown"),
        (tally.stale, "stale"),
        (tally.skipped, "skipped"),
    ];
    // Shown even when they are 0: a run that wrote nothing shows just that.
    let always = |word: &str| word == "created" || word == "updated";
    let shown = parts.iter().filter(|(count, word)| *count > 0 || always(word));
    let counts: Vec<String> = shown.map(|(count, word)| format!("{count} {word}")).collect();
    counts.join(", ")
}

/// Returns `; 3 restarts (1 only possible in the plan, 1 not predicted by the plan)`, or nothing when nothing restarted
/// and nothing was predicted to.
fn restart_text(progress: &Progress) -> String {
    let tally = progress.tally();
    let mut text = String::new();
    if tally.restarted > 0 {
        text.push_str("; ");
        text.push_str(&plural(tally.restarted, "restart", "restarts"));
    }
    let (possible, unpredicted) = ("only possible in the plan", "not predicted by the plan");
    let remarks = counted_list(&[
        (tally.possible_restarts, possible, possible),
        (tally.unpredicted_restarts, unpredicted, unpredicted),
    ]);
    if !remarks.is_empty() {
        text.extend([format!(" ({remarks})")]);
    }
    if tally.missed_restarts > 0 {
        let missed = plural(tally.missed_restarts, "predicted restart", "predicted restarts");
        text.extend([format!("; {missed} did not happen")]);
    }
    text
}

/// Rows that ended in the same way for the same reason.
struct TroubleGroup<'a> {
    outcome: &'a Outcome,
    addresses: Vec<&'a Address>,
}

/// Returns the rows that were not applied, each reason once. Skipped rows are left out: they follow from the others.
fn trouble_lines(progress: &Progress) -> Vec<Line> {
    let mut groups: Vec<TroubleGroup<'_>> = Vec::new();
    // The index of each group by what its rows have in common; the groups stay in the order of their first rows.
    let mut known = HashMap::new();
    let troubles = progress
        .troubles()
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Skipped { .. }));
    for (address, outcome) in troubles {
        let (_, word) = outcome_word(outcome);
        let (message, hint) = match outcome {
            Outcome::Failed { message, hint, .. } => (message.as_str(), hint.as_deref()),
            Outcome::Unknown { message } | Outcome::Stale { message } => (message.as_str(), None),
            _ => ("", None),
        };
        let partly = outcome.wrote();
        // Paths differ from row to row: without them, the same answer is the same reason.
        let key = (word, without_request(message), hint, partly);
        let index = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.addresses.push(address),
            None => groups.push(TroubleGroup {
                outcome,
                addresses: vec![address],
            }),
        }
    }
    groups.iter().flat_map(group_lines).collect()
}

fn group_lines(group: &TroubleGroup<'_>) -> Vec<Line> {
    let mut lines = match group.addresses.as_slice() {
        // The line of a row that was not applied does not show its duration.
        [address] => vec![outcome_line(address, group.outcome, 0)],
        addresses => {
            let (role, word) = outcome_word(group.outcome);
            let reason = outcome_detail(group.outcome).unwrap_or_default();
            let head =
                Line::at(0)
                    .push(role, word)
                    .plain(format!(" {} rows: {}", addresses.len(), without_request(&reason)));
            let rows = addresses.iter().map(|address| {
                Line::at(2)
                    .plain(address.kind())
                    .plain(" ")
                    .push(Role::Id, address.id())
            });
            std::iter::once(head).chain(rows).collect()
        }
    };
    if matches!(
        group.outcome,
        Outcome::Failed {
            partly_written: true,
            ..
        }
    ) {
        lines.push(Line::at(2).push(Role::Warning, PARTLY_WRITTEN));
    }
    let hint = outcome_hint(group.outcome);
    lines.extend(hint.map(|hint| Line::at(2).push(Role::Dim, "hint: ").plain(hint)));
    for line in &mut lines {
        line.indent += 2;
    }
    lines
}

/// Returns a message without the `PUT /path` at its start, so that the same answer to two requests reads the same.
pub fn without_request(message: &str) -> &str {
    let mut parts = message.splitn(3, ' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(method), Some(path), Some(rest))
            if path.starts_with('/') && method.chars().all(|letter| letter.is_ascii_uppercase()) =>
        {
            rest
        }
        _ => message,
    }
}

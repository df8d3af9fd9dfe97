//! Runs as their journals tell them: the list, one run, and what differs between two.

use super::change::Detail;
use super::line::{Line, Role};
use super::outcome::{outcome_detail, outcome_head};
use super::plan::{PlanView, plan_lines, target_line};
use super::row::{row_line, row_name};
use super::word::{counted_list, plural};
use crate::apply::Progress;
use crate::apply::event::Outcome;
use crate::journal::{RecordedRun, RunDifference, RunHead, RunId, RunOrigin};
use crate::resource::Address;

/// What is said of a run that was killed.
pub const KILLED: &str = "killed before its end";

/// The message of a list without runs.
pub const NO_RUNS: &str = "no run has left a journal on this machine";

/// Why nothing can be done with a plan that a command has printed.
pub const PRINTED_REASON: &str = "read-only: a plan as it was printed; `lobuctl plan` plans again";

/// Returns why nothing can be done with a saved plan where it is shown.
pub fn saved_reason(file: &str) -> String {
    format!("read-only: a saved plan; `lobuctl apply {file}` applies it")
}

/// Returns why nothing can be done with a run that is over.
pub fn run_reason(id: &RunId) -> String {
    format!("read-only: a run that is over; `lobuctl undo {id}` takes it back")
}

/// Returns how a run is named when it has ended, with the id last.
pub fn run_id_text(progress: &Progress, id: &RunId) -> String {
    if progress.tally().applied() > 0 {
        format!("take it back with: lobuctl undo {id}")
    } else {
        format!("look at it with: lobuctl runs show {id}")
    }
}

/// Returns a run in one line: what it wrote, where, when and by whom, with the id first.
pub fn run_line(run: &RecordedRun) -> Line {
    let head = &run.head;
    let line = Line::at(0)
        .push(Role::Id, head.id.as_str())
        .plain("  ")
        .push(Role::Strong, &head.target.organization)
        .plain(format!(" at {}  ", head.target.url))
        .plain(counts_text(run));
    let line = match &head.undoes {
        Some(other) => line.plain(format!("  takes back {other}")),
        None => line,
    };
    let line = if run.ended {
        line
    } else {
        line.push(Role::Warning, format!("  {KILLED}"))
    };
    line.push(Role::Dim, format!("  {}", who_text(&head.origin)))
}

/// Returns `2 created, 1 updated, 1 unknown`.
fn counts_text(run: &RecordedRun) -> String {
    let count = |is: fn(&Outcome) -> bool| run.count(is);
    // What a later run found out counts as that, not as unknown.
    let unknown = run.unknown().count();
    let parts = counted_list(&[
        (count(|it| matches!(it, Outcome::Created)), "created", "created"),
        (count(|it| matches!(it, Outcome::Updated { .. })), "updated", "updated"),
        (count(|it| matches!(it, Outcome::Deleted)), "deleted", "deleted"),
        (count(|it| matches!(it, Outcome::Unchanged)), "unchanged", "unchanged"),
        (count(|it| matches!(it, Outcome::Failed { .. })), "failed", "failed"),
        (unknown, "unknown", "unknown"),
        (count(|it| matches!(it, Outcome::Stale { .. })), "stale", "stale"),
        (count(|it| matches!(it, Outcome::Skipped { .. })), "skipped", "skipped"),
    ]);
    if parts.is_empty() {
        "nothing written".to_owned()
    } else {
        parts
    }
}

fn who_text(origin: &RunOrigin) -> String {
    let mut text = match (&origin.user, &origin.machine) {
        (Some(user), Some(machine)) => format!("by {user} on {machine}"),
        (Some(user), None) => format!("by {user}"),
        (None, Some(machine)) => format!("on {machine}"),
        (None, None) => "by somebody".to_owned(),
    };
    text.extend(origin.job.iter().map(|job| format!(", {job}")));
    text.extend(origin.revision.iter().map(|revision| {
        let short = revision.get(..10).unwrap_or(revision);
        let changed = if origin.dirty == Some(true) {
            " with changes"
        } else {
            ""
        };
        format!(", revision {short}{changed}")
    }));
    text
}

/// Returns a run in full: who, when and from where, each row with what was there before, and how it ended.
pub fn run_show_lines(run: &RecordedRun, detail: Detail) -> Vec<Line> {
    let mut lines = head_lines(&run.head);
    if !run.ended {
        lines.push(Line::at(2).push(Role::Warning, KILLED));
    }
    if run.is_newer {
        let text = "a later release of lobuctl wrote this journal: there may be more in it";
        lines.push(Line::at(2).push(Role::Warning, text));
    }
    let view = PlanView { all: true, detail };
    // The first line is the target, which the head has already.
    lines.extend(plan_lines(&run.plan(), view).into_iter().skip(1));
    lines.push(Line::default());
    lines.extend(outcome_lines(run));
    lines
}

fn head_lines(head: &RunHead) -> Vec<Line> {
    let began = head.began().strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut lines = vec![target_line("Run", &head.target)];
    let mut fact = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| Line::at(2).push(Role::Dim, name).plain(value)));
    };
    fact("began ", Some(began));
    fact("", Some(who_text(&head.origin)));
    fact("from ", head.origin.file.clone());
    fact("plan ", Some(head.plan.to_string()));
    fact("config ", head.config.clone());
    fact("takes back run ", head.undoes.as_ref().map(ToString::to_string));
    fact("run ", Some(head.id.to_string()));
    lines
}

/// Returns how each row ended.
fn outcome_lines(run: &RecordedRun) -> Vec<Line> {
    let unsettled = run.writes.keys().filter(|address| !run.settled.contains_key(address));
    let unsettled = unsettled.map(|address| {
        let line = Line::at(0).push(Role::Error, "unknown");
        line.plain(format!(" {}: the run was killed before this ended", row_name(address)))
    });
    let settled = run.settled.values().map(|row| {
        let line = settled_line(&row.address, &row.outcome);
        if row.later {
            line.push(Role::Dim, " (read by a later run)")
        } else {
            line
        }
    });
    settled.chain(unsettled).collect()
}

fn settled_line(address: &Address, outcome: &Outcome) -> Line {
    let line = outcome_head(address, outcome);
    match outcome_detail(outcome) {
        Some(detail) => line.plain(format!(": {detail}")),
        None => line,
    }
}

/// Returns what two runs did differently.
pub fn difference_lines(left: &RecordedRun, right: &RecordedRun, difference: &RunDifference) -> Vec<Line> {
    let mut lines = vec![
        Line::at(0).push(Role::RemovedText, "- ").plain(run_line(left).text()),
        Line::at(0).push(Role::AddedText, "+ ").plain(run_line(right).text()),
        Line::default(),
    ];
    for (role, marker, rows) in [
        (Role::RemovedText, "- ", &difference.only_left),
        (Role::AddedText, "+ ", &difference.only_right),
    ] {
        lines.extend(
            rows.iter()
                .map(|row| Line::at(2).push(role, marker).plain(row_line(row).text())),
        );
    }
    for (left, right) in &difference.changed {
        lines.push(Line::at(2).push(Role::RemovedText, "- ").plain(row_line(left).text()));
        lines.push(Line::at(2).push(Role::AddedText, "+ ").plain(row_line(right).text()));
    }
    let same = plural(difference.same, "row is the same", "rows are the same");
    lines.push(Line::at(2).push(Role::Dim, same));
    lines
}

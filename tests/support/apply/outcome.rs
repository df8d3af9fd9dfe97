//! Rules that inject one fault, and the outcomes of a run as text.

use std::sync::atomic::{AtomicUsize, Ordering};

use lobuctl::apply::event::Outcome;
use lobuctl::apply::{ApplyOptions, Status};
use lobuctl::remote::Request;

use crate::support::apply::faults::Fault;
use crate::support::apply::request_name::request_name;
use crate::support::apply::test_server::RunResult;

/// Returns a rule that injects a fault into the first request of this name.
pub fn once(name: &'static str, fault: Fault) -> impl Fn(usize, &Request) -> Fault + Send + Sync + 'static {
    let seen = AtomicUsize::new(0);
    move |_, request| {
        let first = request_name(request) == name && seen.fetch_add(1, Ordering::SeqCst) == 0;
        if first { fault.clone() } else { Fault::None }
    }
}

/// Returns a rule that injects a fault into every request of this name.
pub fn always(name: &'static str, fault: Fault) -> impl Fn(usize, &Request) -> Fault + Send + Sync + 'static {
    move |_, request| {
        if request_name(request) == name {
            fault.clone()
        } else {
            Fault::None
        }
    }
}

/// Returns how each row ended, as `agent.desk created`.
pub fn endings(ran: &RunResult) -> Vec<String> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Created => "created".to_owned(),
        Outcome::Updated { .. } => "updated".to_owned(),
        Outcome::Deleted => "deleted".to_owned(),
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Failed {
            message,
            partly_written,
            ..
        } => format!("failed{}: {message}", if *partly_written { " in part" } else { "" }),
        Outcome::Unknown { message } => format!("unknown: {message}"),
        Outcome::Stale { message } => format!("stale: {message}"),
        Outcome::Skipped { reason } => format!("skipped: {reason}"),
    };
    let rows = ran.progress.rows.iter().map(|(address, row)| match &row.status {
        Status::Finished { outcome, .. } => format!("{address} {}", word(outcome)),
        other => format!("{address} {other:?}"),
    });
    rows.collect()
}

/// Returns the rows that were not applied.
pub fn troubles(ran: &RunResult) -> Vec<String> {
    let fine = ["created", "updated", "deleted", "unchanged"];
    let mut all = endings(ran);
    all.retain(|line| !fine.iter().any(|word| line.ends_with(word)));
    all
}

/// Returns the options of `--keep-going`.
pub fn keep_going() -> ApplyOptions {
    ApplyOptions {
        keep_going: true,
        ..ApplyOptions::default()
    }
}

/// Returns the options of `--parallelism 1`.
pub fn one_by_one() -> ApplyOptions {
    ApplyOptions {
        parallelism: 1,
        ..ApplyOptions::default()
    }
}

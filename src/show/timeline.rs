//! A run that has ended, by time: how much was going on when, and the rows that took longest.
//!
//! ```text
//! rows in flight, 0 ms to 2.1 s, at most 16
//! ▂▅████████▇▅▃▂▁▁▁▁▁▁
//!
//! slowest 10 of 300 rows
//!    1.8 s ···███████████████·· platform triage/triage-slack-eng
//! ```

use super::line::{Line, Role};
use super::outcome::outcome_word;
use super::row::row_name;
use super::word::{duration, plural};
use crate::apply::event::Outcome;
use crate::apply::{Progress, RowProgress, Status};
use crate::resource::Address;

/// The number of columns of the timeline.
const COLUMNS: usize = 20;
/// The number of rows that are named.
const NAMED: usize = 10;
/// The heights of a column, from nothing to everything.
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A row that was tried, with when it began and ended, in milliseconds since the run started.
struct TimedRow<'a> {
    address: &'a Address,
    row: &'a RowProgress,
    began: u64,
    ended: u64,
}

/// Returns the timeline of a run, and its slowest rows. Empty where fewer than two rows were tried: there is nothing to
/// compare.
pub fn timeline_lines(progress: &Progress) -> Vec<Line> {
    let mut rows: Vec<TimedRow<'_>> = progress.rows.iter().filter_map(timed).collect();
    if rows.len() < 2 {
        return Vec::new();
    }
    let total = rows.iter().map(|row| row.ended).max().unwrap_or_default().max(1);
    let in_flight = in_flight(&rows, total);
    let most = in_flight.iter().copied().max().unwrap_or_default();
    let heights = in_flight
        .iter()
        .map(|count| HEIGHTS[(count * 8).div_ceil(most.max(1)).min(8)]);
    let mut lines = vec![
        Line::default()
            .push(Role::Heading, "rows in flight")
            .push(Role::Dim, format!(", 0 ms to {}, at most {most}", duration(total))),
        Line::default().push(Role::Running, heights.collect::<String>()),
        Line::default(),
    ];
    // Stable, so that rows that took as long stay in the order of the tree.
    rows.sort_by_key(|row| std::cmp::Reverse(row.ended - row.began));
    let named = rows.len().min(NAMED);
    let all = plural(rows.len(), "row", "rows");
    lines.push(
        Line::default()
            .push(Role::Heading, format!("slowest {named}"))
            .push(Role::Dim, format!(" of {all}")),
    );
    lines.extend(rows.iter().take(NAMED).map(|row| slow_line(row, total)));
    lines
}

/// Returns a row that was tried; `None` for one that was skipped or has no end.
fn timed<'a>((address, row): (&'a Address, &'a RowProgress)) -> Option<TimedRow<'a>> {
    let Status::Finished { took_ms, outcome } = &row.status else {
        return None;
    };
    if matches!(outcome, Outcome::Skipped { .. }) {
        return None;
    }
    let ended = row.last_event_ms?;
    Some(TimedRow {
        address,
        row,
        began: ended.saturating_sub(*took_ms),
        ended,
    })
}

/// Returns the columns that a row takes, at least one.
fn columns(row: &TimedRow<'_>, total: u64) -> std::ops::Range<usize> {
    // Wide, because a run may come from a file that says anything.
    let column = |time: u64| (u128::from(time) * COLUMNS as u128 / u128::from(total)) as usize;
    column(row.began).min(COLUMNS - 1)..column(row.ended).min(COLUMNS - 1) + 1
}

fn in_flight(rows: &[TimedRow<'_>], total: u64) -> [usize; COLUMNS] {
    let mut counts = [0; COLUMNS];
    for row in rows {
        for count in &mut counts[columns(row, total)] {
            *count += 1;
        }
    }
    counts
}

fn slow_line(row: &TimedRow<'_>, total: u64) -> Line {
    let taken = columns(row, total);
    let bar: String = (0..COLUMNS)
        .map(|at| if taken.contains(&at) { '█' } else { '·' })
        .collect();
    let role = match &row.row.status {
        Status::Finished { outcome, .. } => outcome_word(outcome).0,
        _ => Role::Plain,
    };
    Line::default()
        .plain(format!("{:>8} ", duration(row.ended - row.began)))
        .push(role, bar)
        .plain(" ")
        .push(Role::Id, row_name(row.address))
}

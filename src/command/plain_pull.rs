//! The review of a pull without a screen: one question, and what is pulled as answers to it.

use std::collections::BTreeSet;

use super::console::Console;
use super::plain::{ask, is_no, is_yes, matched, print};
use super::signal::Interrupt;
use crate::failure::Failure;
use crate::resource::Address;
use crate::review::PullReview;
use crate::show::pull::pull_lines;
use crate::show::word::plural;

const HELP: &str = "\
  y, yes             write the files
  n, no, enter       write nothing
  only ADDRESS…      pull only these rows
  without ADDRESS…   leave these rows out
  all                pull everything
  plan               show what would be written
  reload             read files and server again
";

const NO_ROW: &str = "no row that differs has such an address; addresses look like `settings.triage`";

/// What a user decided about a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PullDecision {
    /// Write what is selected.
    Write,
    /// Write nothing.
    No,
    /// Read files and server again.
    Reload,
}

/// Asks until there is a decision. The review has the selection that was decided on.
///
/// # Errors
/// When it is interrupted, or standard output is closed.
pub(super) async fn decide(
    console: &Console,
    interrupt: &Interrupt,
    review: &mut PullReview,
) -> Result<PullDecision, Failure> {
    let mut selected: BTreeSet<Address> = all(review);
    loop {
        let question = format!(
            "Write {}? [y/N, ?] ",
            plural(review.changes().files.len(), "file", "files")
        );
        let Some(answer) = ask(console, interrupt, &question).await? else {
            return Ok(PullDecision::No);
        };
        // An empty line is no, as the capital letter of `[y/N]` says.
        let mut words = answer.split_whitespace();
        match (words.next().unwrap_or("n"), words.collect::<Vec<_>>().as_slice()) {
            (word, []) if is_yes(word) && review.changes().files.is_empty() => {
                print(console, "nothing is selected");
            }
            (word, []) if is_yes(word) => return Ok(PullDecision::Write),
            (word, []) if is_no(word) => return Ok(PullDecision::No),
            ("reload" | "r", []) => return Ok(PullDecision::Reload),
            ("?" | "help", []) => print(console, HELP.trim_end()),
            ("plan", []) => console.lines(&pull_lines(review.target(), review.changes()))?,
            ("all", []) => {
                selected = all(review);
                select(console, review, &selected)?;
            }
            (word @ ("only" | "without"), patterns) => {
                let addresses = review.rows().map(|row| &row.address);
                let Some(matched) = matched(console, addresses, patterns, NO_ROW) else {
                    continue;
                };
                selected = match word {
                    "only" => matched,
                    _ => selected.difference(&matched).cloned().collect(),
                };
                select(console, review, &selected)?;
            }
            _ => print(console, "`y`, `n`, or `?` for what else can be answered"),
        }
    }
}

fn all(review: &PullReview) -> BTreeSet<Address> {
    review.rows().map(|row| row.address.clone()).collect()
}

fn select(console: &Console, review: &mut PullReview, rows: &BTreeSet<Address>) -> Result<(), Failure> {
    match review.select(rows) {
        Ok(()) => console.lines(&pull_lines(review.target(), review.changes())),
        // The files would not load with this part alone: another selection may do.
        Err(failure) => {
            console.failure(&failure);
            Ok(())
        }
    }
}

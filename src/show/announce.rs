//! What the terminal's title and a desktop notice say, which are seen among those of other programs, and what is said when
//! the screen is to be left.

use super::line::printable;
use super::outcome::{run_title, tally_text};
use super::word::duration;
use crate::apply::Progress;

/// Returns the title while a plan is reviewed or applied: `lobuctl dev`, `lobuctl 43% dev`.
pub fn title_text(percent: Option<usize>, organization: &str) -> String {
    let organization = printable(organization);
    match percent {
        Some(percent) => format!("lobuctl {percent}% {organization}"),
        None => format!("lobuctl {organization}"),
    }
}

/// What a key says that has to wait for an answer.
pub const WAITING: &str = "this cannot be taken back: the answer is awaited";
/// What a key says while secrets are compared.
pub const COMPARING: &str = "the secrets are still being compared";

/// Returns that the screen is left when an answer has come, and what leaves it now.
pub fn leaving_text(terminated: bool) -> &'static str {
    if terminated {
        "terminated: leaving when the answer has come"
    } else {
        "leaving when the answer has come; Ctrl-C again leaves at once"
    }
}

/// Returns the title after a run.
pub fn run_title_text(has_trouble: bool, organization: &str) -> String {
    let word = if has_trouble { "not complete" } else { "applied" };
    format!("lobuctl {word} {}", printable(organization))
}

/// Returns the notice that a long run has ended: `dev: applied in 12.3 s: 2 created, 3 updated`.
pub fn end_notice(progress: &Progress, organization: &str) -> String {
    let (_, title) = run_title(progress);
    let (took, tally) = (duration(progress.elapsed_ms), tally_text(&progress.tally()));
    format!(
        "{}: {} in {took}: {tally}",
        printable(organization),
        title.to_lowercase()
    )
}

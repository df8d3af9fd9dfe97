//! The one question of an apply without the full screen. End of input is no.

use std::io::Write;

use super::console::Console;
use crate::plan::Counts;
use crate::show::plan::plural;

/// Asks whether to apply. A protected target wants the organisation's name, everything else `y` or `yes`.
pub fn confirm(console: &Console, counts: &Counts, protected: Option<&str>) -> bool {
    let mut err = console.host.stderr.clone();
    let question = match protected {
        Some(organization) => format!("`{organization}` is protected. Type its name to apply: "),
        None => format!("{}Apply? [y/N] ", warning(counts)),
    };
    // Without a working standard error nobody has read the question.
    if err.write_all(question.as_bytes()).and_then(|()| err.flush()).is_err() {
        return false;
    }
    let answer = console.host.stdin.line().ok().flatten();
    if answer.is_none() {
        let _ = writeln!(err);
    }
    let answer = answer.unwrap_or_default();
    match protected {
        Some(organization) => answer.trim() == organization,
        None => matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"),
    }
}

fn warning(counts: &Counts) -> String {
    match (counts.restart, counts.delete) {
        (0, 0) => String::new(),
        (restarts, 0) => format!("This restarts {}. ", platforms(restarts)),
        (0, deletes) => format!("This deletes {}. ", resources(deletes)),
        (restarts, deletes) => format!(
            "This restarts {} and deletes {}. ",
            platforms(restarts),
            resources(deletes)
        ),
    }
}

fn platforms(count: usize) -> String {
    plural(count, "platform", "platforms")
}

fn resources(count: usize) -> String {
    plural(count, "resource", "resources")
}

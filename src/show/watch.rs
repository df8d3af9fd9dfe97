//! The words of a plan that follows its files and its server.

use super::word::plural;

/// What is said when a review begins to follow.
pub const WATCHING: &str = "watching: a saved file is planned at once; `W` ends it";
/// What is said when it ends.
pub const WATCH_ENDED: &str = "not watching any more: `r` plans again";
/// What is said while the files have errors.
pub const BROKEN: &str = "the files have errors; this is the plan of the files before";
/// What is said when they have none any more.
pub const MENDED: &str = "the files have no errors any more";
/// What is said where such a plan is to be applied.
pub const MEND_FIRST: &str = "the files have errors: mend them before you apply";
/// What is said when a file is saved while a confirmation is open.
pub const CHANGED_MEANWHILE: &str = "a file was saved meanwhile; esc shows the new plan";
/// What is said when a file is saved while the plan is applied, or after that.
pub const SAVED_SINCE: &str = "files were saved since this plan: `r` reads them";
/// What precedes the reason why files are not watched.
pub const UNWATCHED: &str = "not every change is noticed";
/// What the title says in any case while the server cannot be read.
pub const SERVER_LOST: &str = "server lost";
/// What the title says in any case while the files have errors.
pub const FILES_BROKEN: &str = "files broken";
/// The title of the second pane while it shows what is wrong with the files.
pub const DIAGNOSTICS_TITLE: &str = "errors in the files";

/// The step in which the age of the server's side grows on the screen, in milliseconds.
pub const AGE_STEP: u64 = 5_000;

/// Returns why the server's side is not newer.
pub fn server_lost_text(reason: &str) -> String {
    format!("server lost, tried again: {reason}")
}

/// Returns why there is no newer plan, where it will be tried again.
pub fn planned_again_later_text(message: &str, causes: &[String]) -> String {
    let sentence: Vec<&str> = std::iter::once(message)
        .chain(causes.iter().map(String::as_str))
        .collect();
    format!("{}; trying again", sentence.join(": "))
}

/// Returns what is different in a newer plan.
pub fn changed_text(server: bool, rows: usize, took_ms: u64) -> String {
    match (server, rows) {
        (true, rows) => format!("the server has changed: {} different", are(rows)),
        (false, 0) => "saved: the plan is the same".to_owned(),
        (false, rows) => format!("saved: {} different, planned in {took_ms} ms", are(rows)),
    }
}

fn are(rows: usize) -> String {
    let verb = if rows == 1 { "is" } else { "are" };
    format!("{} {verb}", plural(rows, "row", "rows"))
}

/// Returns how old the server's side is: `server now`, `server 25 s ago`, `server 4 min ago`, with the word `lost` where it
/// cannot be read.
pub fn server_age_text(age_ms: u64, lost: bool) -> String {
    let age = match age_ms {
        0..AGE_STEP => "now".to_owned(),
        AGE_STEP..60_000 => format!("{} s ago", age_ms / AGE_STEP * AGE_STEP / 1_000),
        60_000..3_600_000 => format!("{} min ago", age_ms / 60_000),
        _ => format!("{} h ago", age_ms / 3_600_000),
    };
    if lost {
        format!("{SERVER_LOST}, read {age}")
    } else {
        format!("server {age}")
    }
}

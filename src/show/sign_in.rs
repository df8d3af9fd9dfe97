//! What a sign-in tells: the code, the person, and times.

use std::time::Duration;

use jiff::Timestamp;

use super::word::plural;
use crate::resource::with_visible_escapes;

/// Returns what a person needs to approve a sign-in. Code and address are last in their lines.
pub fn grant_lines(server: &str, user_code: &str, address: &str, valid_for: Duration) -> [String; 3] {
    [
        format!(
            "sign in to {server}; the code is valid for {}",
            duration_text(valid_for)
        ),
        format!("  code     {user_code}"),
        format!("  address  {address}"),
    ]
}

/// Returns `Mira <mira@example.test>`. `None` when neither is known. The server says both, so they are made harmless.
pub fn person_text(name: Option<&str>, email: Option<&str>) -> Option<String> {
    let text = match (name, email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => return None,
    };
    Some(with_visible_escapes(text))
}

/// Returns a time as people read it, to the minute and in UTC.
pub fn time_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Returns a duration in whole minutes, or in seconds when it is shorter than two.
pub fn duration_text(time: Duration) -> String {
    let seconds = usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
    if seconds < 120 {
        plural(seconds, "second", "seconds")
    } else {
        plural(seconds / 60, "minute", "minutes")
    }
}

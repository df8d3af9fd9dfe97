//! `Retry-After`: seconds, or a date.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// How long the server asks to wait; nothing when it says so in no way that is understood.
pub(super) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let when = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    // A date that has passed means: now.
    Some(Duration::try_from(when.duration_since(now)).unwrap_or_default())
}

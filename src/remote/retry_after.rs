//! Parses the header `Retry-After`: seconds, or a date.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Returns the delay that the server asks for; `None` when the value is neither seconds nor a date.
pub(super) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let when = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    // A date in the past asks for no delay.
    Some(Duration::try_from(when.duration_since(now)).unwrap_or_default())
}

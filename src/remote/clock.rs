//! Where times come from.

use std::time::Instant;

use jiff::Timestamp;

/// The clocks of a run, as functions, so that a test can choose the time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Returns the time of day.
    pub now: fn() -> Timestamp,
    /// Returns a time that never goes back, for durations.
    pub monotonic: fn() -> Instant,
}

impl Clock {
    /// Returns the clocks of this machine.
    pub const fn system() -> Self {
        Self {
            now: Timestamp::now,
            monotonic: Instant::now,
        }
    }

    /// Returns the time of day in milliseconds since 1970; 0 for earlier times.
    pub fn now_ms(&self) -> u64 {
        u64::try_from((self.now)().as_millisecond()).unwrap_or_default()
    }
}

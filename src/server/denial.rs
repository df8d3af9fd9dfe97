//! Bounds how many denials of access the audit records, so that a flood of requests with wrong tokens does not fill the disk.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The maximum number of denials that are recorded in a minute, for each organization.
const PER_MINUTE: u32 = 20;
const MINUTE_MS: i64 = 60_000;

/// Counts the denials of the current minute by organization.
#[derive(Debug, Default)]
pub(crate) struct DenialBudget {
    /// For each organization, the minute of its last denial and the number of denials in that minute. It has one entry for
    /// each organization that exists, because a request for an unknown one is no denial.
    counts: Mutex<HashMap<String, (i64, u32)>>,
}

impl DenialBudget {
    /// Counts a denial and returns whether it may be recorded. `now` is in milliseconds since 1970.
    pub(crate) fn admits(&self, organization: &str, now: i64) -> bool {
        let minute = now / MINUTE_MS;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(organization.to_owned()).or_insert((minute, 0));
        if count.0 != minute {
            *count = (minute, 0);
        }
        count.1 += 1;
        count.1 <= PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_a_bounded_number_in_each_minute_for_each_organization() {
        let budget = DenialBudget::default();
        let admitted = |organization: &str, now: i64| (0..100).filter(|_| budget.admits(organization, now)).count();
        assert_eq!(admitted("a", 0), 20);
        assert_eq!(admitted("a", MINUTE_MS - 1), 0);
        assert_eq!(admitted("b", 0), 20);
        assert_eq!(admitted("a", MINUTE_MS), 20);
    }
}

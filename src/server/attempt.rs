//! Bounds on how often a sender may try: to sign in, to guess a code, to register a client. Each server counts for itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The maximum number of senders that are counted at one time. For a further one the oldest is forgotten: refusing it would let
/// anybody with many addresses lock everybody else out.
const MAX_KEYS: usize = 10_000;

/// Counts attempts by key within windows of a fixed length.
#[derive(Debug)]
pub(crate) struct AttemptBudget {
    limit: u32,
    window_ms: i64,
    counts: Mutex<HashMap<String, AttemptCount>>,
}

/// The attempts of one key.
#[derive(Debug)]
struct AttemptCount {
    /// The window of the last one.
    window: i64,
    /// How many there were in it.
    count: u32,
    /// When the first one of the window was.
    since: i64,
}

/// The budgets of everything that a sender without credentials may try, and of what programs may send in a loop.
#[derive(Debug)]
pub(crate) struct AttemptBudgets {
    /// Registrations of clients, by address.
    pub(crate) registrations: AttemptBudget,
    /// Requests for a device code, by address.
    pub(crate) device_requests: AttemptBudget,
    /// Failed sign-ins, by address.
    pub(crate) sign_ins: AttemptBudget,
    /// Wrong codes, by session.
    pub(crate) session_codes: AttemptBudget,
    /// Wrong codes, by address.
    pub(crate) address_codes: AttemptBudget,
    /// Requests of the Model Context Protocol, by token.
    pub(crate) mcp_requests: AttemptBudget,
}

impl Default for AttemptBudgets {
    fn default() -> Self {
        const MINUTE: i64 = 60_000;
        Self {
            registrations: AttemptBudget::new(100, 60 * MINUTE),
            device_requests: AttemptBudget::new(100, 10 * MINUTE),
            sign_ins: AttemptBudget::new(20, 10 * MINUTE),
            session_codes: AttemptBudget::new(10, 10 * MINUTE),
            address_codes: AttemptBudget::new(50, 10 * MINUTE),
            mcp_requests: AttemptBudget::new(1200, MINUTE),
        }
    }
}

impl AttemptBudget {
    fn new(limit: u32, window_ms: i64) -> Self {
        Self {
            limit,
            window_ms,
            counts: Mutex::default(),
        }
    }

    /// Whether the key has attempts left at `now`, in milliseconds since 1970. Counts nothing.
    pub(crate) fn allows(&self, key: &str, now: i64) -> bool {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .get(key)
            .is_none_or(|found| found.window != now / self.window_ms || found.count < self.limit)
    }

    /// Counts an attempt and returns whether it was within the limit.
    pub(crate) fn admits(&self, key: &str, now: i64) -> bool {
        let window = now / self.window_ms;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_KEYS && !counts.contains_key(key) {
            counts.retain(|_, found| found.window == window);
            let oldest = counts.iter().min_by_key(|(_, found)| found.since);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()).filter(|_| counts.len() >= MAX_KEYS) {
                counts.remove(&oldest);
            }
        }
        let fresh = || AttemptCount {
            window,
            count: 0,
            since: now,
        };
        let found = counts.entry(key.to_owned()).or_insert_with(fresh);
        if found.window != window {
            *found = fresh();
        }
        found.count = found.count.saturating_add(1);
        found.count <= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_a_bounded_number_for_each_key_and_window() {
        let budget = AttemptBudget::new(3, 1000);
        let admitted = |key: &str, now: i64| (0..10).filter(|_| budget.admits(key, now)).count();
        assert!(budget.allows("a", 0));
        assert_eq!((admitted("a", 0), admitted("b", 999)), (3, 3));
        assert!(!budget.allows("a", 999) && budget.allows("a", 1000));
        assert_eq!(admitted("a", 1000), 3);
    }

    #[test]
    fn forgets_the_oldest_key_for_one_too_many_and_locks_nobody_out() {
        let budget = AttemptBudget::new(3, 1_000_000);
        let admits = |key: usize, now: i64| budget.admits(&key.to_string(), now);
        for key in 0..MAX_KEYS {
            assert!((0..3).all(|_| admits(key, i64::try_from(key).unwrap())));
        }
        assert!(!admits(0, 20_000) && !admits(1, 20_000));
        assert!(budget.allows("one more", 20_000) && admits(MAX_KEYS, 20_000));
        assert_eq!(budget.counts.lock().unwrap().len(), MAX_KEYS);
        assert!(budget.allows("0", 20_000) && !budget.allows("1", 20_000));
    }
}

//! Bounds on how often a sender may try: to sign in, to guess a code, to register a client. Each server counts for itself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The maximum number of senders that are counted at one time. Further ones are refused until a window ends.
const MAX_KEYS: usize = 10_000;

/// Counts attempts by key within windows of a fixed length.
#[derive(Debug)]
pub(crate) struct AttemptBudget {
    limit: u32,
    window_ms: i64,
    /// For each key, the window of its last attempt and the number of attempts in it.
    counts: Mutex<HashMap<String, (i64, u32)>>,
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
        match counts.get(key) {
            Some((window, count)) if *window == now / self.window_ms => *count < self.limit,
            Some(_) => true,
            None => counts.len() < MAX_KEYS || counts.values().any(|(window, _)| *window != now / self.window_ms),
        }
    }

    /// Counts an attempt and returns whether it was within the limit.
    pub(crate) fn admits(&self, key: &str, now: i64) -> bool {
        let window = now / self.window_ms;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_KEYS && !counts.contains_key(key) {
            counts.retain(|_, (last, _)| *last == window);
            if counts.len() >= MAX_KEYS {
                return false;
            }
        }
        let count = counts.entry(key.to_owned()).or_insert((window, 0));
        if count.0 != window {
            *count = (window, 0);
        }
        count.1 = count.1.saturating_add(1);
        count.1 <= self.limit
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
    fn counts_a_bounded_number_of_keys() {
        let budget = AttemptBudget::new(3, 1000);
        for key in 0..MAX_KEYS {
            assert!(budget.admits(&key.to_string(), 0));
        }
        assert!(!budget.allows("one more", 0) && !budget.admits("one more", 0));
        assert!(budget.allows("one more", 1000) && budget.admits("one more", 1000));
    }
}

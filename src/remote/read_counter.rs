//! How far reading a server has come.

use std::sync::{Mutex, PoisonError};

/// A function that is called after each read.
pub type ReadObserver<'a> = &'a (dyn Fn(ReadProgress) + Send + Sync);

/// How far reading a server has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadProgress {
    /// What was just read: `agents`, `settings of triage`, …
    pub what: String,
    /// The number of reads that are done.
    pub done: usize,
    /// The number of reads that are known to be needed. It grows when a list has arrived.
    pub total: usize,
}

/// Counts the reads that are done and those that are known to be needed.
pub(super) struct ReadCounter<'a> {
    observer: ReadObserver<'a>,
    counts: Mutex<(usize, usize)>,
}

impl<'a> ReadCounter<'a> {
    /// Creates a counter of nothing yet.
    pub(super) fn new(observer: ReadObserver<'a>) -> Self {
        Self {
            observer,
            counts: Mutex::new((0, 0)),
        }
    }

    /// Adds reads that are needed.
    pub(super) fn expect(&self, more: usize) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).1 += more;
    }

    /// Reports a read.
    pub(super) fn done(&self, what: String) {
        let (done, total) = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.0 += 1;
            *counts
        };
        (self.observer)(ReadProgress { what, done, total });
    }
}

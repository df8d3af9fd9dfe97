//! What the client expects of a resource that it is about to write: the state that it has read last.

use std::sync::{Mutex, PoisonError};

/// A condition of a write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expectation {
    /// The resource may have any state, because it was not read or the server names no revisions.
    #[default]
    Anything,
    /// The resource has this revision: the write carries `If-Match`.
    Revision(String),
    /// The resource does not exist: a write that would create it carries `If-None-Match: *`.
    Missing,
}

/// The expectation of one resource, which changes with every reading and every write.
#[derive(Debug, Default)]
pub(super) struct ExpectationCell(Mutex<Expectation>);

impl ExpectationCell {
    /// Returns what the next write expects.
    pub(super) fn get(&self) -> Expectation {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces what the next write expects.
    pub(super) fn set(&self, expectation: Expectation) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = expectation;
    }
}

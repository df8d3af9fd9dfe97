//! The result of comparing one resource.

use crate::plan::change::Change;
use crate::plan::operation::Operation;
use crate::plan::row::{Impact, Verb};

/// The result of comparing one resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The differences, in the order in which they are shown.
    pub changes: Vec<Change>,
    /// The write that removes the differences. `None` when nothing is to be sent.
    pub operation: Option<Operation>,
    /// The effect of the write beyond the stored row.
    pub impact: Option<Impact>,
    /// Whether the write is sent only because a hidden secret cannot be compared.
    pub recheck: bool,
    /// The warnings about the resource.
    pub warnings: Vec<String>,
}

impl Comparison {
    /// Returns the verb of a row whose resource exists on both sides.
    pub fn verb(&self) -> Verb {
        if self.operation.is_some() && !self.recheck {
            Verb::Update
        } else {
            Verb::Noop
        }
    }
}

//! The result of comparing one resource.

use crate::plan::change::Change;
use crate::plan::operation::Operation;
use crate::plan::row::{Impact, Verb};

/// What became of comparing one resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Every difference, in reading order.
    pub changes: Vec<Change>,
    /// The write that carries out those that change the server; nothing when none does.
    pub operation: Option<Operation>,
    /// What the write does beyond the stored row.
    pub impact: Option<Impact>,
    /// The write is sent though nothing is known to differ.
    pub recheck: bool,
    /// Sentences that belong to the row.
    pub warnings: Vec<String>,
}

impl Comparison {
    /// The verb of a row on which both sides have the resource.
    pub fn verb(&self) -> Verb {
        if self.operation.is_some() && !self.recheck {
            Verb::Update
        } else {
            Verb::Noop
        }
    }
}

//! What two runs did differently.

use std::collections::BTreeMap;

use serde::Serialize;

use super::recorded_run::RecordedRun;
use crate::plan::{Row, row_digest};
use crate::resource::Address;

/// What two runs did differently, row by row.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunDifference {
    /// The rows that only the first run wrote.
    pub only_left: Vec<Row>,
    /// The rows that only the second run wrote.
    pub only_right: Vec<Row>,
    /// The rows that both wrote in different ways.
    pub changed: Vec<(Row, Row)>,
    /// The number of rows that both wrote in the same way.
    pub same: usize,
}

impl RunDifference {
    /// Compares two runs.
    pub fn between(left: &RecordedRun, right: &RecordedRun) -> Self {
        let rows = |run: &RecordedRun| -> BTreeMap<Address, Row> {
            let rows = run.plan().rows.into_iter();
            rows.map(|row| (row.address.clone(), row.into_inner())).collect()
        };
        let (left, mut right) = (rows(left), rows(right));
        let mut difference = Self::default();
        for (address, row) in left {
            match right.remove(&address) {
                None => difference.only_left.push(row),
                Some(other) if row_digest(&row) == row_digest(&other) => difference.same += 1,
                Some(other) => difference.changed.push((row, other)),
            }
        }
        difference.only_right = right.into_values().collect();
        difference
    }
}

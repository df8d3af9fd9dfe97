//! A plan together with what the executor needs to carry it out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Plan;
use super::operation::Operation;
use super::undeclared::Undeclared;
use crate::resource::{Address, Resource};

/// A plan, and what the executor needs to carry it out. It cannot be serialized, because operations may hold secrets.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The plan, as it is shown.
    pub plan: Plan,
    /// A step for each row that writes. A schedule shares them.
    pub steps: BTreeMap<Address, Arc<Step>>,
}

/// The work on one row.
#[derive(Debug, Clone)]
pub struct Step {
    /// The resource as the files declare it. `None` for a deletion.
    pub desired: Option<Resource>,
    /// The resource on the server when the plan was made.
    pub seen: Option<Resource>,
    /// What happens to fields that only the server has.
    pub undeclared: Undeclared,
    /// The write. The executor recomputes it from a fresh read, with the same result unless this run created the row's
    /// agent.
    pub operation: Operation,
}

//! A plan together with what the executor needs to carry it out.

use std::collections::BTreeMap;

use super::Plan;
use super::operation::Operation;
use super::undeclared::Undeclared;
use crate::resource::{Address, Resource};

/// A plan, and what the executor needs to carry it out: not serialisable, because operations may hold secrets.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What people and machines see.
    pub plan: Plan,
    /// One for each row that writes.
    pub steps: BTreeMap<Address, Step>,
}

/// What the executor does for one row.
#[derive(Debug, Clone)]
pub struct Step {
    /// What the files say; nothing for a deletion.
    pub desired: Option<Resource>,
    /// What the server had when the plan was made.
    pub seen: Option<Resource>,
    /// What happens to fields that only the server has.
    pub undeclared: Undeclared,
    /// The write. The executor makes it anew from what it reads just before, which is the same unless the row's agent
    /// was created by this very run.
    pub operation: Operation,
}

//! What a person may ask of a plan beyond the comparison itself.

use std::collections::BTreeSet;

use super::undeclared::Undeclared;
use crate::resource::Address;

/// Which of the things that only the server has are to go away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Prune {
    /// Nothing: drift is reported and left alone (semantics, law 4).
    #[default]
    Nothing,
    /// Everything, `--prune`.
    Everything,
    /// These rows, or the drifted fields of these rows.
    Only(BTreeSet<Address>),
}

impl Prune {
    /// Returns what happens at this address to values that only the server has.
    pub fn undeclared(&self, address: &Address) -> Undeclared {
        match self {
            Self::Everything => Undeclared::Clear,
            Self::Only(addresses) if addresses.contains(address) => Undeclared::Clear,
            Self::Nothing | Self::Only(_) => Undeclared::Keep,
        }
    }
}

/// What a person may ask of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// What goes away.
    pub prune: Prune,
    /// Whether platforms whose secrets cannot be compared are sent again.
    pub recheck: bool,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            prune: Prune::Nothing,
            recheck: true,
        }
    }
}

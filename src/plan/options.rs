//! What a person may ask of a plan beyond the comparison itself.

use std::collections::BTreeSet;

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
    /// Whether what only the server has at this address is to go away.
    pub fn covers(&self, address: &Address) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Only(addresses) => addresses.contains(address),
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

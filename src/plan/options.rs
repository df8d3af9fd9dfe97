//! The options of a plan.

use std::collections::BTreeSet;

use super::known_secrets::KnownSecrets;
use super::undeclared::Undeclared;
use crate::resource::Address;

/// Which resources and fields that only the server has are deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Prune {
    /// None: drift is reported and left alone (semantics, law 4).
    #[default]
    Nothing,
    /// All of them: `--prune`.
    Everything,
    /// These rows, or the drifted fields of them.
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

/// The options of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// What is deleted of what only the server has.
    pub prune: Prune,
    /// Whether platforms whose secrets cannot be compared are sent again.
    pub recheck: bool,
    /// What is known of secrets that the server hides.
    pub secrets: KnownSecrets,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            prune: Prune::Nothing,
            recheck: true,
            secrets: KnownSecrets::default(),
        }
    }
}

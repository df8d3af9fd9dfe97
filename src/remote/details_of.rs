//! Which resources are read in detail.

use std::collections::BTreeSet;

/// The resources whose details are read, one request for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetailsOf {
    /// Those that the files declare: nothing else can be compared.
    These(BTreeSet<String>),
    /// All, because those that no file declares may be deleted: a plan covers everything that a deletion takes along.
    All,
}

impl DetailsOf {
    pub(super) fn includes(&self, name: &str) -> bool {
        match self {
            Self::These(names) => names.contains(name),
            Self::All => true,
        }
    }
}

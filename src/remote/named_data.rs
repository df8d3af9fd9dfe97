//! The data that is read because the user names it, although no file declares it.

use std::collections::BTreeSet;

use crate::resource::{Address, Pattern, RelationshipKey};

/// The entities and relationships that a user names. Entities of the server's own types, such as its members, have no name
/// here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedData {
    /// Addresses in full. A character that is a wildcard elsewhere is itself.
    pub addresses: BTreeSet<Address>,
    /// Patterns of addresses.
    pub patterns: Vec<Pattern>,
}

impl NamedData {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.patterns.is_empty()
    }

    /// Whether an address is named.
    pub(super) fn names(&self, address: &Address) -> bool {
        let is_own = matches!(address, Address::Entity { entity_type, .. } if entity_type.starts_with('$'));
        !is_own && (self.addresses.contains(address) || self.patterns.iter().any(|pattern| pattern.covers(address)))
    }

    /// Returns the relationships that are named in full.
    pub(super) fn relationships(&self) -> impl Iterator<Item = &RelationshipKey> {
        self.addresses.iter().filter_map(|address| match address {
            Address::Relationship { key } => Some(key),
            _ => None,
        })
    }

    /// Whether a pattern may cover relationships.
    pub(super) fn may_name_relationships(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.may_cover("relationship"))
    }
}
